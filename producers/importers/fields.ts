/**
 * Owns reading the fields of one row by our names of the columns: words, days, amounts, yes and no; says which of the
 * file's columns is wrong and why. PURE.
 * F1: Bengali digits count as digits in days and amounts; nothing else is guessed.
 */
import { fitsCurrency, minorDigits, parseDecimal } from '../../schemas/values/amount.ts'
import { parseDay } from '../../schemas/values/calendar.ts'
import { AMOUNT_MAX } from '../kernel/fields.ts'
import type { ColumnMap } from './map.ts'
import { isoDay } from './tables/cells.ts'

const SHOWN_MAX = 40
export const shown = (text: string): string =>
  JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text)

/** A row can't be imported: what is wrong, in which of our columns. */
export class Wrong extends Error {
  override readonly name = 'Wrong'
  readonly column: string | undefined
  /** Line of the file, where it is another than that of the unit's first row. */
  readonly line: number | undefined
  readonly leftOut: boolean
  constructor(
    column: string | undefined,
    reason: string,
    more: { readonly line?: number; readonly leftOut?: boolean } = {},
  ) {
    super(reason)
    this.column = column
    this.line = more.line
    this.leftOut = more.leftOut ?? false
  }
}

const BENGALI_ZERO = 0x9e6
const latinDigits = (text: string): string =>
  text.replaceAll(/[০-৯]/g, (digit) => String(digit.charCodeAt(0) - BENGALI_ZERO))

/** Reads dates of one stated format into YYYY-MM-DD; undefined where the text is none. */
export function dateReader(format: string): (text: string) => string | undefined {
  const pattern = format
    .replaceAll(/[.]/g, '\\.')
    .replace('YYYY', '(?<y>\\d{4})')
    .replace(/MM?/, (m) => (m === 'MM' ? '(?<m>\\d{2})' : '(?<m>\\d{1,2})'))
    .replace(/DD?/, (d) => (d === 'DD' ? '(?<d>\\d{2})' : '(?<d>\\d{1,2})'))
  const expression = new RegExp(`^${pattern}$`)
  return (text) => {
    const found = expression.exec(latinDigits(text))?.groups
    if (!found) return undefined
    const day = `${found['y']}-${found['m']?.padStart(2, '0')}-${found['d']?.padStart(2, '0')}`
    try {
      parseDay(day)
      return day
    } catch {
      return undefined
    }
  }
}

export interface RowRules {
  readonly header: readonly string[]
  readonly map: ColumnMap
  readonly format: 'csv' | 'xlsx'
}

/** A reader of rows; remembers nothing between rows. */
export function fieldReader({ header, map, format }: RowRules): (fields: readonly string[]) => RowFields {
  const at = new Map(header.map((name, index) => [name, index]))
  const { dateFormat } = map
  const stated = dateFormat === undefined ? undefined : dateReader(dateFormat)
  // A cell that holds a day says it by itself; a stated format is for cells that hold text.
  const toDay = (text: string) => stated?.(text) ?? (format === 'xlsx' || !stated ? isoDay(text) : undefined)
  return (fields) => {
    if (format === 'csv' ? fields.length !== header.length : fields.length > header.length) {
      throw new Wrong(undefined, `has ${fields.length} fields, the header has ${header.length}`)
    }
    return new RowFields(map, toDay, (name) => {
      const column = map.columns[name]
      const text = (column === undefined ? map.constants[name] : fields[at.get(column) ?? -1]) ?? ''
      const trimmed = text.trim()
      return map.words[name]?.[trimmed] ?? trimmed
    })
  }
}

/** Groups of three, or of two before the last three as in lakh and crore. */
const isGrouped = (first: string, groups: readonly string[]): boolean =>
  /^-?\d{1,3}$/.test(first) &&
  groups.every((group, index) => (index === groups.length - 1 ? /^\d{3}$/ : /^\d{2,3}$/).test(group))

export class RowFields {
  readonly #map: ColumnMap
  readonly #toDay: (text: string) => string | undefined
  readonly #text: (name: string) => string

  constructor(map: ColumnMap, toDay: (text: string) => string | undefined, text: (name: string) => string) {
    this.#map = map
    this.#toDay = toDay
    this.#text = text
  }

  has(name: string): boolean {
    return this.#map.columns[name] !== undefined || this.#map.constants[name] !== undefined
  }

  /** Empty where the column is empty or not there. */
  text(name: string): string {
    return this.#text(name)
  }

  word(name: string, max: number): string {
    const text = this.text(name)
    if (text === '') throw new Wrong(name, 'is empty')
    if (text.length > max) throw new Wrong(name, `${shown(text)} is longer than ${max} characters`)
    return text
  }

  day(name: string): string {
    const text = this.text(name)
    if (text === '') throw new Wrong(name, 'is empty')
    const day = this.#toDay(text)
    if (day !== undefined) return day
    throw new Wrong(name, `${shown(text)} is not a date ${this.#map.dateFormat ?? 'YYYY-MM-DD'}`)
  }

  dayOrNone(name: string): string | null {
    return this.text(name) === '' ? null : this.day(name)
  }

  /** Plain decimal text with "." and without grouping; a sign may stand before it. */
  decimal(name: string): string {
    const text = this.text(name)
    if (text === '') throw new Wrong(name, 'is empty')
    const plain = this.#plain(latinDigits(text))
    if (plain !== undefined && /^-?\d{1,30}(\.\d{1,18})?$/.test(plain)) return plain
    throw new Wrong(name, `${shown(text)} is not a plain amount such as 1250.00`)
  }

  #plain(text: string): string | undefined {
    const { decimalMark, grouping } = this.#map
    const [whole = '', fraction, ...more] = text.split(decimalMark)
    if (more.length > 0 || (decimalMark === ',' && text.includes('.') && grouping !== '.')) return undefined
    const [first = '', ...groups] = grouping === '' ? [whole] : whole.split(grouping)
    if (groups.length > 0 && !isGrouped(first, groups)) return undefined
    const digits = first + groups.join('')
    return fraction === undefined ? digits : `${digits}.${fraction}`
  }

  /** An amount of a document: more than zero, in the currency's decimals. */
  amount(name: string, currency: string): string {
    const text = this.decimal(name)
    const wrong = (reason: string) => new Wrong(name, `${shown(this.text(name))} ${reason}`)
    const decimals = `has more than the ${minorDigits(currency)} decimals of ${currency}`
    let amount: bigint
    try {
      amount = parseDecimal(text)
    } catch {
      throw wrong(decimals)
    }
    if (amount <= 0n) throw wrong('is not more than zero')
    if (amount > AMOUNT_MAX) throw wrong('is more than 999999999.99')
    if (!fitsCurrency(amount, currency)) throw wrong(decimals)
    return text
  }

  /** The stated currency; a column that says another is wrong. */
  currency(name: string, stated: string): string {
    const text = this.text(name)
    if (text === '' || text === stated) return stated
    throw new Wrong(name, `${shown(text)} is not ${stated}, the currency that was stated for this file`)
  }

  yesNo(name: string): boolean {
    if (!this.has(name)) return false
    const text = this.text(name)
    const { yes, no } = this.#map
    const among = (words: readonly string[]) =>
      words.some((word) => word.toLowerCase() === text.toLowerCase())
    if (among(yes)) return true
    if (among(no)) return false
    throw new Wrong(name, `${shown(text)} is neither ${yes.join(', ')} nor ${no.join(', ')}`)
  }
}
