/**
 * Owns VAT and income tax that the payer deducts at source (VDS, TDS): stated as amounts, or computed from rates. PURE.
 * What is withheld is owed to the tax office and not to the vendor. Nothing is withheld that the command does not state.
 * W1: an amount or a rate, not both. VDS = sum over the values that carry VAT of value x rate, rounded each; TDS =
 *     value without taxes x rate, rounded once.
 * W2: VDS is at most the VAT, TDS at most the value without taxes, and something is left to pay.
 */
import { type Amount, convert, formatAmount, RATE_ONE } from '../../schemas/values/amount.ts'
import { refuseField } from './errors.ts'
import { amountIn, decimalText, money, type MoneyInput, rateOf } from './fields.ts'

export const withholdingFields = {
  vdsWithheld: money.optional(),
  /** Fraction of the value that carries VAT, e.g. "0.075". */
  vdsRate: decimalText.optional(),
  tdsWithheld: money.optional(),
  /** Fraction of the value without taxes, e.g. "0.05". */
  tdsRate: decimalText.optional(),
}

export interface WithholdingInput {
  readonly vdsWithheld?: MoneyInput | undefined
  readonly vdsRate?: string | undefined
  readonly tdsWithheld?: MoneyInput | undefined
  readonly tdsRate?: string | undefined
}

export interface WithholdingBase {
  readonly currency: string
  /** Values (with SD) that VAT was charged on, as they were rounded. */
  readonly taxed: readonly Amount[]
  readonly subtotal: Amount
  readonly vatAmount: Amount
  readonly total: Amount
}

export interface Withheld {
  readonly vdsWithheld: Amount
  readonly tdsWithheld: Amount
}

interface Rule {
  readonly of: readonly Amount[]
  readonly limit: Amount
  readonly limitName: string
}

export const isZero = (input: MoneyInput): boolean =>
  /^0+(\.0+)?$/.test(typeof input === 'string' ? input : input.amount)

function withheld(
  tax: 'vds' | 'tds',
  input: WithholdingInput,
  { of, limit, limitName }: Rule,
  currency: string,
): Amount {
  const stated = input[`${tax}Withheld`]
  const rate = input[`${tax}Rate`]
  if (stated !== undefined && rate !== undefined) {
    throw refuseField('validation_failed', `/${tax}Rate`, `state ${tax}Withheld or ${tax}Rate, not both`)
  }
  const pointer = rate === undefined ? `/${tax}Withheld` : `/${tax}Rate`
  let amount = 0n
  if (stated !== undefined && !isZero(stated)) amount = amountIn(stated, currency, pointer)
  if (rate !== undefined) {
    const fraction = rateOf(rate, pointer, { zero: true, maxRate: RATE_ONE })
    for (const value of of) amount += convert(value, fraction, currency)
  }
  if (amount > limit) {
    throw refuseField(
      'withholding_exceeds',
      pointer,
      `${formatAmount(amount, currency)} is more than ${limitName} of ${formatAmount(limit, currency)} ${currency}`,
    )
  }
  return amount
}

export function withheldOf(input: WithholdingInput, base: WithholdingBase): Withheld {
  const { currency, taxed, subtotal, vatAmount, total } = base
  const vds = { of: taxed, limit: vatAmount, limitName: 'the VAT' }
  const tds = { of: [subtotal], limit: subtotal, limitName: 'the value without taxes' }
  const vdsWithheld = withheld('vds', input, vds, currency)
  const tdsWithheld = withheld('tds', input, tds, currency)
  if (vdsWithheld + tdsWithheld >= total) {
    throw refuseField(
      'withholding_exceeds',
      input.tdsRate === undefined ? '/tdsWithheld' : '/tdsRate',
      'nothing would be left to pay to the vendor',
    )
  }
  return { vdsWithheld, tdsWithheld }
}
