/**
 * Random companies for property tests: streams of events, one per invoice, payment, credit note and expense, each in its own order,
 * interleaved at random, with jumps of today (in days) in between. Small amounts, so that allocations collide.
 */
import fc from 'fast-check'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import {
  allocation,
  approval,
  cancellation,
  creditAllocation,
  creditCancellation,
  creditNote,
  dispute,
  dueChange,
  expense,
  expenseCancellation,
  failure,
  invoice,
  payment,
  reversal,
  writeOff,
} from '../unit/domain/support.ts'

const seed = process.env['NIKASH_SEED']
/** NIKASH_SEED repeats a run; NIKASH_RUNS makes it longer. */
export const runs = (numRuns: number) => ({
  numRuns: Number(process.env['NIKASH_RUNS'] ?? numRuns),
  ...(seed ? { seed: Number(seed) } : {}),
})

export const TODAY = 20_454 // 2026-01-01
export const CUSTOMERS = ['C1', 'C2', 'C3']
const day = fc.integer({ min: TODAY - 100, max: TODAY + 60 })
const amount = fc.integer({ min: 1, max: 300 })
const customer = fc.constantFrom(...CUSTOMERS)
const INVOICE_IDS = ['I1', 'I2', 'I3', 'I4', 'I5', 'never']

/** Rates of a currency differ by document, except for the base currency. */
const money = (foreign: boolean) =>
  foreign
    ? fc.constantFrom(
        { currency: 'BDT' },
        { currency: 'USD', rate: '121.35' },
        { currency: 'USD', rate: '109.005' },
      )
    : fc.constant({ currency: 'BDT' })

/** A total split by weight into instalments; parts that would be nothing are left out. */
function split(total: number, weights: readonly { due: number; weight: number }[]): [number, number][] {
  const all = weights.reduce((sum, { weight }) => sum + weight, 0)
  let before = 0
  let given = 0
  return weights.flatMap(({ due, weight }): [number, number][] => {
    const upTo = Math.floor((total * (before += weight)) / all)
    const part = upTo - given
    given = upTo
    return part === 0 ? [] : [[due, part]]
  })
}

/** What happens to an invoice between its approval and its end. */
const happening = fc.oneof(
  fc.record({ what: fc.constant('move' as const), from: day, due: day }),
  fc.record({ what: fc.constant('dispute' as const), from: day, disputed: fc.boolean() }),
  fc.record({ what: fc.constant('writeOff' as const), from: day, amount }),
)

/** Events of one invoice, in their order. */
const invoiceStream = (id: string, foreign: boolean) =>
  fc
    .record({
      head: fc.record({
        date: day,
        due: day,
        total: amount,
        vat: fc.constantFrom(0, 1),
        disputed: fc.boolean(),
      }),
      weights: fc.array(fc.record({ due: day, weight: fc.integer({ min: 1, max: 5 }) }), { maxLength: 3 }),
      customer,
      money: money(foreign),
      draft: fc.boolean(),
      happenings: fc.array(happening, { maxLength: 3 }),
      cancelled: fc.option(day, { freq: 3 }),
    })
    .map(({ head, weights, customer: who, money: in_, draft, happenings, cancelled }): FinanceEvent[] => {
      const content = { ...head, ...in_, customer: who, parts: split(head.total, weights) }
      return [
        invoice(id, { ...content, status: draft ? 'DRAFT' : 'APPROVED' }),
        ...(draft ? [approval(id, content)] : []),
        ...happenings.map((h) =>
          h.what === 'move'
            ? dueChange(id, h.from, h.due)
            : h.what === 'dispute'
              ? dispute(id, h.from, h.disputed)
              : writeOff(id, h.from, h.amount),
        ),
        ...(cancelled === null ? [] : [cancellation(id, cancelled)]),
      ]
    })

const wants = fc.dictionary(fc.constantFrom(...INVOICE_IDS), amount, { maxKeys: 3 })

