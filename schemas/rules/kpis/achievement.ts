/**
 * Achievement of a target (C-28) = actual / target of the elapsed part of its period x 100. PURE. A measure that adds up
 * over days has as much of its target as days have elapsed, asOf included; a ratio, a balance or a number of days has all
 * of it from the first day on. Null with `zero_denominator` where the target is 0, and without an actual with its reason;
 * `not_meaningful` below a negative target.
 * Example: netRevenue 900 a quarter of 90 days, 30 days gone, 400 sold: 400 / 300 = 133.33 %.
 * Source: requirement table C-28; finance table of definitions (actual / target for the elapsed part of the period).
 */
import { type Amount, divideRounded, SCALE } from '../../values/amount.ts'
import type { EpochDay } from '../../values/calendar.ts'
import { type Raw, ratio } from './kit.ts'

export interface Target {
  /** In the unit, scale 4. */
  readonly amount: Amount
  readonly from: EpochDay
  readonly to: EpochDay
}

export interface Achievement {
  /** What should be there by now, scale 4, rounded. */
  readonly elapsed: Amount
  readonly rate: Raw
}

export function achievementOf(target: Target, actual: Raw, isFlow: boolean, asOf: EpochDay): Achievement {
  const total = BigInt(target.to - target.from + 1)
  const gone = isFlow ? BigInt(Math.min(asOf, target.to) - target.from + 1) : total
  const elapsed = divideRounded(target.amount * gone, total)
  if (actual.value === null) return { elapsed, rate: actual }
  const scale = 10n ** BigInt(actual.scale - SCALE)
  return { elapsed, rate: ratio(actual.value * total * 100n, target.amount * scale * gone, true) }
}
