/**
 * Columns of a statement: the period asked for, and those that it is compared with. PURE.
 * previous: whole months are compared with as many whole months before, anything else with as many days just before.
 * lastYear: the same days a year before.
 * A balance is compared with the end of the month before, or with the same day a year before.
 * Worked example: 1 July - 31 August against 1 May - 30 June; 10-19 July against 30 June - 9 July; 28 February 2025 a year
 * before is 29 February 2024: an end of month stays one.
 * P1: columns are as long as each other in months, or in days. P2: the newest is first.
 */
import { type EpochDay, firstOfMonth } from '../../values/calendar.ts'

export const COMPARISONS = ['none', 'previous', 'lastYear'] as const
export type Comparison = (typeof COMPARISONS)[number]

export interface Period {
  readonly from: EpochDay
  readonly to: EpochDay
}

const nextMonth = (day: EpochDay): EpochDay => firstOfMonth(firstOfMonth(day) + 31)
const isMonthEnd = (day: EpochDay): boolean => firstOfMonth(day + 1) === day + 1

/** The first of the month so many months before. */
function monthsBack(first: EpochDay, months: number): EpochDay {
  let day = first
  for (let i = 0; i < months; i++) day = firstOfMonth(day - 1)
  return day
}

/** The same day of the month, or the last where there is none; an end of month stays one. */
export function yearBefore(day: EpochDay): EpochDay {
  const first = firstOfMonth(day)
  const target = monthsBack(first, 12)
  const last = nextMonth(target) - 1
  return isMonthEnd(day) ? last : Math.min(target + (day - first), last)
}

function monthsOf({ from, to }: Period): number | undefined {
  if (firstOfMonth(from) !== from || !isMonthEnd(to)) return undefined
  let months = 0
  for (let day = from; day <= to; day = nextMonth(day)) months++
  return months
}

function before(period: Period, comparison: Exclude<Comparison, 'none'>): Period {
  const { from, to } = period
  if (comparison === 'lastYear') {
    const last = yearBefore(to)
    return { from: firstOfMonth(from) === from ? monthsBack(from, 12) : yearBefore(from), to: last }
  }
  const months = monthsOf(period)
  if (months !== undefined) return { from: monthsBack(from, months), to: from - 1 }
  return { from: from - (to - from + 1), to: from - 1 }
}

/** The period and `count` that it is compared with. */
export function periodsOf(period: Period, comparison: Comparison, count: number): Period[] {
  const periods = [period]
  if (comparison === 'none') return periods
  for (let last = period; periods.length <= count; ) {
    last = before(last, comparison)
    periods.push(last)
  }
  return periods
}

/** The day and `count` that it is compared with. */
export function daysOf(day: EpochDay, comparison: Comparison, count: number): EpochDay[] {
  const days = [day]
  if (comparison === 'none') return days
  for (let last = day; days.length <= count; ) {
    last = comparison === 'lastYear' ? yearBefore(last) : firstOfMonth(last) - 1
    days.push(last)
  }
  return days
}
