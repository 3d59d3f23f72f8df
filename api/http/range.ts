/** Ranges of days in queries: both ends included, bounded. */
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { ApiError } from './problem.ts'

export interface DayRange {
  readonly from: EpochDay
  readonly to: EpochDay
}

export interface RangeRule {
  /** Days before `to` when `from` is absent. */
  readonly defaultDays: number
  readonly maxDays: number
}

export function rangeOf(
  query: { readonly from: string | undefined; readonly to: string | undefined },
  today: string,
  rule: RangeRule,
): DayRange {
  const to = parseDay(query.to ?? today)
  const from = query.from === undefined ? to - rule.defaultDays + 1 : parseDay(query.from)
  if (from > to) throw new ApiError('range_invalid', `from ${formatDay(from)} is after to ${formatDay(to)}.`)
  if (to - from + 1 > rule.maxDays) {
    throw new ApiError(
      'range_invalid',
      `The range has ${to - from + 1} days; this read allows ${rule.maxDays}.`,
    )
  }
  return { from, to }
}
