/**
 * Books in memory, for tests: commands are decided and followed by the product, each event's postings are taken before it
 * is applied, and their base amounts are worked out here, plainly.
 */
import { creditNotePostings } from '../../../producers/credit-notes/postings.ts'
import { invoicePostings } from '../../../producers/invoices/postings.ts'
import { OPERATIONS } from '../../../producers/kernel/catalogue.ts'
import { Refusal } from '../../../producers/kernel/errors.ts'
import type { DomainEvent } from '../../../producers/kernel/events.ts'
import type { AggregateRef } from '../../../producers/kernel/operation.ts'
import { Session } from '../../../producers/kernel/session.ts'
import type { Posting, PostingsOf, Role } from '../../../producers/ledger/posting.ts'
import { paymentPostings } from '../../../producers/payments/postings.ts'
import type { EventType } from '../../../schemas/generated/records.ts'
import { convert, formatDecimal } from '../../../schemas/values/amount.ts'
import { formatDay } from '../../../schemas/values/calendar.ts'
import { customer } from './facts.ts'
import { product } from './stock/products.ts'

const TABLE = { ...invoicePostings, ...paymentPostings, ...creditNotePostings }

export interface Ids {
  readonly invoices?: readonly string[]
  readonly payments?: readonly string[]
  readonly creditNotes?: readonly string[]
}

export interface BookedLine {
  readonly day: number
  readonly role: Role
  readonly key: string
  readonly taxCode: string
  readonly party: string
  readonly accountId: string
  /** Base currency; a debit is above zero. */
  readonly base: bigint
}

/** Lines of a posting in base currency, with what rounding leaves. */
export function booked({ entryDate, fxRate, lines }: Posting, base: string): readonly BookedLine[] {
  const read = lines
    .filter((line) => line.amount !== 0n)
    .map((line): BookedLine => {
      const value = line.base ?? convert(line.amount, fxRate, base)
      return {
        day: entryDate,
        role: line.role,
        key: line.key ?? '',
        taxCode: line.taxCode ?? '',
        party: line.party?.id ?? '',
        accountId: line.accountId ?? '',
        base: line.side === 'debit' ? value : -value,
      }
    })
  const left = read.reduce((sum, line) => sum + line.base, 0n)
  // P1: a poisha or two.
  if (left > 200n || left < -200n) {
    throw new Error(
      `posting is out of balance by ${formatDecimal(left, 4)}: ${JSON.stringify(read, bigints)}`,
    )
  }
  const rest = { day: entryDate, key: '', taxCode: '', party: '', accountId: '' }
  return left === 0n ? read : [...read, { ...rest, role: 'rounding', base: -left }]
}
const bigints = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

export class Books {
  readonly session = new Session('books', Date.parse('2026-11-23T06:00:00Z'))
  readonly postings: Posting[] = []
  readonly lines: BookedLine[] = []
  readonly #base: string

  constructor({ invoices = [], payments = [], creditNotes = [] }: Ids, base = 'BDT') {
    this.#base = base
    const { session } = this
    const refs: readonly AggregateRef[] = [
      ...invoices.map((id) => ({ type: 'invoice', id }) as const),
      ...payments.map((id) => ({ type: 'payment', id }) as const),
      ...creditNotes.map((id) => ({ type: 'credit-note', id }) as const),
    ]
    const unknown = [{ type: 'invoice', id: 'none' }] as const
    session.adoptAggregates(
      [{ type: 'tenant', id: 'books' }, { type: 'customer', id: 'c' }, ...refs, ...unknown],
      [],
    )
    session.adoptNumbers([{ kind: 'credit-note', number: 'CN-2026-27-000009' }], [])
    session.adoptAllocations(refs, [])
    session.adoptCreditNotes([...invoices, 'none'], [])
    session.adoptCounters(
      (['invoice', 'mushak', 'payment', 'credit-note', 'mushak-6.7'] as const).flatMap((kind) =>
        ['2025-26', '2026-27'].map((period) => ({ kind, period, value: 0 })),
      ),
    )
    const settings = { name: 'Books', zone: 'Asia/Dhaka', currency: base, fiscalYearStart: '07-01' }
    session.append(0, { type: 'tenant', id: 'books' }, [{ type: 'TenantRegistered', data: settings }], '')
    session.append(0, { type: 'customer', id: 'c' }, [{ type: 'CustomerCreated', data: customer }], '')
    session.append(0, { type: 'product', id: 'rice' }, [{ type: 'ProductCreated', data: product }], '')
  }

  /** 'accepted', or the code of the refusal. */
  run(name: string, id: string, body: object): string {
    try {
      this.decide(name, id, body)
      return 'accepted'
    } catch (error) {
      if (error instanceof Refusal) return error.code
      throw error
    }
  }

  /** Decides, posts and applies a command, or throws its refusal. */
  decide(name: string, id: string, body: object): void {
    const operation = OPERATIONS.find((one) => one.name === name)
    if (!operation) throw new Error(`no operation ${name}`)
    const target = { id, command: operation.schema.parse(body) }
    const events = operation.decide(this.session, target)
    for (const event of events) this.#post(id, event)
    this.session.append(0, { type: operation.aggregate, id }, events, '')
  }

  #post(id: string, event: DomainEvent): void {
    const postingsOf = TABLE[event.type] as PostingsOf<EventType> | undefined
    const { today, tenant } = this.session.facts()
    for (const posting of postingsOf?.(event, { id, today, tenant, session: this.session }) ?? []) {
      this.postings.push(posting)
      this.lines.push(...booked(posting, this.#base))
    }
  }

  /** Balance of a role after all of `day`, or at the end; debit is above zero. */
  balance(role: Role, day = Infinity): bigint {
    let sum = 0n
    for (const line of this.lines) if (line.role === role && line.day <= day) sum += line.base
    return sum
  }

  /** Postings from the nth on, one text a line: day, role, key, amount in base currency. */
  told(from = 0): readonly string[] {
    return this.postings
      .slice(from)
      .flatMap((posting) =>
        booked(posting, this.#base).map(({ day, role, key, base }) =>
          [
            formatDay(day),
            key === '' ? role : `${role}/${key}`,
            `${base < 0n ? 'Cr' : 'Dr'} ${formatDecimal(base < 0n ? -base : base, 2)}`,
          ].join(' '),
        ),
      )
  }
}
