/** The line of a KPI's history ends where its tile stands. */
import { describe, expect, it } from '@jest/globals'
import { type HistoryPoint, secondsOf, withNow } from '../../../../api/dashboard/src/kpi-history.ts'

const point = (asOf: string, value: string | null, at = `${asOf}T18:00:00Z`): HistoryPoint => ({
  asOf,
  at,
  value,
  unit: 'BDT',
})
const values = (points: readonly HistoryPoint[]) => points.map(({ asOf, value }) => [asOf, value])
const PAST = [point('2026-06-29', '1.00'), point('2026-06-30', '2.00')]

describe('history with the figure of now', () => {
  it('has one point a day: that of today is the pushed one', () => {
    expect(values(withNow(PAST, 'day', point('2026-06-30', '3.00')))).toEqual([
      ['2026-06-29', '1.00'],
      ['2026-06-30', '3.00'],
    ])
    expect(values(withNow(PAST, 'day', point('2026-07-01', null)))).toEqual([
      ['2026-06-29', '1.00'],
      ['2026-06-30', '2.00'],
      ['2026-07-01', null],
    ])
  })

  it('has one point a month, and every hour its own', () => {
    expect(values(withNow(PAST.slice(1), 'month', point('2026-06-02', '3.00')))).toEqual([
      ['2026-06-02', '3.00'],
    ])
    expect(withNow(PAST, 'hour', point('2026-06-30', '3.00'))).toHaveLength(3)
  })

  it('is the past alone for a past day', () => {
    expect(withNow(PAST, 'day', undefined)).toBe(PAST)
  })

  it('stands at its day, or by the hour at its instant', () => {
    const [first] = PAST
    if (first === undefined) throw new Error('no point')
    expect(secondsOf(first, 'day')).toBe(Date.UTC(2026, 5, 29) / 1000)
    expect(secondsOf(first, 'hour')).toBe(Date.UTC(2026, 5, 29, 18) / 1000)
  })
})
