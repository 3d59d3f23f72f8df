/**
 * Days and zones. PURE: instants come in as arguments. A day is an EpochDay: days since 1970-01-01 (Avro `date`).
 * D1: a local day belongs to a zone; converting needs one. D2: EpochDay arithmetic is plain integer arithmetic.
 */
import { Temporal } from 'temporal-polyfill'

export type EpochDay = number

const DAY_MS = 86_400_000

/** Reads YYYY-MM-DD. Throws RangeError for anything that is not a real day. */
export function parseDay(text: string): EpochDay {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text))
    throw new RangeError(`not a date YYYY-MM-DD: ${JSON.stringify(text.slice(0, 40))}`)
  const ms = Date.parse(`${text}T00:00:00Z`)
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text)
    throw new RangeError(`no such day: ${text}`)
  return ms / DAY_MS
}

export const formatDay = (day: EpochDay): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** Local day of an instant in a zone. */
export function dayAt(instantMs: number, zone: string): EpochDay {
  const date = Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone)
  return Date.UTC(date.year, date.month - 1, date.day) / DAY_MS
}

/** Instant (ms) at which a local day begins in a zone. */
export function startOfDay(day: EpochDay, zone: string): number {
  return Temporal.PlainDate.from(formatDay(day)).toZonedDateTime(zone).epochMilliseconds
}

const partsOf = (day: EpochDay) => {
  const d = new Date(day * DAY_MS)
  return { year: d.getUTCFullYear(), month: d.getUTCMonth() + 1, day: d.getUTCDate() }
}
const dayOf = (year: number, month: number, day: number): EpochDay => Date.UTC(year, month - 1, day) / DAY_MS

export const firstOfMonth = (day: EpochDay): EpochDay => {
  const p = partsOf(day)
  return dayOf(p.year, p.month, 1)
}

/** First day of the fiscal year that holds `day`; `fiscalYearStart` is MM-DD. */
export function firstOfFiscalYear(day: EpochDay, fiscalYearStart: string): EpochDay {
  const month = Number(fiscalYearStart.slice(0, 2))
  const dom = Number(fiscalYearStart.slice(3, 5))
  const { year } = partsOf(day)
  const start = dayOf(year, month, dom)
  return start <= day ? start : dayOf(year - 1, month, dom)
}

/** First day of the fiscal quarter that holds `day`: quarters are three months from the fiscal year's start. */
export function firstOfFiscalQuarter(day: EpochDay, fiscalYearStart: string): EpochDay {
  const start = partsOf(firstOfFiscalYear(day, fiscalYearStart))
  let quarter = dayOf(start.year, start.month, start.day)
  for (let i = 1; i < 4; i++) {
    const next = dayOf(start.year, start.month + 3 * i, start.day)
    if (next <= day) quarter = next
  }
  return quarter
}

/** The same day a year before; 29 February becomes 28 February. */
export function yearBefore(day: EpochDay): EpochDay {
  const { year, month, day: dom } = partsOf(day)
  return month === 2 && dom === 29 ? dayOf(year - 1, 2, 28) : dayOf(year - 1, month, dom)
}

/** Name of the fiscal year, e.g. "2025-26", or "2025" when it is the calendar year. */
export function fiscalYearName(day: EpochDay, fiscalYearStart: string): string {
  const { year, month, day: dom } = partsOf(firstOfFiscalYear(day, fiscalYearStart))
  if (month === 1 && dom === 1) return String(year)
  return `${year}-${String((year + 1) % 100).padStart(2, '0')}`
}

/** Throws RangeError when the zone is not an IANA zone known here. */
export function checkZone(zone: string): string {
  Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
  return zone
}
