/**
 * Owns the human numbers we generate. A serial belongs to (kind, fiscal year) and never restarts inside it. PURE.
 * N1: a number given for a new document never has the form of a generated one. N2: a document that another system
 *     numbered may have that form; then the serial goes on after it, so that the two never collide.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { DocumentNumber, type MushakForm, MushakNumber } from '../../schemas/values/document-numbers.ts'
import { refuseField } from './errors.ts'

const PREFIX = {
  invoice: 'INV',
  payment: 'PAY',
  expense: 'EXP',
  'credit-note': 'CN',
  bill: 'BILL',
  'vendor-payment': 'VPAY',
  journal: 'JV',
} as const
export type Prefixed = keyof typeof PREFIX
/**
 * `chart` counts the changes of the chart and the closed periods, `reference` those of reference data, so that a copy of
 * them is known to be old.
 */
export type SerialKind = Prefixed | 'mushak' | 'mushak-6.7' | 'chart' | 'reference'
/** `vendor-invoice`: the vendor's own number of a bill, together with the vendor's id. */
export type NumberKind = Prefixed | 'customer' | 'vendor' | 'vendor-invoice' | 'product' | 'stock-movement'
const PREFIXES = Object.values(PREFIX).join('|')
const GENERATED = new RegExp(`^(${PREFIXES})-(\\d{4}(?:-\\d{2})?)-(\\d{6,9})$`)
const RESERVED = new RegExp(`^(?:${PREFIXES})-\\d{4}(?:-\\d{2})?-\\d{6,}$`)

/** INV-2025-26-000042 */
export const generatedNumber = (kind: Prefixed, fiscalYear: string, serial: number): string =>
  new DocumentNumber(PREFIX[kind], fiscalYear, serial).toString()

/** MUSHAK-6.3-2025-11-000042: form, month of the document, serial of its fiscal year. */
export const mushakNumber = (date: EpochDay, serial: number, form: MushakForm = '6.3'): string =>
  MushakNumber.of(form, date, serial).toString()

/** Fiscal year and serial of a number in the generated form of this kind. */
export function serialIn(kind: Prefixed, number: string): { fiscalYear: string; serial: number } | undefined {
  const [, prefix, fiscalYear, serial] = GENERATED.exec(number) ?? []
  if (prefix !== PREFIX[kind] || fiscalYear === undefined) return undefined
  return { fiscalYear, serial: Number(serial) }
}

export function refuseReserved(number: string, pointer: string): void {
  if (RESERVED.test(number)) {
    throw refuseField(
      'number_reserved',
      pointer,
      `${number} has the form of numbers that are generated here: choose another, or give none`,
    )
  }
}

/** What the number of a new document is made from. */
export interface NumberRequest {
  readonly kind: Prefixed
  readonly given: string | undefined
  /** Where the given number stands in the command. */
  readonly pointer: string
  readonly issuedElsewhere: boolean
  /** Id of the document that has the given number already. */
  readonly owner: string | undefined
  readonly fiscalYear: string
  readonly serial: number
}

/** The given number, or the next of the fiscal year (N1, N2). */
export function documentNumber(request: NumberRequest): string {
  const { kind, given, pointer, owner } = request
  if (given === undefined) return generatedNumber(kind, request.fiscalYear, request.serial)
  if (!request.issuedElsewhere) refuseReserved(given, pointer)
  if (owner === undefined) return given
  const what = kind.replace('-', ' ')
  throw refuseField('number_taken', pointer, `${what} number ${given} belongs to ${what} ${owner}`)
}
