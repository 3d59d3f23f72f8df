/**
 * Owns the form and the arithmetic of document lines, of invoices, credit notes and bills alike. PURE.
 * Gross = quantity x unit price, net = gross - discount, SD = net x its rate, VAT = (net + SD) x rate, or an amount per
 * unit x quantity; each is rounded half away from zero to the currency's minor unit per line, and the document's totals
 * are sums of rounded lines.
 * Example (BDT): 3 x 33.35 = 100.05, discount 10 % = 10.005 -> 10.01, net 90.04, SD 20 % = 18.008 -> 18.01,
 * VAT 15 % of 108.05 = 16.2075 -> 16.21, the line is 124.26.
 * L1: no line is zero or above 999999999.99. L2: VAT codes that stand for no VAT carry rate 0. L3: a code has the rate
 *     that is in force on the document's day; a code without one then is refused. L4: a product that is named exists and is active;
 *     what is sold of it goes to its own sales account, where the line states none.
 */
import { z } from 'zod'
import type { InvoiceLine } from '../../schemas/generated/records.ts'
import {
  codeOfRate,
  SPECIFIC,
  STANDARD_RATE,
  type TaxRates,
  WITHOUT_VAT,
} from '../../schemas/rules/tax-rates.ts'
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
import { type EpochDay, formatDay } from '../../schemas/values/calendar.ts'
import { refuseField } from './errors.ts'
import type { AggregateRef } from './operation.ts'
import { AMOUNT_MAX, amountIn, decimalText, externalId, label, money, rateOf, text } from './fields.ts'

export const LINES_MAX = 200
const taxCode = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a VAT code such as standard')

/**
 * Fields that lines of all documents have. Those that came later have no default: so a creation that is sent again is
 * still the one that was stored before there were these fields.
 */
export const lineFields = {
  description: text(500).default(''),
  /** Up to four decimals; 1 when not given. */
  quantity: decimalText.default('1'),
  /** Price of one unit without discount, SD and VAT. */
  unitPrice: money,
  /** An amount, or percent of quantity x unitPrice. */
  discount: z.union([money, z.strictObject({ percent: decimalText })]).optional(),
  vatCode: taxCode.optional(),
  /** Fraction, e.g. "0.15"; the rate of vatCode when not given. */
  vatRate: decimalText.optional(),
  /** VAT of one unit, where it is an amount and not a rate: vatCode specific. */
  vatPerUnit: decimalText.optional(),
  /** Supplementary duty as a fraction; part of the base of VAT. */
  sdRate: decimalText.optional(),
  /** Code of a rate of supplementary duty that was set. */
  sdCode: taxCode.optional(),
  productId: externalId.optional(),
  /** Code of the unit table. */
  unit: label(32).optional(),
  /** Ledger account of the line; by the posting rules when not given. */
  accountId: externalId.optional(),
}
export const documentLine = z.strictObject(lineFields)
export type LineInput = z.infer<typeof documentLine>

/** What a line must know of its product. */
export interface LineProduct {
  readonly stocked: boolean
  readonly active: boolean
  readonly salesAccountId: string | null
}

export interface LineContext {
  readonly currency: string
  /** Base units of one unit of currency: for amounts per unit, which are in the base currency. */
  readonly fxRate: bigint
  /** The document's date (L3). */
  readonly day: EpochDay
  readonly rates: TaxRates
  readonly productOf: (productId: string) => LineProduct | undefined
}

type WithProduct = Pick<LineInput, 'productId'>

/** Products that lines name, each once. */
export const productsOf = (lines: readonly WithProduct[] = []): readonly AggregateRef[] =>
  Array.from(
    new Set(lines.flatMap(({ productId }) => productId ?? [])),
    (id): AggregateRef => ({ type: 'product', id }),
  )

/** L4 */
export function productOf(
  { productId }: WithProduct,
  context: Pick<LineContext, 'productOf'>,
  pointer: string,
): LineProduct | undefined {
  if (productId === undefined) return undefined
  const at = `${pointer}/productId`
  const product = context.productOf(productId)
  if (!product) {
    throw refuseField('reference_not_found', at, `product ${productId} does not exist: create it first`)
  }
  if (!product.active) throw refuseField('product_inactive', at, `product ${productId} is not active`)
  return product
}

