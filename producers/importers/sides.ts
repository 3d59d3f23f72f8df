/**
 * Owns debit and credit of a row, in two columns or in one signed one, and the rounding of amounts to a currency. PURE.
 * S1: rounding is half away from zero.
 */
import { divideRounded, formatDecimal, minorDigits, parseDecimal } from '../../schemas/values/amount.ts'
import { type RowFields, shown, Wrong } from './fields.ts'

export interface Side {
  readonly side: 'debit' | 'credit'
  /** Plain decimal text, more than zero. */
  readonly amount: string
}

const DIGITS = 18

/** A decimal as a whole number of 10^-18: sums of what files say are exact. */
export const exact = (text: string): bigint => parseDecimal(text, DIGITS)

/** In minor units of the currency (S1). */
export const rounded = (value: bigint, currency: string): bigint =>
  divideRounded(value, 10n ** BigInt(DIGITS - minorDigits(currency)))

export const minorText = (minor: bigint, currency: string): string =>
  formatDecimal(minor, minorDigits(currency), minorDigits(currency))

export const sized = (value: bigint): bigint => (value < 0n ? -value : value)

interface SideRules {
  readonly currency: string
  readonly exact: boolean
}

/** The side of a row; undefined where it is zero. `exact` refuses more decimals than the currency has. */
export function sideOf(fields: RowFields, rules: SideRules): Side | undefined {
  const signed = fields.has('amount')
  if (signed && (fields.has('debit') || fields.has('credit'))) {
    throw new Wrong('amount', 'is there beside debit and credit: map one or the other')
  }
  if (!signed) return ofTwo(fields, rules)
  const text = fields.decimal('amount')
  refuseDecimals('amount', text, rules)
  return signOf(text, ['debit', 'credit'])
}

const negated = { debit: 'credit', credit: 'debit' } as const

function signOf(text: string, [plus, minus]: readonly [Side['side'], Side['side']]): Side | undefined {
  if (exact(text) === 0n) return undefined
  return { side: text.startsWith('-') ? minus : plus, amount: text.replace('-', '') }
}

function ofTwo(fields: RowFields, rules: SideRules): Side | undefined {
  const sides = (['debit', 'credit'] as const).flatMap((side) => {
    if (fields.text(side) === '') return []
    const text = fields.decimal(side)
    refuseDecimals(side, text, rules)
    const one = signOf(text, [side, negated[side]])
    return one ? [one] : []
  })
  if (sides.length === 2) throw new Wrong('credit', 'is there beside a debit: a row has one side')
  return sides[0]
}

function refuseDecimals(column: string, text: string, rules: SideRules): void {
  const decimals = text.split('.')[1]?.replace(/0+$/, '').length ?? 0
  if (rules.exact && decimals > minorDigits(rules.currency)) {
    throw new Wrong(
      column,
      `${shown(text)} has more than the ${minorDigits(rules.currency)} decimals of ${rules.currency}`,
    )
  }
}
