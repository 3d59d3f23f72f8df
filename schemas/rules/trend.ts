/**
 * Trend of a measure over time, and whether it is one. PURE.
 * Slope by Theil-Sen: the median of the slopes between all pairs of points, so that a single outlier turns nothing.
 * Significance by Mann-Kendall: S = later points above earlier ones less those below; two-sided p by the normal
 * approximation with continuity correction, variance corrected for ties. p below 0.05 = significant.
 * Worked example: days 0..4, values 1, 2, 3, 5, 4: slopes 1, 1, 4/3, 3/4, 1, 3/2, 2/3, 2, 1/2, -1: median 1 a day; S = 8,
 * variance 5 x 4 x 15 / 18 = 16.67, z = 7 / 4.0825 = 1.7146, p = 0.0864: not significant.
 * Sources: Sen (1968), Mann (1945), Kendall (1975); requirement table C-31.
 *
 * T1: these are statistics about figures, not money: doubles. T2: fewer than 4 points have no trend: no p could be below
 * 0.05 even if all of them rise. T3: at most POINTS_MAX points are looked at, evenly chosen, first and last included: pairs grow
 * with the square.
 */
export interface TrendPoint {
  readonly day: number
  readonly value: number
}

export interface Trend {
  readonly slopePerDay: number
  /** Of no trend: the chance of as many rises (or falls) among points in any order. */
  readonly p: number
  readonly significant: boolean
}

const POINTS_MAX = 1_000
const SIGNIFICANCE = 0.05

function chosen(points: readonly TrendPoint[]): readonly TrendPoint[] {
  if (points.length <= POINTS_MAX) return points
  const step = (points.length - 1) / (POINTS_MAX - 1)
  return Array.from({ length: POINTS_MAX }, (_, i) => points[Math.round(i * step)] as TrendPoint)
}

function medianOf(values: Float64Array): number {
  values.sort()
  const middle = values.length >>> 1
  const upper = values[middle] ?? 0
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? 0) + upper) / 2
}

/** Complement of the error function, absolute error below 1.2e-7 (Numerical Recipes' Chebyshev fit). */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2)
  const fit = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ]
  const sum = fit.reduceRight((higher, c) => higher * t + c, 0)
  return t * Math.exp(-x * x + sum)
}

/** Sum of t (t - 1) (2t + 5) over groups of t equal values. */
function tied(points: readonly TrendPoint[]): number {
  const counts = new Map<number, number>()
  for (const { value } of points) counts.set(value, (counts.get(value) ?? 0) + 1)
  let sum = 0
  for (const t of counts.values()) sum += t * (t - 1) * (2 * t + 5)
  return sum
}

/** Trend of points in the order of their days, one per day; null where there are too few (T2). */
export function trendOf(given: readonly TrendPoint[]): Trend | null {
  const points = chosen(given)
  const n = points.length
  if (n < 4) return null
  const slopes = new Float64Array((n * (n - 1)) / 2)
  let [s, at] = [0, 0]
  for (const [j, later] of points.entries()) {
    for (const earlier of points.slice(0, j)) {
      const rise = later.value - earlier.value
      s += Math.sign(rise)
      slopes[at++] = rise / (later.day - earlier.day)
    }
  }
  const variance = (n * (n - 1) * (2 * n + 5) - tied(points)) / 18
  const z = variance === 0 ? 0 : Math.max(0, Math.abs(s) - 1) / Math.sqrt(variance)
  const p = Math.min(1, erfc(z / Math.SQRT2))
  return { slopePerDay: medianOf(slopes), p, significant: p < SIGNIFICANCE }
}
