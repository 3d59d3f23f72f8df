/**
 * Closes of the day and their corrections against a plain recomputation over all events, for random companies: any
 * effective date, random append times, jumps over days, cuts, crashes and restarts on the way.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { TestDriver, TEST_CODEC } from '../../processors/runtime/testing/driver.ts'
import { RULE } from '../../processors/topologies/closings.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import type { AgingResult, FinanceEvent, KpiResult } from '../../schemas/generated/records.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { formatAmount } from '../../schemas/values/amount.ts'
import { company, runs, TODAY } from './finance-company.ts'
import { Oracle } from './finance-oracle.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
const DAY = 86_400_000
const QUARTER = 900_000
/** Six in the morning in Dhaka. */
const START = TODAY * DAY
const localDay = (instant: number): number => Math.floor((instant + DAY / 4) / DAY)

const mishap = fc.constantFrom('none', 'none', 'cut', 'checkpoint', 'restart', 'offsets', 'committed')
const pause = fc.constantFrom(0, 1, 60_000, QUARTER, 3 * 3_600_000, 9 * 3_600_000)

const agingOf = ({ due, posting, unapplied, disputed, openItems }: AgingResult) => ({
  due: Object.values(due),
  posting: Object.values(posting),
  unapplied,
  disputed,
  openItems,
})

const SUMS = {
  totalRevenue: 'paidRevenue',
  netRevenue: 'netRevenue',
  totalExpenses: 'expenses',
  cashReceived: 'cashIn',
} as const

function expectedSums(result: KpiResult, oracle: Oracle) {
  return result.windows.map(({ window, fromDate, toDate }) => {
    const end = oracle.figures(toDate, result.asOf)
    const before = oracle.figures(fromDate - 1, result.asOf)
    return {
      window,
      ...Object.fromEntries(
        Object.entries(SUMS).map(([name, key]) => [name, formatAmount(end[key] - before[key], 'BDT')]),
      ),
      receivables: formatAmount(end.receivables, 'BDT'),
    }
  })
}
const sumsOf = ({ windows }: KpiResult) =>
  windows.map(({ window, measures }) => ({
    window,
    ...Object.fromEntries(
      [...Object.keys(SUMS), 'receivables'].map((name) => [
        name,
        measures.find((m) => m.name === name)?.value,
      ]),
    ),
  }))

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v))
/** Jest's own comparison took most of the time of this test: it is asked for what differs, not whether. */
function same(actual: unknown, expected: unknown): void {
  if (text(actual) !== text(expected)) expect(actual).toEqual(expected)
}
const isDay = (value: unknown): value is number =>
  typeof value === 'number' && value > TODAY - 200 && value < TODAY + 400

/** First of the dates in the events on which the company as a whole looks different. */
function firstDifference(events: readonly FinanceEvent[], high: number): number | undefined {
  const [before, after] = [new Oracle(events.slice(0, -1)), new Oracle(events)]
  const days = new Set(events.flatMap(({ data }) => Object.values(data).filter(isDay)))
  const look = (o: Oracle, day: number) => text([o.aging(day), o.figures(day, day)])
  return [...days]
    .filter((day) => day <= high)
    .sort((a, b) => a - b)
    .find((day) => look(before, day) !== look(after, day))
}

