/**
 * Tumbling windows against a recomputation that knows the whole log at once, for events that occurred and were appended
 * at random times, with ticks, gaps, cuts, crashes and restarts; and daily panes against plain sums.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { TestDriver } from '../../processors/runtime/testing/driver.ts'
import { SUM } from '../../processors/runtime/window/accumulate.ts'
import { DailyPanes, type MonthPanes, type PaneIndex } from '../../processors/runtime/window/panes.ts'
import { periodOf, periodToDate, rollingDays } from '../../processors/runtime/window/spans.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import {
  DAY_FINALS,
  FINALS,
  HOUR,
  MINUTE,
  type Said,
  WINDOWS,
  zoneOf,
} from '../topology/runtime/time-windows-toy.ts'
import { failed, START } from '../topology/runtime/toy.ts'
import { runs } from './finance-company.ts'

interface Happening {
  readonly offset: number
  readonly tenantId: string
  readonly occurredAt: number
  readonly logTime: number
  readonly amount: bigint
}

const RULES = { hourly: FINALS, daily: DAY_FINALS }
type Name = keyof typeof RULES

/** Start, end and label of the window of an instant, by the platform's own calendar. */
function windowOf(name: Name, instant: number, tenantId: string) {
  const dateIn = (ms: number) => new Intl.DateTimeFormat('sv-SE', { timeZone: zoneOf(tenantId) }).format(ms)
  const cell = name === 'hourly' ? HOUR : 15 * MINUTE
  const same = (ms: number) => name === 'hourly' || dateIn(ms) === dateIn(instant)
  let start = Math.floor(instant / cell) * cell
  let end = start + cell
  if (name === 'daily') {
    while (same(start - 1)) start -= cell
    while (same(end)) end += cell
  }
  return { end, label: name === 'hourly' ? new Date(start).toISOString() : dateIn(instant) }
}

/** What must have been said by `logTime`, and what must be late: by filters over the whole log, window by window. */
function expected(name: Name, all: readonly Happening[], logTime: number) {
  const { graceMs, everyMs, correctForMs } = RULES[name]
  const said: Said[] = []
  const late: string[] = []
  const quantum = (ms: number) => (Math.floor(ms / everyMs) + 1) * everyMs
  const placed = all.map((one) => ({
    ...one,
    ...windowOf(name, Math.min(one.occurredAt, one.logTime), one.tenantId),
  }))
  for (const mine of Map.groupBy(placed, (one) => `${one.tenantId} ${one.label}`).values()) {
    const [first] = mine
    if (first === undefined) continue
    const { tenantId: key, label, end } = first
    const openedAt = Math.min(...all.filter((one) => one.tenantId === key).map((one) => one.logTime))
    if (end + graceMs <= openedAt) continue
    const forgetAt = end + graceMs + correctForMs
    // An opened window stays until its final, even if that is due after the horizon.
    const finalAt = first.logTime < end + graceMs ? end + graceMs : quantum(first.logTime)
    const isOpen = first.logTime < forgetAt
    const goneAt = isOpen ? Math.max(forgetAt, finalAt) : Number.NEGATIVE_INFINITY
    const counted = mine.filter((one) => one.logTime < goneAt)
    const before = (at: number) => counted.filter((one) => one.logTime < at)
    const moments = new Set(isOpen ? [finalAt] : [])
    for (const one of counted) {
      if (one.logTime >= finalAt) moments.add(Math.min(quantum(one.logTime), forgetAt))
    }
    ;[...moments]
      .filter((at) => at <= logTime)
      .sort((a, b) => a - b)
      .forEach((at, i) => {
        const known = before(at)
        const sum = String(known.reduce((total, one) => total + one.amount, 0n))
        said.push({ name, key, label, revision: i + 1, count: known.length, sum, at })
      })
    for (const { offset, logTime: came } of mine) {
      if (came >= goneAt) late.push(`${offset} after_horizon ${name} ${label} ${came - end}`)
      else if (came >= finalAt) late.push(`${offset} after_final ${name} ${label} ${came - end}`)
    }
  }
  return { said, late }
}

const minutes = (max: number) => fc.integer({ min: 0, max })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      tenant: fc.nat(2),
      ago: minutes(600),
      on: minutes(40),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      tenant: fc.nat(2),
      ago: minutes(9_000),
      on: minutes(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      tenant: fc.nat(2),
      ago: fc.constant(0),
      on: minutes(1_500),
    }),
  },
)
const TENANTS = ['kathmandu', 'newyork', 'acme']
const mishap = fc.constantFrom('none', 'none', 'none', 'cut', 'checkpoint', 'restart', 'offsets', 'committed')