const paymentStream = (id: string, foreign: boolean) =>
  fc
    .record({
      date: day,
      amount,
      vds: fc.constantFrom(0, 0, 7),
      tds: fc.constantFrom(0, 0, 3),
      customer,
      money: money(foreign),
      to: wants,
      more: fc.array(fc.record({ after: fc.integer({ min: 0, max: 60 }), to: wants }), { maxLength: 2 }),
      end: fc.constantFrom('stays', 'stays', 'reversed', 'failed'),
      endDay: day,
    })
    .map((p): FinanceEvent[] => [
      payment(id, {
        date: p.date,
        amount: p.amount,
        vds: p.vds,
        tds: p.tds,
        customer: p.customer,
        to: p.to,
        ...p.money,
      }),
      ...p.more.map((m) => allocation(id, p.date + m.after, m.to)),
      ...(p.end === 'reversed'
        ? [reversal(id, p.endDay)]
        : p.end === 'failed'
          ? [failure(id, p.endDay)]
          : []),
    ])

const noteStream = (id: string, foreign: boolean) =>
  fc
    .record({
      date: day,
      total: amount,
      vat: fc.constantFrom(0, 1),
      customer,
      money: money(foreign),
      to: wants,
      more: fc.array(fc.record({ after: fc.integer({ min: 0, max: 60 }), to: wants }), { maxLength: 1 }),
      cancelled: fc.option(day, { freq: 3 }),
    })
    .map(({ more, cancelled, money: in_, ...n }): FinanceEvent[] => [
      creditNote(id, { ...n, ...in_ }),
      ...more.map((m) => creditAllocation(id, n.date + m.after, m.to)),
      ...(cancelled === null ? [] : [creditCancellation(id, cancelled)]),
    ])

/** An approval, and a cancelling that may come before it. */
const expenseStream = (id: string) =>
  fc
    .record({ date: day, net: amount, cancelled: fc.option(day), early: fc.boolean() })
    .map(({ date, net, cancelled, early }): FinanceEvent[] => {
      const events = [
        expense(id, { date, net }),
        ...(cancelled === null ? [] : [expenseCancellation(id, cancelled)]),
      ]
      return early ? events.reverse() : events
    })

export type Step = FinanceEvent | number

/** Versions of an aggregate, from 1 without gaps. */
const withVersion = (step: Step, place: number): Step =>
  typeof step === 'number'
    ? step
    : ({ ...step, data: { ...step.data, aggregateVersion: place + 1 } } as FinanceEvent)

/** Streams interleaved at random, each in its own order, with jumps of today in between. */
export const company = (foreign: boolean) =>
  fc
    .record({
      invoices: fc.tuple(
        ...INVOICE_IDS.slice(0, 5).map((id) => fc.option(invoiceStream(id, foreign), { nil: [] })),
      ),
      payments: fc.tuple(
        ...['P1', 'P2', 'P3', 'P4'].map((id) => fc.option(paymentStream(id, foreign), { nil: [] })),
      ),
      // One has the id of a payment.
      notes: fc.tuple(...['P1', 'N2'].map((id) => fc.option(noteStream(id, foreign), { nil: [] }))),
      expenses: fc.tuple(...['E1', 'E2'].map((id) => fc.option(expenseStream(id), { nil: [] }))),
      jumps: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
      order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
    })
    .map((c): Step[] => {
      const queues: Step[][] = [
        ...c.invoices,
        ...c.payments,
        ...c.notes,
        ...c.expenses,
        ...c.jumps.map((j) => [j]),
      ].map((queue) => queue.map(withVersion))
      const steps: Step[] = []
      for (let n = 0; queues.some((q) => q.length > 0); n++) {
        const full = queues.filter((q) => q.length > 0)
        const next = full[(c.order[n % c.order.length] ?? 0) % full.length]?.shift()
        if (next !== undefined) steps.push(next)
      }
      return steps
    })