describe('closes and corrections of a random company', () => {
  it('are what the events known by then say of the day, the newest of each day is right, and late is late', () => {
    fc.assert(
      fc.property(
        company(false),
        fc.array(pause, { minLength: 13, maxLength: 13 }),
        fc.array(mishap, { minLength: 11, maxLength: 11 }),
        (steps, pauses, mishaps) => {
          const driver = new TestDriver({ topologies, startMs: START, autoCut: false })
          const seen: { readonly event: FinanceEvent; readonly offset: number }[] = []
          const late: { readonly offset: number; readonly day: number | undefined }[] = []
          let now = START
          let firstClosed: number | undefined
          steps.forEach((step, n) => {
            if (typeof step === 'number') driver.tick((now += step * DAY))
            else {
              now += pauses[n % pauses.length] ?? 0
              seen.push({ event: step, offset: driver.log.length })
              if (seen.length === 1) firstClosed = localDay(now)
              const known = seen.map(({ event }) => event)
              // A due date that moves makes buckets differ on later days than its own.
              const day =
                step.type === 'InvoiceDueDateChanged' ? undefined : firstDifference(known, localDay(now) - 1)
              late.push({ offset: driver.log.length, day })
              driver.pipe(step, { timestamp: now })
            }
            const what = mishaps[n % mishaps.length]
            if (what === 'cut') driver.cut()
            else if (what === 'checkpoint') driver.checkpoint()
            else if (what === 'restart') driver.restart()
            else if (what === 'offsets' || what === 'committed') {
              driver.crashAt(what)
              driver.cut()
            }
          })
          driver.tick((Math.floor(now / QUARTER) + 1) * QUARTER)
          driver.cut()
          expect(driver.dlq()).toEqual([])
          if (firstClosed === undefined) return

          const today = localDay(driver.logTime)
          const history = driver.history().map(({ data }) => data)
          const closes = history.filter(({ kind }) => kind === 'CLOSE')
          const days = Array.from({ length: today - firstClosed }, (_, i) => (firstClosed ?? 0) + i)
          same(
            closes.map(({ asOf }) => asOf),
            days.flatMap((day) => [day, day]),
          )

          // Each says what was known when it was said; those of a day come with rising revisions.
          const newest = new Map<string, AgingResult | KpiResult>()
          const periods = new Set<string>()
          const oracles = new Map<number, Oracle>()
          const knownBy = (revision: number): Oracle => {
            const known = seen.filter(({ offset }) => offset <= revision).map(({ event }) => event)
            const oracle = oracles.get(known.length) ?? new Oracle(known)
            oracles.set(known.length, oracle)
            return oracle
          }
          for (const result of history) {
            if (result.kind === 'SNAPSHOT') continue
            const oracle = knownBy(result.revision)
            const key = `${result.family} ${formatDay(result.asOf)}`
            const known = newest.get(key)
            if (result.kind === 'CORRECTION') {
              expect(known?.revision).toBeLessThan(result.revision)
              expect(result.logTime % QUARTER).toBe(0)
              const period = `${key} ${result.logTime}`
              expect(periods.has(period)).toBe(false)
              periods.add(period)
            }
            newest.set(key, result)
            if ('due' in result) same(agingOf(result), oracle.aging(result.asOf))
            else same({ key, sums: sumsOf(result) }, { key, sums: expectedSums(result, oracle) })
          }

          // What stands in the end is right for every day that is still corrected.
          const all = new Oracle(seen.map(({ event }) => event))
          for (const result of newest.values()) {
            if (result.asOf < today - RULE.horizon) continue
            if ('due' in result) same(agingOf(result), all.aging(result.asOf))
            else same(sumsOf(result), expectedSums(result, all))
          }

          // Late: the first day that looks different was closed. (Looks alike and is late: two amounts that cancel out.)
          const letters = new Map(
            driver
              .late()
              .map(({ headers }) => [
                Number(headers['nikash-dlq-offset']),
                headers['nikash-late-window'] ?? '',
              ]),
          )
          expect(letters.size).toBe(driver.late().length)
          for (const { offset, day } of late) {
            const window = letters.get(offset)
            if (day === undefined) continue
            if (day < firstClosed) expect(window).toBeUndefined()
            else if (window !== undefined) expect(window <= `close ${formatDay(day)}`).toBe(true)
            else expect({ offset, day: formatDay(day), window }).toBe('late')
          }

          const once = driver.singlePass()
          expect(once.digest()).toBe(driver.digest())
          same(once.history(), driver.history())
          same(once.late(), driver.late())
        },
      ),
      runs(15),
    )
  }, 240_000)
})
