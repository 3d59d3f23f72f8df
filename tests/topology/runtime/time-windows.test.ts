/** Tumbling windows through the engine: finals, corrections, late events, history, the horizon, zones. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { startOfDay } from '../../../schemas/values/calendar.ts'
import { DAILY, HOUR, HOURLY, MINUTE, type Said, WINDOWS, ZONES } from './time-windows-toy.ts'
import { failed, START } from './toy.ts'

let d: TestDriver
beforeEach(() => {
  d = new TestDriver({ topologies: [WINDOWS], startMs: START })
})
/** Minutes after START at which it occurred, and at which it was appended. */
const pipe = (occurred: number, appended: number, fields: Parameters<typeof failed>[0] = {}) =>
  d.pipe(failed({ occurredAt: START + occurred * MINUTE, failedDate: 1, ...fields }), {
    timestamp: START + appended * MINUTE,
  })
const tick = (minutes: number) => d.tick(START + minutes * MINUTE)
const said = (name: string): Said[] =>
  d
    .emitted(TOPICS.alerts)
    .map(({ value }) => JSON.parse(String(value)) as Said)
    .filter((one) => one.name === name)
const hours = () =>
  said('hourly').map(
    ({ label, revision, count, at }) =>
      `${label.slice(11, 16)} r${revision} n${count} @${(at - START) / MINUTE}`,
  )
const late = () =>
  d
    .late()
    .map(({ headers: h }) => `${h['nikash-late-reason']} ${h['nikash-late-window']} ${h['nikash-late-ms']}`)

describe('the final of a window', () => {
  it('goes out once, when log time is at its end and grace, with what came until then', () => {
    pipe(5, 5)
    pipe(55, 65)
    tick(69)
    expect(hours()).toEqual([])
    tick(70)
    tick(80)
    expect(hours()).toEqual(['00:00 r1 n2 @70'])
    expect(late()).toEqual([])
  })

  it('of each window that is due goes out in order after a gap; windows without events have none', () => {
    pipe(5, 5)
    pipe(65, 66)
    pipe(185, 186)
    tick(1_000)
    expect(hours()).toEqual(['00:00 r1 n1 @70', '01:00 r1 n1 @130', '03:00 r1 n1 @250'])
  })

  it('goes out at the next quarter-hour when its time had passed before anything was known of it; nothing is late', () => {
    pipe(5, 5)
    pipe(65, 200)
    pipe(70, 201)
    tick(210)
    expect(hours()).toEqual(['00:00 r1 n1 @70', '01:00 r1 n2 @210'])
    expect(late()).toEqual([])
  })
})

describe('an event for a window whose final is out', () => {
  it('is late, counts, and brings one correction at the next quarter-hour however many come', () => {
    pipe(5, 5)
    for (const appended of [72, 73, 74]) pipe(6, appended)
    tick(75)
    tick(90)
    pipe(7, 91)
    tick(105)
    expect(hours()).toEqual(['00:00 r1 n1 @70', '00:00 r2 n4 @75', '00:00 r3 n5 @105'])
    expect(late()).toEqual(
      [12, 13, 14, 31].map((m) => `after_final hourly 2026-01-01T00:00:00.000Z ${m * MINUTE}`),
    )
  })

  it('may take back what was added', () => {
    pipe(5, 5, { failedDate: 7 })
    pipe(6, 6, { failedDate: 5 })
    pipe(6, 80, { failedDate: 5, reason: 'void' })
    tick(90)
    expect(said('hourly').map(({ count, sum }) => [count, sum])).toEqual([
      [2, '12'],
      [1, '7'],
    ])
  })

  it('leaves no trace when its handler fails', () => {
    pipe(5, 5)
    pipe(6, 80, { reason: 'boom' })
    tick(120)
    expect([hours(), late()]).toEqual([['00:00 r1 n1 @70'], []])
  })

  it('is late and no longer counted once the window is forgotten', () => {
    pipe(5, 5)
    tick(70 + 6 * 60)
    expect(d.entries(HOURLY.stores[0]).size).toBe(0)
    pipe(6, 70 + 6 * 60 + 1)
    tick(70 + 7 * 60)
    expect(hours()).toEqual(['00:00 r1 n1 @70'])
    expect(late()).toEqual([`after_horizon hourly 2026-01-01T00:00:00.000Z ${(10 + 6 * 60 + 1) * MINUTE}`])
  })

  it('is still corrected when the horizon comes before the next quarter-hour', () => {
    pipe(5, 5)
    pipe(6, 70 + 6 * 60 - 1)
    tick(70 + 6 * 60)
    expect(hours()).toEqual(['00:00 r1 n1 @70', '00:00 r2 n2 @430'])
  })
})

describe('history', () => {
  it('of a key that was just heard of is never late, has no final, and can be read', () => {
    const old = Date.UTC(2012, 4, 1)
    for (let i = 0; i < 100; i++)
      d.pipe(failed({ occurredAt: old + i * MINUTE, failedDate: 2 }), { timestamp: START + i })
    tick(10_000)
    d.pipe(failed({ occurredAt: old, failedDate: 2 }))
    expect([said('hourly'), said('daily'), late()]).toEqual([[], [], []])
    const ctx = { store: (spec: never) => ({ get: (key: string) => d.state(spec, key) }) } as never
    expect(HOURLY.get({ key: 'acme', instant: old, zone: 'UTC' }, ctx)).toEqual({ count: 61, sum: 122n })
    expect(DAILY.get({ key: 'acme', instant: old, zone: 'UTC' }, ctx).count).toBe(101)
  })

  it('begins anew for each key', () => {
    pipe(5, 5)
    pipe(6, 100, { tenantId: 'beta' })
    tick(120)
    expect(said('hourly').map(({ key }) => key)).toEqual(['acme'])
    expect(late()).toEqual([])
  })
})

describe('an instant ahead of log time', () => {
  it('counts as log time: the future has no windows', () => {
    pipe(60 * 24 * 365, 5)
    tick(70)
    expect(hours()).toEqual(['00:00 r1 n1 @70'])
  })
})

describe('local days', () => {
  it('are final at each midnight of their zone, summer time or not', () => {
    const at = Date.UTC(2026, 2, 7, 9)
    d = new TestDriver({ topologies: [WINDOWS], startMs: at })
    const tenants = Object.keys(ZONES)
    for (const tenantId of tenants) d.pipe(failed({ tenantId, occurredAt: at }), { timestamp: at })
    for (let hour = 1; hour <= 72; hour++) {
      d.tick(at + hour * HOUR)
      for (const tenantId of tenants) d.pipe(failed({ tenantId, occurredAt: at + hour * HOUR }))
    }
    for (const tenantId of tenants) {
      const zone = ZONES[tenantId] ?? ''
      const days = said('daily').filter(({ key }) => key === tenantId)
      const labels = days.map(({ label }) => label)
      expect(labels).toEqual([...new Set(labels)].sort())
      const first = Date.parse(labels[0] ?? '') / (24 * HOUR)
      days.forEach(({ at: said_, revision }, i) => {
        expect({ tenantId, said_, revision }).toEqual({
          tenantId,
          said_: startOfDay(first + i + 1, zone),
          revision: 1,
        })
      })
    }
    // 8 March 2026 is 23 hours long in New York.
    const short = said('daily').find(({ key, label }) => key === 'newyork' && label === '2026-03-08')
    expect(short?.count).toBe(23)
    expect(late()).toEqual([])
  })
})
