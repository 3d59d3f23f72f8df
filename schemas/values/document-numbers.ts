/**
 * Owns the form of human document numbers as values. PURE.
 * N1: an instance is a number of exactly one form and never changes; what is not of the form throws a RangeError.
 */
import { type EpochDay, formatDay } from './calendar.ts'

const FISCAL_YEAR = /^\d{4}(?:-\d{2})?$/
const SERIAL_MAX = 999_999_999

const checkSerial = (serial: number): number => {
  if (Number.isInteger(serial) && serial >= 1 && serial <= SERIAL_MAX) return serial
  throw new RangeError(`not a serial from 1 to ${SERIAL_MAX}: ${serial}`)
}
const padded = (serial: number): string => String(serial).padStart(6, '0')

/** INV-2025-26-000042: prefix of the kind, fiscal year, serial of that year. */
export class DocumentNumber {
  readonly prefix: string
  readonly fiscalYear: string
  readonly serial: number

  constructor(prefix: string, fiscalYear: string, serial: number) {
    if (!/^[A-Z]{2,5}$/.test(prefix)) throw new RangeError(`not a prefix: ${JSON.stringify(prefix)}`)
    if (!FISCAL_YEAR.test(fiscalYear))
      throw new RangeError(`not a fiscal year: ${JSON.stringify(fiscalYear)}`)
    this.prefix = prefix
    this.fiscalYear = fiscalYear
    this.serial = checkSerial(serial)
    Object.freeze(this)
  }

  static parse(text: string): DocumentNumber {
    const [, prefix = '', fiscalYear = '', serial = ''] =
      /^([A-Z]{2,5})-(\d{4}(?:-\d{2})?)-(\d{6,9})$/.exec(text) ?? []
    const read = new DocumentNumber(prefix, fiscalYear, Number(serial))
    if (read.toString() !== text) throw new RangeError(`not a document number: ${JSON.stringify(text)}`)
    return read
  }

  toString(): string {
    return `${this.prefix}-${this.fiscalYear}-${padded(this.serial)}`
  }
}

export type MushakForm = '6.3' | '6.7'

/** MUSHAK-6.3-2025-11-000042: form, month of the document, serial of its fiscal year. */
export class MushakNumber {
  readonly form: MushakForm
  /** YYYY-MM */
  readonly month: string
  readonly serial: number

  private constructor(form: MushakForm, month: string, serial: number) {
    this.form = form
    this.month = month
    this.serial = checkSerial(serial)
    Object.freeze(this)
  }

  static of(form: MushakForm, date: EpochDay, serial: number): MushakNumber {
    return new MushakNumber(form, formatDay(date).slice(0, 7), serial)
  }

  static parse(text: string): MushakNumber {
    const [, form, month, serial] = /^MUSHAK-(6\.[37])-(\d{4}-(?:0[1-9]|1[0-2]))-(\d{6,9})$/.exec(text) ?? []
    const read =
      form === undefined || month === undefined
        ? undefined
        : new MushakNumber(form as MushakForm, month, Number(serial))
    if (read?.toString() === text) return read
    throw new RangeError(`not a Mushak number: ${JSON.stringify(text)}`)
  }

  toString(): string {
    return `MUSHAK-${this.form}-${this.month}-${padded(this.serial)}`
  }
}
