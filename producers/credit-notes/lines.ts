/**
 * Owns what can be taken back of an invoice, and the lines that take it back. PURE.
 * Lines of an invoice that have product, unit, price and taxes in common are one: units of one are units of the other.
 * C1: no sequence of credit notes takes back more of them than was sold: units, net, SD and VAT alike. C2: what takes back
 *     the last of it takes all that rounding left, so the invoice is credited to the poisha.
 * Example: 3 units for 10.00 with VAT 15 % = 1.50, credited one by one: 3.33 + 0.50, 3.33 + 0.50, and the rest 3.34 + 0.50.
 */
import type { InvoiceLine } from '../../schemas/generated/records.ts'
import {
  type Amount,
  convert,
  divideRounded,
  formatAmount,
  formatDecimal,
  minorDigits,
  SCALE,
} from '../../schemas/values/amount.ts'
import { type InvoiceState, linesOf } from '../invoices/evolve.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import { amountIn } from '../kernel/fields.ts'
import { decimalOf, times } from '../kernel/lines.ts'
import type { CreditedLineInput } from './commands.ts'
import type { CreditNoteState } from './evolve.ts'

interface Left {
  quantity: bigint
  net: Amount
  sd: Amount
  vat: Amount
}

const groupOf = (line: InvoiceLine): string =>
  [
    line.productId,
    line.unit,
    line.unitPrice,
    line.vatCode,
    line.vatRate,
    line.vatPerUnit,
    line.sdRate,
    line.accountId,
  ].join('\u0000')

const smaller = (a: Amount, b: Amount): Amount => (a < b ? a : b)

/** Lines of a new credit note of an invoice; `wanted` undefined: all that is left. */
export function creditedLines(
  invoice: InvoiceState,
  creditNotes: readonly CreditNoteState[],
  wanted: readonly CreditedLineInput[] | undefined,
): readonly InvoiceLine[] {
  const sold = linesOf(invoice)
  const left = leftOf(sold, creditNotes)
  const all = wanted === undefined
  const lines = (wanted ?? sold.map((_, index) => ({ line: index + 1 }))).flatMap((input, index) => {
    const pointer = `/invoiceLines/${index}`
    const line = sold[input.line - 1]
    if (!line) {
      throw refuseField(
        'validation_failed',
        `${pointer}/line`,
        `the invoice has ${sold.length} lines, no line ${input.line}`,
      )
    }
    const rest = left.get(groupOf(line)) as Left
    const credited = creditOf(input, line, rest, invoice.currency, pointer)
    if (credited.netAmount > 0n) return [credited]
    if (all) return []
    throw refuseField('nothing_open', pointer, `nothing is left to credit of line ${input.line}`)
  })
  if (lines.length > 0) return lines
  throw new Refusal('nothing_open', `nothing is left to credit of invoice ${invoice.invoiceNumber}`)
}

function leftOf(
  sold: readonly InvoiceLine[],
  creditNotes: readonly CreditNoteState[],
): ReadonlyMap<string, Left> {
  const left = new Map<string, Left>()
  const add = (line: InvoiceLine, sign: bigint) => {
    const key = groupOf(line)
    const rest = left.get(key) ?? { quantity: 0n, net: 0n, sd: 0n, vat: 0n }
    rest.quantity += sign * line.quantity
    rest.net += sign * line.netAmount
    rest.sd += sign * line.sdAmount
    rest.vat += sign * line.vatAmount
    left.set(key, rest)
  }
  for (const line of sold) add(line, 1n)
  for (const note of creditNotes) {
    if (note.status === 'ISSUED') for (const line of note.lines) add(line, -1n)
  }
  return left
}

/** One credited line; takes it off what is left. */
function creditOf(
  input: CreditedLineInput,
  line: InvoiceLine,
  rest: Left,
  currency: string,
  pointer: string,
): InvoiceLine {
  const quantity = quantityOf(input, line, rest, pointer)
  const netAmount = netOf(input, line, rest, quantity, currency, pointer)
  const last = netAmount === rest.net
  const sdAmount = last ? rest.sd : smaller(rest.sd, convert(netAmount, line.sdRate, currency))
  const vat =
    line.vatPerUnit === 0n
      ? convert(netAmount + sdAmount, line.vatRate, currency)
      : times(quantity, line.vatPerUnit, currency)
  const vatAmount = last ? rest.vat : smaller(rest.vat, vat)
  rest.quantity -= quantity
  rest.net -= netAmount
  rest.sd -= sdAmount
  rest.vat -= vatAmount
  const discount = times(quantity, line.unitPrice, currency) - netAmount
  return { ...line, quantity, netAmount, sdAmount, vatAmount, discount: discount > 0n ? discount : 0n }
}

/** Zero: money alone is given back. */
function quantityOf(input: CreditedLineInput, line: InvoiceLine, rest: Left, pointer: string): bigint {
  if (input.amount !== undefined) return 0n
  if (input.quantity === undefined) return smaller(line.quantity, rest.quantity)
  const quantity = decimalOf(input.quantity, `${pointer}/quantity`)
  if (quantity <= rest.quantity) return quantity
  throw refuseField(
    'credit_exceeds_invoice',
    `${pointer}/quantity`,
    `${input.quantity} is more than the ${formatDecimal(rest.quantity, SCALE)} that are left of line ${input.line}`,
  )
}

function netOf(
  input: CreditedLineInput,
  line: InvoiceLine,
  rest: Left,
  quantity: bigint,
  currency: string,
  pointer: string,
): Amount {
  if (input.amount === undefined) {
    if (quantity === rest.quantity) return rest.net
    const minor = 10n ** BigInt(SCALE - minorDigits(currency))
    return smaller(rest.net, divideRounded(line.netAmount * quantity, line.quantity * minor) * minor)
  }
  const amount = amountIn(input.amount, currency, `${pointer}/amount`)
  if (amount <= rest.net) return amount
  throw refuseField(
    'credit_exceeds_invoice',
    `${pointer}/amount`,
    `${formatAmount(amount, currency)} is more than the ${formatAmount(rest.net, currency)} ${currency} that are left of line ${input.line}`,
  )
}