describe('tumbling windows', () => {
  it('say what a recomputation over the whole log says, each final and correction once, whatever happens on the way', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.array(mishap, { minLength: 13, maxLength: 13 }),
        (steps, mishaps) => {
          const driver = new TestDriver({ topologies: [WINDOWS], startMs: START, autoCut: false })
          const all: Happening[] = []
          let now = START
          steps.forEach(({ kind, tenant, ago, on }, n) => {
            now += on * MINUTE
            if (kind === 'tick') driver.tick(now)
            else {
              const tenantId = TENANTS[tenant] ?? ''
              // A few occur ahead of their time.
              const occurredAt = now - ago * MINUTE + (n % 17 === 0 ? 2 * HOUR : 0)
              all.push({ offset: driver.log.length, tenantId, occurredAt, logTime: now, amount: BigInt(n) })
              driver.pipe(failed({ tenantId, occurredAt, failedDate: n }), { timestamp: now })
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
          driver.cut()
          expect(driver.dlq()).toEqual([])
          const said = driver.emitted(TOPICS.alerts).map(({ value }) => JSON.parse(String(value)) as Said)
          expect(said.map(({ at }) => at)).toEqual(said.map(({ at }) => at).sort((a, b) => a - b))
          const results = (['hourly', 'daily'] as const).map((name) => expected(name, all, driver.logTime))
          const sorted = (list: readonly Said[]) =>
            list.map((one) => JSON.stringify(one, Object.keys(one).sort())).sort()
          expect(sorted(said)).toEqual(sorted(results.flatMap((one) => one.said)))
          // Of an event that is late for both, the hourly window speaks first.
          const letters = new Map<string, string>()
          for (const line of results.flatMap((one) => one.late)) {
            const offset = line.slice(0, line.indexOf(' '))
            if (!letters.has(offset)) letters.set(offset, line)
          }
          const sent = driver
            .late()
            .map(({ headers: h }) =>
              [
                h['nikash-dlq-offset'],
                h['nikash-late-reason'],
                h['nikash-late-window'],
                h['nikash-late-ms'],
              ].join(' '),
            )
          expect([...sent].sort()).toEqual([...letters.values()].sort())
          const once = driver.singlePass()
          expect(once.digest()).toBe(driver.digest())
          expect(once.emitted(TOPICS.alerts)).toEqual(driver.emitted(TOPICS.alerts))
        },
      ),
      runs(40),
    )
  }, 120_000)
})

describe('windows over daily panes', () => {
  it('are the plain sums of their days, rolling, to date or whole, calendar or fiscal', () => {
    const days = fc.array(fc.tuple(fc.integer({ min: 19_000, max: 20_500 }), fc.bigInt(-9n, 9n)), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(
        days,
        fc.integer({ min: 19_000, max: 20_600 }),
        fc.constantFrom('01-01', '07-01', '04-15', '02-28'),
        fc.integer({ min: 1, max: 400 }),
        (changes, asOf, yearStart, length) => {
          const panes = new DailyPanes(SUM)
          const months = new Map<number, MonthPanes<bigint>>()
          let index: PaneIndex<bigint> | undefined
          const stores = {
            index: () => index,
            setIndex: (value: PaneIndex<bigint>) => {
              index = value
            },
            month: (month: number) => months.get(month),
            setMonth: (month: number, value: MonthPanes<bigint> | null) => {
              if (value === null) months.delete(month)
              else months.set(month, value)
            },
          }
          for (const change of changes) panes.apply([change], stores)
          const sums = panes.sums(stores)
          const plain = (from: number, to: number) =>
            changes.reduce((sum, [day, value]) => (day >= from && day <= to ? sum + value : sum), 0n)
          const units = ['day', 'month', 'quarter', 'year'] as const
          const ranges = [
            rollingDays(length, asOf),
            ...units.flatMap((unit) => [
              periodToDate(unit, asOf, yearStart),
              periodOf(unit, asOf, yearStart),
            ]),
          ]
          for (const range of ranges) expect(panes.over(range, sums)).toBe(plain(range.from, range.to))
          for (const unit of units) {
            const { from, to } = periodOf(unit, asOf, yearStart)
            expect(from <= asOf && asOf <= to).toBe(true)
            expect(periodOf(unit, to, yearStart)).toEqual({ from, to })
            expect(periodOf(unit, to + 1, yearStart).from).toBe(to + 1)
            if (unit === 'year') expect(formatDay(from).slice(5)).toBe(yearStart)
          }
        },
      ),
      runs(300),
    )
  }, 60_000)
})
