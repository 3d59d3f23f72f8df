/**
 * Owns the rules of one row of receivables: from fields to a checked row, or to what is wrong with which column. PURE.
 */
import { fitsCurrency, minorDigits, parseDecimal } from '../../schemas/values/amount.ts'
import { AMOUNT_MAX } from '../kernel/fields.ts'
import { type ColumnMap, dateReader } from './map.ts'

export interface ReceivableRow {
  readonly line: number
  readonly customerId: string
  readonly customerName: string
  readonly country: string | null
  readonly invoiceNumber: string
  readonly invoiceDate: string
  readonly dueDate: string
  readonly amount: string
  readonly currency: string
  readonly disputed: boolean
  /** Day on which it was paid in full; null = open. */
  readonly settledDate: string | null
}

export interface BadRow {
  readonly line: number
  readonly column?: string
  readonly reason: string
}

const SHOWN_MAX = 40
const shown = (text: string): string =>
  JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text)

class Wrong extends Error {
  readonly column: string
  constructor(column: string, reason: string) {
    super(reason)
    this.column = column
  }
}

type Fields = (column: string) => string

export interface RowRules {
  readonly header: readonly string[]
  readonly map: ColumnMap
  readonly currency: string
}

/** A reader of rows; remembers nothing between rows. */
export function rowReader({
  header,
  map,
  currency,
}: RowRules): (line: number, fields: readonly string[]) => ReceivableRow | BadRow {
  const { columns, dateFormat } = map
  const at = new Map(header.map((name, index) => [name, index]))
  const toDay = dateReader(dateFormat)
  const dayIn = (column: string, field: Fields): string => {
    const text = field(column)
    if (text === '') throw new Wrong(column, 'is empty')
    const day = toDay(text)
    if (day === undefined) throw new Wrong(column, `${shown(text)} is not a date ${dateFormat}`)
    return day
  }
  return (line, fields) => {
    if (fields.length !== header.length) {
      return { line, reason: `has ${fields.length} fields, the header has ${header.length}` }
    }
    const field: Fields = (column) => (fields[at.get(column) ?? -1] ?? '').trim()
    try {
      const customerId = word(columns.customerId, field, 128)
      const customerName = columns.customerName === undefined ? '' : field(columns.customerName)
      const invoiceDate = dayIn(columns.invoiceDate, field)
      const dueDate = dayIn(columns.dueDate, field)
      if (dueDate < invoiceDate) {
        throw new Wrong(columns.dueDate, `due on ${dueDate}, before the invoice of ${invoiceDate}`)
      }
      const settled = columns.settledDate
      return {
        line,
        customerId,
        customerName: (customerName || customerId).slice(0, 200),
        country: columns.country === undefined ? null : field(columns.country).slice(0, 16) || null,
        invoiceNumber: word(columns.invoiceNumber, field, 64),
        invoiceDate,
        dueDate,
        amount: amountOf(columns.amount, field, currency),
        currency: currencyOf(columns.currency, field, currency),
        disputed: columns.disputed === undefined ? false : yesOrNo(columns.disputed, field, map),
        settledDate: settled === undefined || field(settled) === '' ? null : dayIn(settled, field),
      }
    } catch (error) {
      if (error instanceof Wrong) return { line, column: error.column, reason: error.message }
      throw error
    }
  }
}

function word(column: string, field: Fields, max: number): string {
  const text = field(column)
  if (text === '') throw new Wrong(column, 'is empty')
  if (text.length > max) throw new Wrong(column, `${shown(text)} is longer than ${max} characters`)
  return text
}

function amountOf(column: string, field: Fields, currency: string): string {
  const text = field(column)
  if (text === '') throw new Wrong(column, 'is empty')
  if (!/^-?\d{1,30}(\.\d{1,18})?$/.test(text))
    throw new Wrong(column, `${shown(text)} is not a plain amount such as 1250.00`)
  let amount: bigint
  try {
    amount = parseDecimal(text)
  } catch {
    throw new Wrong(
      column,
      `${shown(text)} has more than the ${minorDigits(currency)} decimals of ${currency}`,
    )
  }
  if (amount <= 0n) throw new Wrong(column, `${shown(text)} is not more than zero`)
  if (amount > AMOUNT_MAX) throw new Wrong(column, `${shown(text)} is more than 999999999.99`)
  if (!fitsCurrency(amount, currency)) {
    throw new Wrong(
      column,
      `${shown(text)} has more than the ${minorDigits(currency)} decimals of ${currency}`,
    )
  }
  return text
}

function currencyOf(column: string | undefined, field: Fields, stated: string): string {
  if (column === undefined || field(column) === stated) return stated
  throw new Wrong(
    column,
    `${shown(field(column))} is not ${stated}, the currency that was stated for this file`,
  )
}

function yesOrNo(column: string, field: Fields, { yes, no }: ColumnMap): boolean {
  const text = field(column)
  const among = (words: readonly string[]) => words.some((word) => word.toLowerCase() === text.toLowerCase())
  if (among(yes)) return true
  if (among(no)) return false
  throw new Wrong(column, `${shown(text)} is neither ${yes.join(', ')} nor ${no.join(', ')}`)
}
