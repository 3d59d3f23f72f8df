import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  checkZone,
  dayAt,
  firstOfFiscalQuarter,
  firstOfFiscalYear,
  firstOfMonth,
  fiscalYearName,
  formatDay,
  parseDay,
  startOfDay,
} from '../../../schemas/values/calendar.ts'

const days = fc.integer({ min: parseDay('1900-01-01'), max: parseDay('2199-12-31') })
const zones = fc.constantFrom(
  'Asia/Dhaka',
  'UTC',
  'America/New_York',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Europe/London',
)

/** Days of a civil date by Howard Hinnant's arithmetic: no Date, no Temporal. */
function daysFromCivil(y0: number, m: number, d: number): number {
  const y = m <= 2 ? y0 - 1 : y0
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (m > 2 ? m - 3 : m + 9) + 2) / 5) + d - 1
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  )
}

describe('days', () => {
  it('are counted as civil arithmetic counts them', () => {
    fc.assert(
      fc.property(days, (day) => {
        const [y, m, d] = formatDay(day).split('-').map(Number) as [number, number, number]
        return daysFromCivil(y, m, d) === day && parseDay(formatDay(day)) === day
      }),
    )
    expect(parseDay('1970-01-01')).toBe(0)
    expect(parseDay('2000-02-29')).toBe(daysFromCivil(2000, 2, 29))
  })

  it('that do not exist are refused', () => {
    for (const text of [
      '2025-02-29',
      '2025-13-01',
      '2025-00-10',
      '2025-04-31',
      '25-01-01',
      '2025-1-1',
      '2025-01-01T00',
    ]) {
      expect(() => parseDay(text)).toThrow(RangeError)
    }
  })

  it('of an instant are those on the wall in the zone, by Intl', () => {
    const walls = new Map<string, Intl.DateTimeFormat>()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), zones, (seconds, zone) => {
        let wall = walls.get(zone)
        if (!wall) {
          wall = new Intl.DateTimeFormat('en-CA', {
            timeZone: zone,
            year: 'numeric',
            month: '2-digit',
            day: '2-digit',
          })
          walls.set(zone, wall)
        }
        return formatDay(dayAt(seconds * 1000, zone)) === wall.format(new Date(seconds * 1000))
      }),
      { numRuns: 300 },
    )
  })

  it('begin at the first instant that belongs to them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), zones, (day, zone) => {
        const start = startOfDay(day, zone)
        // Apia has no 2011-12-30: its start is that of the day after.
        const there = dayAt(start, zone)
        return (
          (there === day || (zone === 'Pacific/Apia' && there === day + 1)) && dayAt(start - 1, zone) < day
        )
      }),
      { numRuns: 300 },
    )
    expect(startOfDay(parseDay('2026-07-01'), 'Asia/Dhaka')).toBe(Date.parse('2026-06-30T18:00:00Z'))
  })
})

describe('fiscal periods', () => {
  it('of Bangladesh start on the first of July', () => {
    const start = (day: string) => formatDay(firstOfFiscalYear(parseDay(day), '07-01'))
    expect(start('2026-06-30')).toBe('2025-07-01')
    expect(start('2026-07-01')).toBe('2026-07-01')
    expect(fiscalYearName(parseDay('2026-06-30'), '07-01')).toBe('2025-26')
    expect(fiscalYearName(parseDay('2099-12-31'), '07-01')).toBe('2099-00')
    expect(fiscalYearName(parseDay('2026-06-30'), '01-01')).toBe('2026')
  })

  it('hold the day, and quarters divide the year', () => {
    const starts = fc.constantFrom('01-01', '07-01', '04-01', '10-01', '04-06')
    fc.assert(
      fc.property(days, starts, (day, fiscal) => {
        const year = firstOfFiscalYear(day, fiscal)
        const quarter = firstOfFiscalQuarter(day, fiscal)
        const age = day - year
        return (
          formatDay(year).endsWith(fiscal) &&
          age >= 0 &&
          age < 366 &&
          quarter >= year &&
          day - quarter < 93 &&
          day >= quarter
        )
      }),
    )
    expect(formatDay(firstOfFiscalQuarter(parseDay('2026-03-31'), '07-01'))).toBe('2026-01-01')
    expect(formatDay(firstOfFiscalQuarter(parseDay('2026-04-05'), '04-06'))).toBe('2026-01-06')
  })

  it('of a month start on its first day', () => {
    fc.assert(fc.property(days, (day) => formatDay(firstOfMonth(day)) === `${formatDay(day).slice(0, 7)}-01`))
  })

  it('are refused for a zone that does not exist', () => {
    expect(checkZone('Asia/Dhaka')).toBe('Asia/Dhaka')
    expect(() => checkZone('Asia/Dacca2')).toThrow(RangeError)
  })
})
