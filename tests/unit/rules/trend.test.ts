/** Trends against figures worked by hand, and p values of the normal distribution as tables print them. */
import { describe, expect, it } from '@jest/globals'
import { trendOf } from '../../../schemas/rules/trend.ts'

const series = (values: readonly number[], step = 1) => values.map((value, i) => ({ day: i * step, value }))

describe('a trend', () => {
  it('has the median slope, and p by the signs of all pairs', () => {
    // Ten pairs: 9 rises, 1 fall: S = 8, variance 300 / 18, z = 7 / 4.0825 = 1.7146; table: p = 0.0864.
    const trend = trendOf(series([1, 2, 3, 5, 4]))
    expect(trend).toMatchObject({ slopePerDay: 1, significant: false })
    expect(trend?.p).toBeCloseTo(0.0864, 3)
  })

  it('corrects for ties', () => {
    // S = 4 rises (of 1 or 2 to 3; ties are 0): pairs 1<2 twice, 1<3, 2<3 twice = 5 rises; 2=2: variance (4x3x13 - 2x1x9) / 18 = 7.667.
    // z = (5 - 1) / 2.7689 = 1.4446; table: p = 0.1486.
    expect(trendOf(series([1, 2, 2, 3]))?.p).toBeCloseTo(0.1486, 3)
  })

  it('finds a known slope among noise and an outlier, and says that it is one', () => {
    const noise = [3, -2, 1, -4, 2, 0, -1, 4, -3, 2]
    const values = Array.from({ length: 40 }, (_, i) => 100 + 2.5 * i + (noise[i % 10] ?? 0))
    values[20] = 10_000
    const trend = trendOf(series(values, 7))
    expect(trend?.slopePerDay).toBeCloseTo(2.5 / 7, 1)
    expect(trend?.significant).toBe(true)
    expect(trend?.p).toBeLessThan(1e-6)
  })

  it('is not significant in what goes up and down, nor in what stays', () => {
    expect(trendOf(series([5, 9, 4, 8, 5, 9, 4, 8, 6, 7]))?.significant).toBe(false)
    expect(trendOf(series([7, 7, 7, 7, 7, 7]))).toEqual({ slopePerDay: 0, p: 1, significant: false })
  })

  it('falls as it rises: the mirror image has the opposite slope and the same p', () => {
    const up = trendOf(series([1, 4, 2, 8, 5, 7, 9, 12]))
    const down = trendOf(series([1, 4, 2, 8, 5, 7, 9, 12].map((v) => -v)))
    expect([down?.slopePerDay, down?.p]).toEqual([-(up?.slopePerDay ?? 0), up?.p])
    expect(up?.significant).toBe(true)
  })

  it('is none with fewer than four points', () => {
    expect([trendOf([]), trendOf(series([1, 2, 3]))]).toEqual([null, null])
  })

  it('looks at no more points than it can pair', () => {
    expect(trendOf(series(Array.from({ length: 5_000 }, (_, i) => i)))).toMatchObject({ slopePerDay: 1 })
  })
})