interface Vat {
  readonly vatCode: string
  readonly vatRate: bigint
  readonly vatPerUnit: Amount
  readonly creditable: boolean
}

const SD_MAX = 20n * RATE_ONE

function vatOf(input: LineInput, context: LineContext, pointer: string): Vat {
  const { vatRate, vatPerUnit } = input
  const vatCode =
    input.vatCode ?? (vatPerUnit === undefined ? codeOfStated(vatRate, context, pointer) : SPECIFIC)
  const known = context.rates.rateOn('VAT', vatCode, context.day)
  if (vatRate !== undefined && vatPerUnit !== undefined) {
    throw refuseField(
      'validation_failed',
      `${pointer}/vatPerUnit`,
      'VAT is a rate or an amount per unit, not both',
    )
  }
  if (!known && vatRate === undefined && vatPerUnit === undefined) {
    throw refuseField(
      'validation_failed',
      `${pointer}/vatCode`,
      `${vatCode} has no rate on ${formatDay(context.day)}: state vatRate, or use a code that is in force then, such as standard, reduced, zero, exempt or none`,
    )
  }
  const creditable = known?.creditable ?? false
  if (vatPerUnit !== undefined || (vatRate === undefined && known?.perUnit != null)) {
    return {
      vatCode,
      vatRate: 0n,
      vatPerUnit: perUnitOf(input, known?.perUnit, context, pointer),
      creditable,
    }
  }
  if (vatCode === SPECIFIC) {
    throw refuseField(
      'validation_failed',
      `${pointer}/vatPerUnit`,
      'specific VAT is an amount per unit: state it',
    )
  }
  if (vatRate === undefined) return { vatCode, vatRate: known?.rate ?? 0n, vatPerUnit: 0n, creditable }
  const rate = rateOf(vatRate, `${pointer}/vatRate`, { zero: true, maxRate: RATE_ONE })
  if (known && rate !== known.rate) {
    throw refuseField(
      'validation_failed',
      `${pointer}/vatRate`,
      WITHOUT_VAT.has(vatCode)
        ? `${vatCode} means no VAT, but the rate is ${vatRate}`
        : `${vatCode} has another rate than ${vatRate} on ${formatDay(context.day)}: leave the rate or the code out`,
    )
  }
  // A rate that no code stands for gives credit where it is not below the standard rate.
  return { vatCode, vatRate: rate, vatPerUnit: 0n, creditable: known ? creditable : rate >= STANDARD_RATE }
}

/** Code of a rate that came without one. */
function codeOfStated(vatRate: string | undefined, { day }: LineContext, pointer: string): string {
  if (vatRate === undefined) return 'none'
  const rate = rateOf(vatRate, `${pointer}/vatRate`, { zero: true, maxRate: RATE_ONE })
  return codeOfRate(rate, day) ?? 'other'
}

function perUnitOf(
  { vatPerUnit, vatCode }: LineInput,
  known: Amount | null | undefined,
  { fxRate }: LineContext,
  pointer: string,
): Amount {
  if (vatPerUnit === undefined) return divideRounded((known ?? 0n) * RATE_ONE, fxRate)
  if (vatCode !== undefined && (WITHOUT_VAT.has(vatCode) || (known == null && vatCode !== SPECIFIC))) {
    throw refuseField('validation_failed', `${pointer}/vatPerUnit`, `${vatCode} is no VAT per unit`)
  }
  return decimalOf(vatPerUnit, `${pointer}/vatPerUnit`)
}

/** Decimal text of at most four decimals, more than zero. */
export function decimalOf(written: string, pointer: string): bigint {
  let value: bigint
  try {
    value = parseDecimal(written)
  } catch {
    throw refuseField('validation_failed', pointer, `${written} has more than 4 decimals`)
  }
  if (value <= 0n || value > AMOUNT_MAX) {
    throw refuseField('validation_failed', pointer, `${written} must be more than 0 and at most 999999999.99`)
  }
  return value
}

