/**
 * Owns what the cells of a spreadsheet mean as text: exact decimals, days and instants, cell addresses. PURE.
 * E1: a number is the decimal that a spreadsheet shows in full, 15 significant digits: what 0.1 + 0.2 left in the file as
 *     0.30000000000000004 is 0.3, and no more digits are made up than the file has.
 * E2: days are days of the workbook's own calendar: serial 60 of the 1900 system is a day that never was.
 */
import { formatDay, parseDay } from '../../../schemas/values/calendar.ts'

const SIGNIFICANT = 15

/** Plain decimal text of a number as files write it (E1); undefined where it is none. */
export function exactDecimal(written: string): string | undefined {
  const text = written.trim()
  if (/^-?\d{1,15}$/.test(text)) return text
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?$/.test(text)) return undefined
  const value = Number(text)
  if (!Number.isFinite(value)) return undefined
  if (value === 0) return '0'
  const [mantissa = '', power = '0'] = value.toExponential(SIGNIFICANT - 1).split('e')
  return placed(mantissa.replace('-', '').replace('.', ''), Number(power), value < 0)
}

/** The digits with the point behind the first of them, moved by a power of ten; no zeros that say nothing. */
function placed(digits: string, power: number, negative: boolean): string {
  const point = power + 1
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  const rest = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits
  const fraction = rest.replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

const EPOCH_1900 = parseDay('1899-12-31')
const EPOCH_1904 = parseDay('1904-01-01')
/** The day that the 1900 system counts though it never was. */
const LEAP_SERIAL = 60

/** YYYY-MM-DD, with THH:MM:SS where the serial has a time; undefined where no day has this serial (E2). */
export function serialDate(written: string, system: '1900' | '1904'): string | undefined {
  const serial = Number(written)
  if (!Number.isFinite(serial) || serial < 0 || serial > 2_958_465) return undefined
  const seconds = Math.round((serial % 1) * 86_400)
  const whole = Math.floor(serial) + (seconds === 86_400 ? 1 : 0)
  if (system === '1900' && (whole === LEAP_SERIAL || whole === 0)) return undefined
  const day = system === '1904' ? EPOCH_1904 + whole : EPOCH_1900 + whole - (whole > LEAP_SERIAL ? 1 : 0)
  const time = new Date((seconds % 86_400) * 1_000).toISOString().slice(11, 19)
  return time === '00:00:00' ? formatDay(day) : `${formatDay(day)}T${time}`
}

/** The day of YYYY-MM-DD with or without a time, as date cells are given out; undefined where the text is none. */
export function isoDay(text: string): string | undefined {
  const day = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?$/.exec(text)?.[1]
  if (day === undefined) return undefined
  try {
    parseDay(day)
    return day
  } catch {
    return undefined
  }
}

/** Number formats that every spreadsheet has without naming them: days, and days with times. */
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)

/** Does a cell with this format hold a day? Times of the day alone do not. */
export function isDateFormat(id: number, code: string | undefined): boolean {
  if (code === undefined) return isBuiltInDate(id)
  const [first = ''] = code.replaceAll(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, '').split(';')
  return /[dy]/i.test(first)
}

const COLUMNS_MAX = 16_384

/** 0 for A1 and A, 27 for AB7; undefined where the text is no address. */
export function columnOf(address: string): number | undefined {
  const letters = /^([A-Z]{1,3})\d*$/.exec(address)?.[1]
  if (letters === undefined) return undefined
  const column = Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0)
  return column <= COLUMNS_MAX ? column - 1 : undefined
}

/** Text as it was typed: files write control characters as _xHHHH_. */
export const unescaped = (text: string): string =>
  text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
