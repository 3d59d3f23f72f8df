/**
 * Amounts: bigint in ten-thousandths (scale 4) of a currency's unit, as on the wire. PURE.
 * A1: no float touches money. A2: rounding is half away from zero. A3: decimal text is plain (no exponent, no grouping).
 */
export type Amount = bigint

export const SCALE = 4
export const UNIT = 10_000n
export const RATE_SCALE = 8
export const RATE_ONE = 100_000_000n

/** Minor digits by ISO 4217 code; 2 where not listed. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  JPY: 0,
  KRW: 0,
  VND: 0,
  CLP: 0,
  ISK: 0,
  UGX: 0,
  XAF: 0,
  XOF: 0,
  PYG: 0,
  RWF: 0,
  KWD: 3,
  BHD: 3,
  OMR: 3,
  JOD: 3,
  TND: 3,
  IQD: 3,
  LYD: 3,
}

export const minorDigits = (currency: string): number => MINOR_DIGITS[currency] ?? 2

const POWERS = Array.from({ length: 40 }, (_, n) => 10n ** BigInt(n))
const pow10 = (n: number): bigint => POWERS[n] ?? 10n ** BigInt(n)

/** Quotient rounded half away from zero. Throws RangeError on a zero denominator. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new RangeError('division by zero')
  const negative = numerator < 0n !== denominator < 0n
  const n = numerator < 0n ? -numerator : numerator
  const d = denominator < 0n ? -denominator : denominator
  const q = (n * 2n + d) / (d * 2n)
  return negative ? -q : q
}

/**
 * Reads decimal text into units of 10^-scale. Throws RangeError when the text is not a plain decimal number or has
 * more decimals than `scale`.
 */
export function parseDecimal(text: string, scale: number = SCALE): bigint {
  const quick = wholeDecimal(text, scale)
  if (quick >= 0) return BigInt(quick)
  const m = /^(-?)(\d{1,30})(?:\.(\d{1,18}))?$/.exec(text)
  if (!m) throw new RangeError(`not a decimal number: ${JSON.stringify(text.slice(0, 40))}`)
  const fraction = m[3] ?? ''
  if (fraction.length > scale && /[1-9]/.test(fraction.slice(scale))) {
    throw new RangeError(`more than ${scale} decimals: ${text}`)
  }
  const value = BigInt((m[2] ?? '0') + fraction.slice(0, scale).padEnd(scale, '0'))
  return m[1] ? -value : value
}

/** Digits that a number holds exactly, whatever they are. */
const EXACT_DIGITS = 15

/**
 * The units in text as stores write it, not negative and with exactly `scale` decimals, where a number holds them; -1
 * for all other text. Most of what is read is like that, and a pattern costs five times as much.
 */
function wholeDecimal(text: string, scale: number): number {
  const { length } = text
  const point = length - 1 - scale
  if (scale === 0 || point < 1 || length > EXACT_DIGITS + 1) return -1
  let units = 0
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (at === point) {
      if (digit !== -2) return -1
    } else if (digit >= 0 && digit <= 9) units = units * 10 + digit
    else return -1
  }
  return units
}

/** Decimal text of units of 10^-scale with exactly `digits` decimals, rounded (A2). */
export function formatDecimal(value: bigint, digits: number, scale: number = SCALE): string {
  let v = value
  if (digits < scale) v = divideRounded(value, pow10(scale - digits))
  else if (digits > scale) v = value * pow10(digits - scale)
  const s = (v < 0n ? -v : v).toString().padStart(digits + 1, '0')
  const text = digits === 0 ? s : `${s.slice(0, -digits)}.${s.slice(-digits)}`
  return v < 0n ? `-${text}` : text
}

/** Amount text with the currency's minor digits, e.g. "1250.00". */
export const formatAmount = (amount: Amount, currency: string): string =>
  formatDecimal(amount, minorDigits(currency))

/** Decimal text without zeros at its end: 20.0100 is 20.01. */
export const plainDecimal = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

export interface Money {
  readonly amount: string
  readonly currency: string
}

export const toMoney = (amount: Amount, currency: string): Money => ({
  amount: formatAmount(amount, currency),
  currency,
})

/** True when the amount has no digit below the currency's minor unit. */
export const fitsCurrency = (amount: Amount, currency: string): boolean =>
  amount % pow10(SCALE - minorDigits(currency)) === 0n

/** amount x rate (scale 8), rounded to the target currency's minor unit. */
export function convert(amount: Amount, rate: bigint, currency: string): Amount {
  const unit = pow10(SCALE - minorDigits(currency))
  return divideRounded(amount * rate, RATE_ONE * unit) * unit
}
