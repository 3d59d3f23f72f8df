/** The finance topologies under crashes, checkpoints and restarts: the same bytes and the same outputs as in one pass. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import { TENANTS } from '../../processors/topologies/stores.ts'
import { parseDay } from '../../schemas/values/calendar.ts'
import { company, CUSTOMERS, runs, TODAY } from '../property/finance-company.ts'
import { Oracle } from '../property/finance-oracle.ts'
import type { AgingResult, FinanceEvent } from '../../schemas/generated/records.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
const DAY_MS = 86_400_000
/** Six in the morning in Dhaka. */
const START = TODAY * DAY_MS

const mishap = fc.constantFrom(
  'none',
  'none',
  'none',
  'cut',
  'checkpoint',
  'restart',
  'cut',
  'offsets',
  'committed',
)

describe('the finance topologies', () => {
  it('come out of any mix of cuts, checkpoints, crashes and restarts as out of one pass, and equal the oracle', () => {
    fc.assert(
      fc.property(company(true), fc.array(mishap, { minLength: 20, maxLength: 20 }), (steps, mishaps) => {
        const driver = new TestDriver({ topologies, startMs: START, autoCut: false })
        const seen: FinanceEvent[] = []
        let now = START
        steps.forEach((step, n) => {
          if (typeof step === 'number') driver.tick((now += step * DAY_MS))
          else {
            seen.push(step)
            driver.pipe(step, { timestamp: (now += 1000) })
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
        const once = driver.singlePass()
        expect(driver.digest()).toBe(once.digest())
        expect(driver.history()).toEqual(once.history())
        const values = (d: TestDriver) =>
          [...d.results()].map(([key, { data }]) => ({ key, ...data, revision: 0, logTime: 0 }))
        const byKey = (d: TestDriver) => values(d).sort((a, b) => (a.key < b.key ? -1 : 1))
        expect(byKey(driver)).toEqual(byKey(once))
        if (seen.length === 0) return
        const { today } = driver.state(TENANTS, 'acme') ?? { today: Number.NaN }
        expect(today).toBe(Math.floor((driver.logTime + DAY_MS / 4) / DAY_MS))
        const oracle = new Oracle(seen)
        const results = driver.results()
        for (const who of ['', ...CUSTOMERS]) {
          const result = results.get(`acme|aging.receivables|${who}`)?.data as AgingResult | undefined
          const expected = oracle.aging(today, who === '' ? undefined : who)
          const { due, posting, unapplied, disputed, openItems } = result ?? EMPTY
          expect({
            who,
            due: Object.values(due),
            posting: Object.values(posting),
            unapplied,
            disputed,
            openItems,
          }).toEqual({ who, ...expected })
        }
      }),
      runs(15),
    )
  }, 120_000)

  it('keep nothing of an event whose handler fails at any write', () => {
    fc.assert(
      fc.property(company(false), fc.nat({ max: 8 }), fc.nat(), (steps, writes, at) => {
        const events = steps.filter((s): s is FinanceEvent => typeof s !== 'number')
        if (events.length === 0) return
        const driver = new TestDriver({ topologies, startMs: START })
        const bad = at % events.length
        for (const [n, one] of events.entries()) {
          const before = n === bad ? [...driver.entries(TENANTS)] : []
          if (n === bad) driver.failAfterWrites(writes)
          driver.pipe(one)
          driver.failNever()
          if (n === bad && driver.dlq().some((d) => d.offset === n)) {
            expect([...driver.entries(TENANTS)]).toEqual(before)
          }
        }
        const lost = new Set(driver.dlq().map((d) => d.offset))
        const other = new TestDriver({ topologies, startMs: START })
        for (const [n, one] of events.entries()) if (!lost.has(n)) other.pipe(one)
        const amounts = (d: TestDriver) =>
          [...d.results()]
            .map(([key, { data }]) => ({ key, ...data, revision: 0 }))
            .sort((a, b) => (a.key < b.key ? -1 : 1))
        // Events that depended on the lost one were refused in both runs, or lost in both.
        if (other.dlq().length === 0) expect(amounts(driver)).toEqual(amounts(other))
      }),
      runs(30),
    )
  }, 120_000)
})

const ZERO = { current: 0n, days1To30: 0n, days31To60: 0n, days61To90: 0n, over90: 0n }
const EMPTY = {
  due: ZERO,
  posting: ZERO,
  unapplied: 0n,
  disputed: 0n,
  openItems: 0,
  asOf: parseDay('2026-01-01'),
}
