/** Ticks: gaps, duplicates, two clocks, a wrong clock, downtime over midnights in several zones; on the finance topologies. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { TEST_CODEC, TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../../processors/topologies/index.ts'
import { formatDay, startOfDay } from '../../../schemas/values/calendar.ts'
import { runs } from '../../property/finance-company.ts'
import { invoice, settings } from '../../unit/domain/support.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
const QUARTER = 900_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const ZONES = {
  dhaka: 'Asia/Dhaka',
  kathmandu: 'Asia/Kathmandu',
  newyork: 'America/New_York',
  kiritimati: 'Pacific/Kiritimati',
} as const

/** Four tenants in four zones. */
function company(startMs: number): TestDriver {
  const d = new TestDriver({ topologies, startMs, autoCut: false })
  for (const [tenantId, zone] of Object.entries(ZONES)) {
    d.pipe(settings('TenantRegistered', { tenantId, zone }))
    d.pipe(invoice('I1', { tenantId, date: '2026-01-01', total: 10 }))
  }
  return d
}
/** Every close of a tenant: its day and the log time at which it was made, in the order in which they went out. */
const closes = (d: TestDriver) =>
  d
    .history()
    .filter(({ type, data }) => type === 'KpiResult' && data.kind === 'CLOSE')
    .map(({ data: { tenantId, asOf, logTime } }) => ({ tenantId, day: formatDay(asOf), logTime }))

/** Every local midnight between two instants, by the calendar alone. */
function midnights(from: number, to: number) {
  return Object.entries(ZONES)
    .flatMap(([tenantId, zone]) =>
      Array.from({ length: Math.ceil((to - from) / DAY) + 3 }, (_, i) => {
        const day = Math.floor(from / DAY) - 2 + i
        return { tenantId, day: formatDay(day), logTime: startOfDay(day + 1, zone) }
      }),
    )
    .filter(({ logTime }) => logTime > from && logTime <= to)
    .sort((a, b) => a.logTime - b.logTime || (a.tenantId < b.tenantId ? -1 : 1))
}

/** Spring in New York: 8 March; autumn: 1 November. */
const SPRING = Date.UTC(2026, 2, 6, 7, 20)
const AUTUMN = Date.UTC(2026, 9, 30, 7, 20)

describe('ticks', () => {
  it.each([SPRING, AUTUMN])(
    'close every local midnight of every zone once, at its instant, from %d on',
    (start) => {
      const d = company(start)
      for (let now = start - (start % QUARTER) + QUARTER; now <= start + 4 * DAY; now += QUARTER) d.tick(now)
      d.cut()
      expect(closes(d)).toEqual(midnights(start, start + 4 * DAY))
    },
  )

  it.each([SPRING, AUTUMN])(
    'after days of downtime bring each missed midnight once, in order, from %d on',
    (start) => {
      const steady = company(start)
      for (let now = start - (start % QUARTER) + QUARTER; now <= start + 4 * DAY; now += QUARTER)
        steady.tick(now)
      steady.cut()
      const d = company(start)
      d.cut()
      d.restart()
      d.tick(start + 4 * DAY)
      d.cut()
      expect(closes(d)).toEqual(midnights(start, start + 4 * DAY))
      expect(closes(d)).toEqual(closes(steady))
    },
  )

  it('need not be there: any event moves time over the midnights as well', () => {
    const d = company(SPRING)
    d.pipe(settings('TenantSettingsChanged', { tenantId: 'dhaka' }), { timestamp: SPRING + 3 * DAY })
    d.cut()
    expect(closes(d)).toEqual(midnights(SPRING, SPRING + 3 * DAY))
  })

  it('of two clocks, in any order, twice, an hour behind or an hour ahead, do what those of one clock do', () => {
    const tickOf = fc.record({
      clock: fc.constantFrom('right', 'right', 'second', 'behind', 'ahead'),
      times: fc.constantFrom(1, 1, 2),
    })
    fc.assert(
      fc.property(
        fc.array(fc.array(tickOf, { maxLength: 4 }), { minLength: 30, maxLength: 60 }),
        fc.integer({ min: 0, max: 60_000 }),
        (moments, early) => {
          const start = Date.UTC(2026, 2, 7, 10)
          const noisy = company(start)
          const plain = company(start)
          let ahead = 0
          moments.forEach((clocks, i) => {
            const now = start + (i + 1) * 3 * QUARTER
            const tick = (d: TestDriver, instant: number) => d.tick(instant, { timestamp: now })
            for (const { clock, times } of clocks) {
              for (let n = 0; n < times; n++) {
                if (clock === 'ahead') ahead++
                tick(noisy, clock === 'behind' ? now - HOUR : clock === 'ahead' ? now + HOUR : now)
              }
              if (clock === 'second') tick(noisy, now - early)
            }
            tick(noisy, now)
            tick(plain, now)
          })
          noisy.cut()
          plain.cut()
          expect(noisy.dlq().map(({ code }) => code)).toEqual(Array<string>(ahead).fill('tick_ahead'))
          expect(closes(noisy)).toEqual(closes(plain))
          expect(noisy.logTime).toBe(plain.logTime)
          const figures = (d: TestDriver) =>
            Object.fromEntries([...d.results()].map(([key, { data }]) => [key, { ...data, revision: 0 }]))
          expect(figures(noisy)).toEqual(figures(plain))
          expect(noisy.singlePass().digest()).toBe(noisy.digest())
        },
      ),
      runs(25),
    )
  }, 60_000)

  it('up to a minute ahead of their append time are taken; an hour ahead they are refused and move nothing', () => {
    const d = company(SPRING)
    d.tick(SPRING + 60_000, { timestamp: SPRING })
    expect(d.logTime).toBe(SPRING + 60_000)
    d.tick(SPRING + HOUR, { timestamp: SPRING })
    expect(d.logTime).toBe(SPRING + 60_000)
    d.cut()
    expect(d.dlq().map(({ code }) => code)).toEqual(['tick_ahead'])
    // The clock is put right, and its ticks count again.
    d.tick(SPRING + QUARTER)
    expect(d.logTime).toBe(SPRING + QUARTER)
  })
})

describe('the source of an event', () => {
  it('moves no time by what it says of itself: neither recordedAt nor dates of documents do', () => {
    const d = company(SPRING)
    const event = invoice('F', { tenantId: 'dhaka', date: '2027-01-01', total: 99 })
    const data = { ...event.data, recordedAt: SPRING + 400 * DAY, occurredAt: SPRING + 400 * DAY }
    d.pipe({ ...event, data } as typeof event)
    d.cut()
    expect([d.logTime, closes(d), d.late()]).toEqual([SPRING, [], []])
    const aging = d.results().get('dhaka|aging.receivables|')?.data
    expect(aging).toMatchObject({ total: 100_000n, openItems: 1 })
  })
})
