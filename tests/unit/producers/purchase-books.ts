/** Purchases decided, followed and posted by the product, for tests; what the entries come to is computed here anew. */
import { billPostings } from '../../../producers/bills/postings.ts'
import { expensePostings } from '../../../producers/expenses/postings.ts'
import { OPERATIONS } from '../../../producers/kernel/catalogue.ts'
import { Refusal } from '../../../producers/kernel/errors.ts'
import type { AggregateType, DomainEvent, Payload } from '../../../producers/kernel/events.ts'
import { Session } from '../../../producers/kernel/session.ts'
import type { Posting, PostingFacts, PostingLine } from '../../../producers/ledger/posting.ts'
import { vendorPaymentPostings } from '../../../producers/vendor-payments/postings.ts'
import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import { convert, formatDecimal } from '../../../schemas/values/amount.ts'
import { formatDay } from '../../../schemas/values/calendar.ts'
import { facts as known, vendor } from './facts.ts'

const TABLE = { ...billPostings, ...vendorPaymentPostings, ...expensePostings } as Readonly<
  Record<string, (event: DomainEvent, facts: PostingFacts) => readonly Posting[]>
>
const BASE = known.tenant.currency

export interface Posted {
  readonly posting: Posting
  readonly day: number
  readonly event: DomainEvent['type']
}

/** Base amount of a line; debits are more than zero. */
export const baseOf = (posting: Posting, line: PostingLine): bigint => {
  const size = line.base ?? convert(line.amount, posting.fxRate, BASE)
  return line.side === 'debit' ? size : -size
}

export class PurchaseBooks {
  readonly session: Session
  readonly posted: Posted[] = []

  /** Bills, payments and expenses must have ids of this list. */
  constructor(ids: readonly string[], products: Readonly<Record<string, boolean>> = {}) {
    const session = new Session('books', known.nowMs)
    const types = ['bill', 'payment', 'expense'] as const
    const refs = ids.flatMap((id) => types.map((type) => ({ type, id })))
    const productRefs = Object.keys(products).map((id) => ({ type: 'product', id }) as const)
    const vendors = ['v', 'w'].map((id) => ({ type: 'vendor', id }) as const)
    session.adoptAggregates([{ type: 'tenant', id: 'books' }, ...vendors, ...productRefs, ...refs], [])
    session.adoptAllocations(refs, [])
    session.adoptCounters(
      (['bill', 'vendor-payment', 'expense'] as const).map((kind) => ({ kind, period: '2026-27', value: 0 })),
    )
    this.session = session
    this.#append('tenant', 'books', { type: 'TenantRegistered', data: known.tenant })
    for (const { id } of vendors) this.#append('vendor', id, { type: 'VendorCreated', data: vendor })
    for (const [sku, stocked] of Object.entries(products)) {
      const data: Payload<'ProductCreated'> = {
        ...defaultsOf('ProductCreated'),
        sku,
        name: sku,
        unit: 'KG',
        stocked,
      }
      this.#append('product', sku, { type: 'ProductCreated', data })
    }
  }

  #append(type: AggregateType, id: string, event: DomainEvent): void {
    this.session.append(0, { type, id }, [event], '')
  }

  /** Code of the refusal, or 'accepted'. */
  run(name: string, id: string, body: object): string {
    const operation = OPERATIONS.find((one) => one.name === name)
    if (!operation) throw new Error(name)
    const { session } = this
    try {
      const target = { id, command: operation.schema.parse(body) }
      session.adoptNumbers(
        (operation.needs?.(target).numbers ?? []).filter((ref) => !this.#known(ref.kind, ref.number)),
        [],
      )
      const events = operation.decide(session, target)
      for (const event of events) {
        const { tenant, today } = session.facts()
        const postings = TABLE[event.type]?.(event, { tenant, today, id, session }) ?? []
        for (const posting of postings)
          this.posted.push({ posting, day: posting.entryDate, event: event.type })
        this.#append(operation.aggregate, id, event)
      }
      return 'accepted'
    } catch (error) {
      if (error instanceof Refusal) return error.code
      throw error
    }
  }

  #known(kind: Parameters<Session['numberOwner']>[0], number: string): boolean {
    try {
      this.session.numberOwner(kind, number)
      return true
    } catch {
      return false
    }
  }

  /** As accepted: throws a refusal. */
  must(name: string, id: string, body: object): void {
    const code = this.run(name, id, body)
    if (code !== 'accepted') throw new Error(`${name} ${id}: ${code}`)
  }

  /** The entries since the last call, in base currency: `2026-11-01 Dr expense:rent 100.00, Cr payables 100.00`. */
  entries(): readonly string[] {
    return this.posted.splice(0).map(({ posting }) => {
      const lines = posting.lines.flatMap((line) => {
        const base = baseOf(posting, line)
        if (base === 0n) return []
        const where = [line.role, line.accountId ?? line.key].filter((part) => part !== undefined).join(':')
        const size = base < 0n ? -base : base
        return [`${base > 0n ? 'Dr' : 'Cr'} ${where} ${formatDecimal(size, 2)}`]
      })
      return `${formatDay(posting.entryDate)} ${lines.join(', ')}`
    })
  }
}
