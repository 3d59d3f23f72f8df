/**
 * The incremental book against the recomputation, for random companies: events of different aggregates in any order,
 * any effective date, reversals, failures, cancellations, write-offs, credit notes, disputes, instalments,
 * over-allocations, and a today that moves in between.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { TestBook } from '../unit/domain/support.ts'
import { company, CUSTOMERS, runs, type Step, TODAY } from './finance-company.ts'
import { asPayable, NOTHING_WITHHELD, type Withheld } from '../support/payables-mirror.ts'
import { Oracle } from './finance-oracle.ts'

const options = runs(150)

function compare(book: TestBook, oracle: Oracle): void {
  for (const who of ['', ...CUSTOMERS]) {
    const { due, posting, unapplied } = book.aging(who)
    const { disputed, openItems } = book.balance(who)
    const ours = { due, posting, unapplied, disputed, openItems }
    expect({ who, ...ours }).toEqual({ who, ...oracle.aging(book.today, who === '' ? undefined : who) })
  }
}

type Side = 'receivables' | 'payables'
const SIDES: readonly Side[] = ['receivables', 'payables']

/** Taxes that are withheld of bills without instalments: which instalment they settle changes when one is moved. */
const withheldOf =
  (seen: readonly FinanceEvent[]) =>
  (id: string): Withheld =>
    seen.some(({ data }) => data.aggregateId === id && 'instalments' in data && data.instalments.length > 0)
      ? NOTHING_WITHHELD
      : [70_000n, 130_000n]

/** The oracle hears the story as one of sales, and the book of payables as one of purchases. */
function run(
  steps: readonly Step[],
  each: (book: TestBook, oracle: Oracle) => void,
  side: Side = 'receivables',
): TestBook {
  const book = new TestBook(TODAY, side)
  const all = steps.filter((step): step is FinanceEvent => typeof step !== 'number')
  const seen: FinanceEvent[] = []
  for (const step of steps) {
    if (typeof step === 'number') {
      each(book, new Oracle(seen))
      book.moveTo(book.today + step)
    } else {
      seen.push(step)
      book.fold(side === 'payables' ? asPayable(step, withheldOf(all)) : step)
    }
  }
  each(book, new Oracle(seen))
  return book
}

describe.each(SIDES)('the book of %s of a random company', (side) => {
  it('ages every party as the recomputation does, before and after every move of today', () => {
    fc.assert(
      fc.property(company(false), (steps) => {
        run(steps, compare, side)
      }),
      options,
    )
  }, 120_000)

  it('ages documents in another currency, each at its own rate, and the control account is the aging', () => {
    fc.assert(
      fc.property(company(true), (steps) => {
        run(
          steps,
          (book, oracle) => {
            compare(book, oracle)
            expect(book.aging().total).toBe(book.figures.through(book.today).receivables)
          },
          side,
        )
      }),
      options,
    )
  }, 120_000)
})

describe('the book of a random company', () => {
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
        const queues = [
          ...Map.groupBy(events, ({ data }) => `${data.aggregateType} ${data.aggregateId}`).values(),
        ].map((q) => [...q])
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
