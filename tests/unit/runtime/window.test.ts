/** The parts of the window library by themselves. */
import { describe, expect, it } from '@jest/globals'
import {
  changedIn,
  finalOut,
  isOut,
  nextMultiple,
  takeStale,
} from '../../../processors/runtime/window/finals.ts'
import { fixedSpans, localSpans } from '../../../processors/runtime/window/spans.ts'

const RULE = { everyMs: 15, horizon: 5 }
const at = (text: string) => Date.parse(text)

describe('finals', () => {
  const ten = finalOut(finalOut(undefined, 9), 10)

  it('go out once', () => {
    expect(() => finalOut(ten, 10)).toThrow('the final of window 10 is out')
    expect([8, 9, 10, 11].map((n) => isOut(ten, n))).toEqual([false, true, true, false])
    expect(isOut(undefined, 9)).toBe(false)
  })

  it('are stale from the window of a change on, and corrected once per period', () => {
    const now = { current: 11, logTime: 31 }
    expect(changedIn(ten, 11, now, RULE)).toBe(ten)
    const once = changedIn(ten, 10, now, RULE)
    expect(once).toMatchObject({ staleFrom: 10, correctAt: 45 })
    expect(changedIn(once, 10, { ...now, logTime: 44 }, RULE)).toBe(once)
    const both = changedIn(once, 3, { ...now, logTime: 44 }, RULE)
    expect(both).toMatchObject({ staleFrom: 9, correctAt: 45 })
    expect(takeStale(both, 11, RULE)).toEqual({
      range: [9, 10],
      finals: { from: 9, through: 10, staleFrom: null, correctAt: 0 },
    })
  })

  it('that are older than the horizon are left as they are', () => {
    const many = { from: 1, through: 20, staleFrom: null, correctAt: 0 }
    const changed = changedIn(many, 2, { current: 21, logTime: 0 }, RULE)
    expect(takeStale(changed, 21, RULE).range).toEqual([16, 20])
    // Nobody came for long: the horizon has moved on.
    expect(takeStale(changed, 24, RULE).range).toEqual([19, 20])
    expect(takeStale(changed, 40, RULE).range).toBeNull()
  })

  it('of windows ahead wait until those are reached', () => {
    const { range, finals } = takeStale({ ...ten, staleFrom: 9, correctAt: 45 }, 9, RULE)
    expect([range, finals.staleFrom]).toEqual([[9, 9], 10])
  })

  it('are corrected strictly later than what asks for it', () => {
    expect([0, 14, 15, -1].map((ms) => nextMultiple(ms, 15))).toEqual([15, 15, 30, 0])
  })
})

describe('spans', () => {
  it('of a fixed length follow each other from 1970 on, before it too', () => {
    const hours = fixedSpans(3_600_000)
    expect(hours.at(-1, 'UTC')).toMatchObject({ number: -1, startsAt: -3_600_000, endsAt: 0 })
    expect(hours.at(0, 'Asia/Kathmandu').startsAt).toBe(0)
    expect(() => fixedSpans(0)).toThrow('1 ms or longer')
  })

  it('of local days are 23, 24 and 25 hours long in New York, and are asked for in any order', () => {
    const days = localSpans('day')
    const length = (text: string, zone = 'America/New_York') => {
      const { startsAt, endsAt } = days.at(at(text), zone)
      return (endsAt - startsAt) / 3_600_000
    }
    expect(length('2026-03-08T12:00:00Z')).toBe(23)
    expect(length('2026-11-01T12:00:00Z')).toBe(25)
    expect(length('2026-03-08T12:00:00Z', 'Asia/Dhaka')).toBe(24)
    expect(length('2026-03-08T04:59:59Z')).toBe(24)
    expect(days.at(at('2026-03-08T04:59:59Z'), 'America/New_York').label).toBe('2026-03-07')
    expect(days.at(at('2026-03-08T05:00:00Z'), 'America/New_York').label).toBe('2026-03-08')
  })

  it('of fiscal quarters and years begin with the fiscal year, at a midnight of the zone', () => {
    const instant = at('2026-08-10T00:00:00Z')
    expect(localSpans('quarter', '07-01').at(instant, 'Asia/Dhaka')).toMatchObject({
      label: '2026-07-01',
      startsAt: at('2026-06-30T18:00:00Z'),
      endsAt: at('2026-09-30T18:00:00Z'),
    })
    expect(localSpans('year', '07-01').at(instant, 'Asia/Dhaka').endsAt).toBe(at('2027-06-30T18:00:00Z'))
    expect(localSpans('month').at(instant, 'Asia/Dhaka').label).toBe('2026-08-01')
  })
})
