/**
 * Owns the arithmetic of invoice lines. Net = quantity x unit price, VAT = net x rate, each rounded half away from zero
 * to the currency's minor unit per line; the document's totals are sums of rounded lines. PURE.
 * Example (BDT): 3 x 33.35 = 100.05, VAT 15 % = 15.0075 -> 15.01, total 115.06.
 * L1: no line is zero or above 999999999.99. L2: VAT codes that stand for no VAT carry rate 0.
 */
import type { InvoiceLine } from '../../schemas/generated/records.ts'
import {
  type Amount,
  convert,
  divideRounded,
  minorDigits,
  parseDecimal,
  RATE_ONE,
  SCALE,
  UNIT,
} from '../../schemas/values/amount.ts'
import { refuseField } from '../kernel/errors.ts'
import { AMOUNT_MAX, amountIn, rateOf } from '../kernel/fields.ts'
import type { InvoiceLineInput } from './commands.ts'

/** Rates of the VAT Act's usual codes, scale 8. Services with rates of their own state the rate in the line. */
export const VAT_RATES: Readonly<Record<string, bigint>> = {
  standard: 15_000_000n,
  reduced: 7_500_000n,
  truncated: 5_000_000n,
  zero: 0n,
  exempt: 0n,
  none: 0n,
}
const WITHOUT_VAT: ReadonlySet<string> = new Set(['zero', 'exempt', 'none'])

function vatOf(input: InvoiceLineInput, pointer: string): { vatCode: string; vatRate: bigint } {
  const { vatCode, vatRate } = input
  if (vatRate === undefined) {
    const code = vatCode ?? 'none'
    const rate = VAT_RATES[code]
    if (rate === undefined) {
      throw refuseField(
        'validation_failed',
        `${pointer}/vatCode`,
        `${code} has no rate here: state vatRate, or use ${Object.keys(VAT_RATES).join(', ')}`,
      )
    }
    return { vatCode: code, vatRate: rate }
  }
  const rate = rateOf(vatRate, `${pointer}/vatRate`, { zero: true, maxRate: RATE_ONE })
  const code =
    vatCode ??
    Object.keys(VAT_RATES).find(
      (known) => VAT_RATES[known] === rate && known !== 'zero' && known !== 'exempt',
    ) ??
    'other'
  if (WITHOUT_VAT.has(code) && rate !== 0n) {
    throw refuseField(
      'validation_failed',
      `${pointer}/vatRate`,
      `${code} means no VAT, but the rate is ${vatRate}`,
    )
  }
  return { vatCode: code, vatRate: rate }
}

/** quantity x price rounded to the currency's minor unit; both have scale 4. */
function netOf(quantity: bigint, unitPrice: Amount, currency: string): Amount {
  const minor = 10n ** BigInt(SCALE - minorDigits(currency))
  return divideRounded(quantity * unitPrice, UNIT * minor) * minor
}

export function lineOf(input: InvoiceLineInput, currency: string, index: number): InvoiceLine {
  const pointer = `/lines/${index}`
  const unitPrice = amountIn(input.unitPrice, currency, `${pointer}/unitPrice`)
  let quantity: bigint
  try {
    quantity = parseDecimal(input.quantity)
  } catch {
    throw refuseField(
      'validation_failed',
      `${pointer}/quantity`,
      `${input.quantity} has more than 4 decimals`,
    )
  }
  if (quantity <= 0n || quantity > AMOUNT_MAX) {
    throw refuseField(
      'validation_failed',
      `${pointer}/quantity`,
      `${input.quantity} must be more than 0 and at most 999999999.99`,
    )
  }
  const netAmount = netOf(quantity, unitPrice, currency)
  if (netAmount <= 0n || netAmount > AMOUNT_MAX) {
    throw refuseField('validation_failed', pointer, 'the line must be more than 0 and at most 999999999.99')
  }
  const { vatCode, vatRate } = vatOf(input, pointer)
  const vatAmount = convert(netAmount, vatRate, currency)
  return { description: input.description, quantity, unitPrice, netAmount, vatCode, vatRate, vatAmount }
}

export interface Totals {
  readonly subtotal: Amount
  readonly vatAmount: Amount
  readonly total: Amount
}

export function totalsOf(lines: readonly InvoiceLine[]): Totals {
  let subtotal = 0n
  let vatAmount = 0n
  for (const line of lines) {
    subtotal += line.netAmount
    vatAmount += line.vatAmount
  }
  return { subtotal, vatAmount, total: subtotal + vatAmount }
}
