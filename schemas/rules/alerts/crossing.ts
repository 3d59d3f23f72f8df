/**
 * When a rule fires and when its alert clears. PURE: the log time comes in.
 *
 * X1: a rule fires when the value is past the threshold, strictly, and no alert of it holds; so one alert per crossing.
 * X2: an alert that holds clears when the value is back at the clear level (or at the threshold where there is none); in
 *     between nothing happens. X3: for `coolDownMinutes` after an alert was raised no other one is, whatever happens; a
 *     value that is still past the threshold when they are over fires then: `wakeAt` says when to look again.
 * X4: comparisons are between integers: a value is a fraction, so 20.01 % is above 20 % and 20.00 % is not.
 * X5: a value that is not known (no history yet) changes nothing.
 * Worked example: DSO above 45, clear level 40, cool-down 60 minutes. 44 silent; 46 at 10:00 fires; 43 and 47 change
 * nothing; 40 clears; 46 at 10:30 is silent, and fires at 11:00 if it is still there.
 */
import { type AlertRule, THRESHOLD_SCALE, thresholdOf } from './rules.ts'

/** A value as a fraction in the unit of the threshold; the denominator is above 0. */
export interface Reading {
  readonly numerator: bigint
  readonly denominator: bigint
  /** As people read it. */
  readonly text: string
}

/** What a rule remembers of its subject. */
export interface Watch {
  /** The alert that holds; null = none. */
  readonly alertId: string | null
  /** Log time of the last alert; null = there was none. */
  readonly raisedAt: number | null
}

export const UNWATCHED: Watch = { alertId: null, raisedAt: null }

export type Step =
  | { readonly kind: 'none' | 'raise' | 'clear' }
  /** X3: silent until then. */
  | { readonly kind: 'wait'; readonly wakeAt: number }

const UNIT = 10n ** BigInt(THRESHOLD_SCALE)
const NONE: Step = { kind: 'none' }

/** Sign of reading - level. */
function compare({ numerator, denominator }: Reading, level: string): number {
  const left = numerator * UNIT
  const right = thresholdOf(level) * denominator
  return left < right ? -1 : left > right ? 1 : 0
}

export const isPast = (rule: AlertRule, reading: Reading): boolean =>
  compare(reading, rule.threshold) === (rule.operator === 'ABOVE' ? 1 : -1)

const isBack = (rule: AlertRule, reading: Reading): boolean =>
  compare(reading, rule.clearLevel ?? rule.threshold) !== (rule.operator === 'ABOVE' ? 1 : -1)

export const coolDownEnd = (rule: AlertRule, watch: Watch): number =>
  watch.raisedAt === null ? Number.NEGATIVE_INFINITY : watch.raisedAt + rule.coolDownMinutes * 60_000

export function stepOf(rule: AlertRule, watch: Watch, reading: Reading | null, logTime: number): Step {
  if (reading === null) return NONE
  if (watch.alertId !== null) return isBack(rule, reading) ? { kind: 'clear' } : NONE
  if (!isPast(rule, reading)) return NONE
  const wakeAt = coolDownEnd(rule, watch)
  return logTime < wakeAt ? { kind: 'wait', wakeAt } : { kind: 'raise' }
}