/** x units at a price, both of scale 4, rounded to the currency's minor unit. */
export function times(quantity: bigint, price: Amount, currency: string): Amount {
  const minor = 10n ** BigInt(SCALE - minorDigits(currency))
  return divideRounded(quantity * price, UNIT * minor) * minor
}

function discountOf(input: LineInput, gross: Amount, currency: string, pointer: string): Amount {
  const { discount } = input
  if (discount === undefined) return 0n
  const at = `${pointer}/discount`
  if (typeof discount === 'string' || 'amount' in discount) return amountIn(discount, currency, at)
  const percent = decimalOf(discount.percent, `${at}/percent`)
  return convert(gross, percent * 100n, currency)
}

function sdRateOf({ sdRate, sdCode }: LineInput, { rates, day }: LineContext, pointer: string): bigint {
  if (sdRate !== undefined) return rateOf(sdRate, `${pointer}/sdRate`, { zero: true, maxRate: SD_MAX })
  if (sdCode === undefined) return 0n
  const known = rates.rateOn('SD', sdCode, day)
  if (known) return known.rate
  throw refuseField(
    'validation_failed',
    `${pointer}/sdCode`,
    `${sdCode} has no rate on ${formatDay(day)}: state sdRate, or have the rate set`,
  )
}

export interface CalculatedLine {
  readonly line: InvoiceLine
  /** Input tax of such a line can be credited, as far as its rate is concerned. */
  readonly creditable: boolean
}

/** A line with its amounts; `pointer` is where it stands in the command. */
export function calculateLine(input: LineInput, context: LineContext, pointer: string): CalculatedLine {
  const { currency } = context
  const unitPrice = amountIn(input.unitPrice, currency, `${pointer}/unitPrice`)
  const quantity = decimalOf(input.quantity, `${pointer}/quantity`)
  const gross = times(quantity, unitPrice, currency)
  const discount = discountOf(input, gross, currency, pointer)
  const netAmount = gross - discount
  if (netAmount <= 0n || netAmount > AMOUNT_MAX) {
    throw refuseField('validation_failed', pointer, 'the line must be more than 0 and at most 999999999.99')
  }
  const sdRate = sdRateOf(input, context, pointer)
  const sdAmount = convert(netAmount, sdRate, currency)
  const { creditable, ...vat } = vatOf(input, context, pointer)
  const vatAmount =
    vat.vatPerUnit === 0n
      ? convert(netAmount + sdAmount, vat.vatRate, currency)
      : times(quantity, vat.vatPerUnit, currency)
  const { description, productId = null, unit = '', accountId = null } = input
  return {
    line: {
      description,
      quantity,
      unitPrice,
      netAmount,
      ...vat,
      vatAmount,
      discount,
      sdRate,
      sdAmount,
      productId,
      unit,
      accountId,
    },
    creditable,
  }
}

/** A line of what is sold. */
export function lineOf(input: LineInput, context: LineContext, index: number): InvoiceLine {
  const pointer = `/lines/${index}`
  const product = productOf(input, context, pointer)
  const { line } = calculateLine(input, context, pointer)
  return { ...line, accountId: line.accountId ?? product?.salesAccountId ?? null }
}

export interface Totals {
  readonly discountAmount: Amount
  readonly subtotal: Amount
  readonly sdAmount: Amount
  readonly vatAmount: Amount
  readonly total: Amount
}

type Summed = Pick<InvoiceLine, 'discount' | 'netAmount' | 'sdAmount' | 'vatAmount'>

export function totalsOf(lines: readonly Summed[]): Totals {
  let discountAmount = 0n
  let subtotal = 0n
  let sdAmount = 0n
  let vatAmount = 0n
  for (const line of lines) {
    discountAmount += line.discount
    subtotal += line.netAmount
    sdAmount += line.sdAmount
    vatAmount += line.vatAmount
  }
  return { discountAmount, subtotal, sdAmount, vatAmount, total: subtotal + sdAmount + vatAmount }
}
