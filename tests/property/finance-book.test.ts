/**
 * The incremental book against the recomputation, for random companies: events of different aggregates in any order,
 * any effective date, reversals, failures, cancellations, over-allocations, and a today that moves in between.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import {
  allocation,
  approval,
  cancellation,
  dueChange,
  expense,
  failure,
  invoice,
  payment,
  reversal,
  TestBook,
} from '../unit/domain/support.ts'
import { Oracle } from './finance-oracle.ts'

const seed = process.env['NIKASH_SEED']
const options = {
  numRuns: Number(process.env['NIKASH_RUNS'] ?? 400),
  ...(seed ? { seed: Number(seed) } : {}),
}

const TODAY = 20_454 // 2026-01-01
const CUSTOMERS = ['C1', 'C2', 'C3']
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
      customer,
      money: money(foreign),
      draft: fc.boolean(),
      moves: fc.array(fc.record({ from: day, due: day }), { maxLength: 2 }),
      cancelled: fc.option(day, { freq: 3 }),
    })
    .map(({ head, customer: who, money: in_, draft, moves, cancelled }): FinanceEvent[] => {
      const content = { ...head, ...in_, customer: who }
      return [
        invoice(id, { ...content, status: draft ? 'DRAFT' : 'APPROVED' }),
        ...(draft ? [approval(id, content)] : []),
        ...moves.map((m) => dueChange(id, m.from, m.due)),
        ...(cancelled === null ? [] : [cancellation(id, cancelled)]),
      ]
    })

const wants = fc.dictionary(fc.constantFrom(...INVOICE_IDS), amount, { maxKeys: 3 })

const paymentStream = (id: string, foreign: boolean) =>
  fc
    .record({
      date: day,
      amount,
      customer,
      money: money(foreign),
      to: wants,
      more: fc.array(fc.record({ after: fc.integer({ min: 0, max: 60 }), to: wants }), { maxLength: 2 }),
      end: fc.constantFrom('stays', 'stays', 'reversed', 'failed'),
      endDay: day,
    })
    .map((p): FinanceEvent[] => [
      payment(id, { date: p.date, amount: p.amount, customer: p.customer, to: p.to, ...p.money }),
      ...p.more.map((m) => allocation(id, p.date + m.after, m.to)),
      ...(p.end === 'reversed'
        ? [reversal(id, p.endDay)]
        : p.end === 'failed'
          ? [failure(id, p.endDay)]
          : []),
    ])

type Step = FinanceEvent | number

/** Streams interleaved at random, each in its own order, with jumps of today in between. */
const company = (foreign: boolean) =>
  fc
    .record({
      invoices: fc.tuple(
        ...INVOICE_IDS.slice(0, 5).map((id) => fc.option(invoiceStream(id, foreign), { nil: [] })),
      ),
      payments: fc.tuple(
        ...['P1', 'P2', 'P3', 'P4'].map((id) => fc.option(paymentStream(id, foreign), { nil: [] })),
      ),
      expenses: fc.array(fc.record({ date: day, net: amount }), { maxLength: 3 }),
      jumps: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
      order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
    })
    .map((c): Step[] => {
      const queues: Step[][] = [
        ...c.invoices,
        ...c.payments,
        ...c.expenses.map((e, n) => [expense(`E${n}`, e)]),
        ...c.jumps.map((j) => [j]),
      ].map((queue) => [...queue])
      const steps: Step[] = []
      for (let n = 0; queues.some((q) => q.length > 0); n++) {
        const full = queues.filter((q) => q.length > 0)
        const next = full[(c.order[n % c.order.length] ?? 0) % full.length]?.shift()
        if (next !== undefined) steps.push(next)
      }
      return steps
    })

function compare(book: TestBook, oracle: Oracle): void {
  for (const who of ['', ...CUSTOMERS]) {
    const { due, posting, unapplied } = book.aging(who)
    const { disputed, openItems } = book.balance(who)
    const ours = { due, posting, unapplied, disputed, openItems }
    expect({ who, ...ours }).toEqual({ who, ...oracle.aging(book.today, who === '' ? undefined : who) })
  }
}

function run(steps: readonly Step[], each: (book: TestBook, oracle: Oracle) => void): TestBook {
  const book = new TestBook(TODAY)
  const seen: FinanceEvent[] = []
  for (const step of steps) {
    if (typeof step === 'number') {
      each(book, new Oracle(seen))
      book.moveTo(book.today + step)
    } else {
      seen.push(step)
      book.fold(step)
    }
  }
  each(book, new Oracle(seen))
  return book
}

describe('the book of a random company', () => {
  it('ages every customer as the recomputation does, before and after every move of today', () => {
    fc.assert(
      fc.property(company(false), (steps) => {
        run(steps, compare)
      }),
      options,
    )
  }, 120_000)

  it('holds the daily figures of the recomputation, and the control account equals the aging', () => {
    fc.assert(
      fc.property(company(false), (steps) => {
        run(steps, (book, oracle) => {
          for (const to of [book.today - 90, book.today - 31, book.today - 1, book.today, book.today + 70]) {
            expect({ to, ...book.figures.through(to) }).toEqual({ to, ...oracle.figures(to, book.today) })
          }
          expect(book.aging().total).toBe(book.figures.through(book.today).receivables)
        })
      }),
      options,
    )
  }, 120_000)

  it('does the same with documents in another currency, each at its own rate', () => {
    fc.assert(
      fc.property(company(true), (steps) => {
        run(steps, (book, oracle) => {
          compare(book, oracle)
          const { receivables, ...ours } = book.figures.through(book.today)
          const { receivables: _, ...theirs } = oracle.figures(book.today, book.today)
          expect(ours).toEqual(theirs)
          expect(book.aging().total).toBe(receivables)
        })
      }),
      options,
    )
  }, 120_000)

  it('ends in the same records whatever order the aggregates came in', () => {
    fc.assert(
      fc.property(company(false), fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (steps, order) => {
        const events = steps.filter((s): s is FinanceEvent => typeof s !== 'number')
        const end = steps.reduce((today: number, s) => (typeof s === 'number' ? today + s : today), TODAY)
        const queues = [...Map.groupBy(events, (e) => e.data.aggregateId).values()].map((q) => [...q])
        const other: FinanceEvent[] = []
        for (let n = 0; other.length < events.length; n++) {
          const full = queues.filter((q) => q.length > 0)
          const next = full[(order[n % order.length] ?? 0) % full.length]?.shift()
          if (next) other.push(next)
        }
        const one = run(steps, () => {})
        const two = new TestBook(TODAY).fold(...other).moveTo(end)
        const shape = (book: TestBook) => ({
          agings: ['', ...CUSTOMERS].map((who) => ({ ...book.balance(who), name: '', listed: true })),
          figures: book.stores.index.get('acme'),
        })
        expect(shape(two)).toEqual(shape(one))
      }),
      options,
    )
  }, 120_000)
})
