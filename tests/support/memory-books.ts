/**
 * One tenant's books in memory: the command side's own rules over one long session, without Postgres. Everything that an
 * operation asks for is there; ledger sums are recomputed from the events.
 */
import { OPERATIONS } from '../../producers/kernel/catalogue.ts'
import { Refusal } from '../../producers/kernel/errors.ts'
import type { DomainEvent } from '../../producers/kernel/events.ts'
import type { AggregateRef } from '../../producers/kernel/operation.ts'
import { type AccountSums, type NewEvent, Session } from '../../producers/kernel/session.ts'
import { Chart } from '../../producers/ledger/chart.ts'
import { applyCommand } from '../../producers/ledger/steps.ts'

export type Entry = DomainEvent<'JournalEntryPosted'>['data'] & { readonly id: string }

export class MemoryBooks {
  readonly tenant: string
  readonly session: Session
  /** Refusal of the last command that was refused. */
  refusal: Refusal | undefined
  readonly #numbers = new Set<string>()
  readonly #counters = new Set<string>()

  constructor(now: string, settings: object = {}, tenant = 'books') {
    this.tenant = tenant
    this.session = new Session(tenant, Date.parse(now))
    this.session.adoptChart(Chart.EMPTY)
    this.must('tenant.register', { id: tenant, ...settings }, tenant)
  }

  /** 'accepted' or the code of the refusal. */
  run(name: string, body: object = {}, id?: string): string {
    const operation = OPERATIONS.find((one) => one.name === name)
    if (!operation) throw new Error(`no operation ${name}`)
    const command = operation.schema.parse(body)
    const target = {
      id: id ?? operation.idOf?.(command, this.tenant) ?? `${name}-${this.session.events.length}`,
      command,
    }
    const own: AggregateRef = { type: operation.aggregate, id: target.id }
    const { session } = this
    try {
      const needs = operation.needs?.(target) ?? {}
      const refs = [
        { type: 'tenant', id: this.tenant } as const,
        own,
        ...(needs.read ?? []),
        ...(needs.lock ?? []),
      ]
      session.adoptAggregates(refs, [])
      session.adoptAllocations(refs, [])
      session.adoptCreditNotes(needs.creditNotes ?? [], [])
      const counterparts = operation.counterparts?.(session, target) ?? []
      session.adoptAggregates(counterparts, [])
      session.adoptAllocations(counterparts, [])
      for (const ref of needs.numbers ?? []) {
        const key = `${ref.kind} ${ref.number}`
        if (!this.#numbers.has(key) && !session.newNumbers.some((one) => `${one.kind} ${one.number}` === key))
          session.adoptNumbers([ref], [])
        this.#numbers.add(key)
      }
      for (const ref of operation.counters?.(session, target) ?? []) {
        const key = `${ref.kind} ${ref.period}`
        if (!this.#counters.has(key)) session.adoptCounters([{ ...ref, value: 0 }])
        this.#counters.add(key)
      }
      const query = operation.balances?.(session, target)
      if (query) session.adoptSums(sumsOf(this.entries(), query.from, query.to))
      applyCommand(session, 0, operation, target, '')
      return 'accepted'
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.refusal = error
      return error.code
    }
  }

  must(name: string, body: object = {}, id?: string): void {
    const outcome = this.run(name, body, id)
    if (outcome !== 'accepted') throw new Error(`${name}: ${outcome}, ${this.refusal?.message}`)
  }

  entries(): readonly Entry[] {
    return entriesOf(this.session.events)
  }

  /** Debits less credits of an account at the end of a day, in ten-thousandths. */
  balance(accountId: string, day = Infinity): bigint {
    let sum = 0n
    for (const { entryDate, lines } of this.entries()) {
      if (entryDate > day) continue
      for (const line of lines) if (line.accountId === accountId) sum += line.debit - line.credit
    }
    return sum
  }
}

export const entriesOf = (events: readonly NewEvent[]): readonly Entry[] =>
  events.flatMap(({ aggregate, event }) =>
    event.type === 'JournalEntryPosted' ? [{ ...event.data, id: aggregate.id }] : [],
  )

function sumsOf(entries: readonly Entry[], from: number, to: number): readonly AccountSums[] {
  const sums = new Map<string, { accountId: string; before: bigint; within: bigint; documents: number }>()
  for (const { entryDate, kind, lines } of entries) {
    if (entryDate > to) continue
    for (const { accountId, debit, credit } of lines) {
      const sum = sums.get(accountId) ?? { accountId, before: 0n, within: 0n, documents: 0 }
      sums.set(accountId, sum)
      if (entryDate < from) sum.before += debit - credit
      else sum.within += debit - credit
      if (kind === 'DOCUMENT') sum.documents++
    }
  }
  return [...sums.values()]
}
