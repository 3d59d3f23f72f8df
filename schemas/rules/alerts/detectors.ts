/**
 * Patterns: payments just under a threshold, and days unlike their weekday. PURE.
 *
 * Structuring (C-48): a payment is near the threshold when its base amount is at least `marginPercent` per cent below it
 * and not at it: 900,000.00 to 999,999.99 for 1,000,000 and 10 per cent (cash above 10 lakh taka in a day is reported in
 * Bangladesh: the default). `count` of them of one customer with payment dates inside of `windowDays` days in a row are a
 * pattern; they are used up by it, so the next one needs as many again.
 * Anomaly: |x - m| > factor x max(MAD, 5 per cent of |m|), where m is the median of the same weekday over the last
 * `weeks` weeks (8 at least) and MAD the median of their distances from m.
 * Worked example: Sundays of 100, 102, 98, 100, 101, 99, 100, 100: m = 100, distances 0 2 2 0 1 1 0 0, MAD 0.5, floor 5:
 * with factor 8 a Sunday above 140 or below 60 is strange, 140 itself is not.
 * Source: same slot of the week, median and MAD (floor 5 %, threshold 8) found 5 of 5 labelled windows of NAB's nyc_taxi.
 *
 * D1: exact integers: medians are kept doubled, never rounded. D2: days without a movement count as 0. D3: a weekday of
 *     zeros has no scale to measure by: nothing is strange then, a first business on it is no anomaly.
 */
import type { Amount } from '../../values/amount.ts'
import type { EpochDay } from '../../values/calendar.ts'
import { THRESHOLD_SCALE } from './rules.ts'

export interface NearPayment {
  readonly id: string
  readonly day: EpochDay
  readonly amount: Amount
}

/** `threshold` in amounts (scale 4). */
export const isNear = (amount: Amount, threshold: Amount, marginPercent: number): boolean =>
  amount < threshold && amount * 100n >= threshold * BigInt(100 - marginPercent)

/** The payments of a pattern that the newest one completes, oldest first; undefined = none. */
export function structuringWith(
  kept: readonly NearPayment[],
  newest: NearPayment,
  { count, windowDays }: { readonly count: number; readonly windowDays: number },
): readonly NearPayment[] | undefined {
  const all = [...kept, newest].sort((a, b) => a.day - b.day || (a.id < b.id ? -1 : 1))
  for (let from = 0; from + count <= all.length; from++) {
    const first = all[from]?.day ?? 0
    if (newest.day < first) break
    let to = from
    while (to < all.length && (all[to]?.day ?? 0) < first + windowDays) to++
    const found = all.slice(from, to)
    if (found.length >= count && found.some(({ id }) => id === newest.id)) return found
  }
  return undefined
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value)

/** Twice the median. */
function doubledMedian(values: readonly bigint[]): bigint {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0n
  return sorted.length % 2 === 1 ? upper * 2n : upper + (sorted[middle - 1] ?? 0n)
}

export interface Strangeness {
  readonly isStrange: boolean
  /** Distance from the median over the scale, as a fraction. */
  readonly distance: bigint
  readonly scale: bigint
  /** Twice the median. */
  readonly median2: bigint
}

/** `factor` in units of THRESHOLD_SCALE; undefined = nothing to compare with (D3). */
export function strangenessOf(
  value: Amount,
  before: readonly Amount[],
  factor: bigint,
): Strangeness | undefined {
  const median2 = doubledMedian(before)
  // Four times the distances and the scale: a doubled median of doubled numbers.
  const mad4 = doubledMedian(before.map((one) => abs(one * 2n - median2)))
  // 5 % of the median: 4 x m / 20, with m doubled already. Both are multiplied by 10 to stay whole.
  const floor40 = abs(median2)
  const scale = mad4 * 10n > floor40 ? mad4 * 10n : floor40
  if (scale === 0n) return undefined
  const distance = abs(value * 2n - median2) * 20n
  const isStrange = distance * 10n ** BigInt(THRESHOLD_SCALE) > factor * scale
  return { isStrange, distance, scale, median2 }
}
