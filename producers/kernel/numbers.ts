/**
 * Owns the human numbers we generate. A serial belongs to (kind, fiscal year) and never restarts inside it. PURE.
 * N1: a number given for a new document never has the form of a generated one. N2: a document that another system
 *     numbered may have that form; then the serial goes on after it, so that the two never collide.
 */
import { type EpochDay, formatDay } from '../../schemas/values/calendar.ts'
import { refuseField } from './errors.ts'

export type SerialKind = 'invoice' | 'mushak' | 'payment' | 'expense'
export type NumberKind = 'customer' | 'invoice' | 'payment' | 'expense'
const PREFIX = { invoice: 'INV', payment: 'PAY', expense: 'EXP' } as const
type Prefixed = keyof typeof PREFIX
const GENERATED = /^(INV|PAY|EXP)-(\d{4}(?:-\d{2})?)-(\d{6,9})$/

const padded = (serial: number): string => String(serial).padStart(6, '0')

/** INV-2025-26-000042 */
export const generatedNumber = (kind: Prefixed, fiscalYear: string, serial: number): string =>
  `${PREFIX[kind]}-${fiscalYear}-${padded(serial)}`

/** MUSHAK-6.3-2025-11-000042: month of the invoice, serial of its fiscal year. */
export const mushakNumber = (invoiceDate: EpochDay, serial: number): string =>
  `MUSHAK-6.3-${formatDay(invoiceDate).slice(0, 7)}-${padded(serial)}`

/** Fiscal year and serial of a number in the generated form of this kind. */
export function serialIn(kind: Prefixed, number: string): { fiscalYear: string; serial: number } | undefined {
  const [, prefix, fiscalYear, serial] = GENERATED.exec(number) ?? []
  if (prefix !== PREFIX[kind] || fiscalYear === undefined) return undefined
  return { fiscalYear, serial: Number(serial) }
}

export function refuseReserved(number: string, pointer: string): void {
  if (/^(?:INV|PAY|EXP)-\d{4}(?:-\d{2})?-\d{6,}$/.test(number)) {
    throw refuseField(
      'number_reserved',
      pointer,
      `${number} has the form of numbers that are generated here: choose another, or give none`,
    )
  }
}
