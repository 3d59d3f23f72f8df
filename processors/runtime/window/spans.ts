/**
 * Which windows: spans of time that follow each other, and ranges of days as of a day. PURE.
 *
 * A tumbling window is a span: every instant is in exactly one, and the next one begins where it ends. A window over
 * daily panes is a range: the days that count as of a day. Local spans and ranges are made of a zone's days, which are
 * 23 to 25 hours long where clocks change.
 * S1: `startsAt` <= the instant < `endsAt`. S2: a span is named by its number: the same instant and zone give the same
 * one, later spans have higher numbers. S3: a fiscal year begins on `yearStart` (MM-DD, at most day 28); '01-01' is the
 * calendar's.
 */
import {
  dayAt,
  type EpochDay,
  firstOfFiscalQuarter,
  firstOfFiscalYear,
  firstOfMonth,
  formatDay,
  startOfDay,
} from '../../../schemas/values/calendar.ts'

export interface Span {
  readonly number: number
  readonly startsAt: number
  readonly endsAt: number
  /** For people and headers. */
  readonly label: string
}

export interface Spans {
  /** The span that holds an instant, in a zone. */
  at(instant: number, zone: string): Span
}

/** Spans of a fixed length from 1970-01-01T00:00Z on, the same in every zone. */
export function fixedSpans(lengthMs: number): Spans {
  if (!Number.isSafeInteger(lengthMs) || lengthMs < 1)
    throw new RangeError(`a span must be 1 ms or longer, got ${lengthMs}`)
  return {
    at(instant) {
      const number = Math.floor(instant / lengthMs)
      const startsAt = number * lengthMs
      return { number, startsAt, endsAt: startsAt + lengthMs, label: new Date(startsAt).toISOString() }
    },
  }
}

export type PeriodUnit = 'day' | 'month' | 'quarter' | 'year'

/** Days, both included. */
export interface DayRange {
  readonly from: EpochDay
  readonly to: EpochDay
}

/** Days after the first of a period that surely lie in the next one. */
const NEXT: Readonly<Record<PeriodUnit, number>> = { day: 1, month: 31, quarter: 95, year: 370 }

/** First day of the period that holds a day. */
export function firstOfPeriod(unit: PeriodUnit, day: EpochDay, yearStart = '01-01'): EpochDay {
  switch (unit) {
    case 'day':
      return day
    case 'month':
      return firstOfMonth(day)
    case 'quarter':
      return firstOfFiscalQuarter(day, yearStart)
    case 'year':
      return firstOfFiscalYear(day, yearStart)
  }
}

/** The whole period that holds a day. */
export function periodOf(unit: PeriodUnit, day: EpochDay, yearStart = '01-01'): DayRange {
  const from = firstOfPeriod(unit, day, yearStart)
  return { from, to: firstOfPeriod(unit, from + NEXT[unit], yearStart) - 1 }
}

/** The last N days, `asOf` included. */
export const rollingDays = (days: number, asOf: EpochDay): DayRange => ({ from: asOf - days + 1, to: asOf })

/** The period so far. */
export const periodToDate = (unit: PeriodUnit, asOf: EpochDay, yearStart = '01-01'): DayRange => ({
  from: firstOfPeriod(unit, asOf, yearStart),
  to: asOf,
})

/** Local days, months, quarters or years, numbered by their first day. */
export function localSpans(unit: PeriodUnit, yearStart = '01-01'): Spans {
  // The spans met last, by zone: events come close together, and asking a calendar is slow. Never read for state.
  const known = new Map<string, Span>()
  return {
    at(instant, zone) {
      const last = known.get(zone)
      if (last !== undefined && instant >= last.startsAt && instant < last.endsAt) return last
      const { from, to } = periodOf(unit, dayAt(instant, zone), yearStart)
      const [startsAt, endsAt] = [startOfDay(from, zone), startOfDay(to + 1, zone)]
      const span = { number: from, startsAt, endsAt, label: formatDay(from) }
      known.set(zone, span)
      return span
    },
  }
}
