import { describe, expect, it } from '@jest/globals'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import {
  convert,
  divideRounded,
  fitsCurrency,
  formatAmount,
  formatDecimal,
  minorDigits,
  parseDecimal,
  toMoney,
} from '../../../schemas/values/amount.ts'

Decimal.set({ precision: 80, rounding: Decimal.ROUND_HALF_UP }) // decimal.js: half away from zero

const amounts = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n })
const rates = fc.bigInt({ min: 0n, max: 10n ** 12n })
const currencies = fc.constantFrom('BDT', 'USD', 'JPY', 'KWD')

describe('amounts', () => {
  it('survive the way to text and back', () => {
    fc.assert(fc.property(amounts, (a) => parseDecimal(formatDecimal(a, 4)) === a))
    fc.assert(fc.property(amounts, (a) => parseDecimal(formatDecimal(a, 8, 8), 8) === a))
  })

  it('round half away from zero, as an independent decimal library does', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 4 }), (a, digits) => {
        const expected = new Decimal(a.toString()).div(10_000).toFixed(digits)
        // decimal.js writes a negative amount that rounds to nothing as -0.00.
        return formatDecimal(a, digits) === expected.replace(/^-(0(\.0+)?)$/, '$1')
      }),
    )
    expect(formatDecimal(12_3450n, 2)).toBe('12.35')
    expect(formatDecimal(-12_3450n, 2)).toBe('-12.35')
    expect(formatDecimal(-49n, 2)).toBe('0.00')
  })

  it('divide with the same rounding, and not by zero', () => {
    fc.assert(
      fc.property(amounts, amounts, (n, d) => {
        if (d === 0n) return true
        return (
          divideRounded(n, d).toString() ===
          new Decimal(n.toString()).div(d.toString()).toFixed(0).replace('-0', '0')
        )
      }),
    )
    expect(() => divideRounded(1n, 0n)).toThrow(RangeError)
  })

  it('are read with as many decimals as there are, up to the scale, however many digits they have', () => {
    const digits = (minLength: number, maxLength: number) =>
      fc.string({
        unit: fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'),
        minLength,
        maxLength,
      })
    fc.assert(
      fc.property(
        fc.boolean(),
        digits(1, 22),
        digits(0, 8),
        fc.constantFrom(0, 2, 4, 8),
        (minus, whole, part, scale) => {
          const fraction = part.slice(0, scale)
          const text = (minus ? '-' : '') + whole + (fraction === '' ? '' : `.${fraction}`)
          const expected = BigInt(whole) * 10n ** BigInt(scale) + BigInt(fraction.padEnd(scale, '0') || '0')
          return parseDecimal(text, scale) === (minus ? -expected : expected)
        },
      ),
    )
  })

  it('are read from plain decimal text alone', () => {
    for (const text of [
      '1.00x0',
      '1x0000',
      '/.0000',
      ':.0000',
      '1.-000',
      '1..000',
      '.00000',
      '12.00-0',
      '1.২৩৪৫',
    ]) {
      expect(() => parseDecimal(text)).toThrow(RangeError)
    }
    for (const text of ['', ' 1', '1e3', '1,000', '+1', '.5', '1.', '--1', 'NaN', '0x1', '১', '1_000']) {
      expect(() => parseDecimal(text)).toThrow(RangeError)
    }
    expect(() => parseDecimal('1.00001')).toThrow(/more than 4 decimals/)
    expect(parseDecimal('1.000000')).toBe(10_000n)
    expect(parseDecimal('-0.0001')).toBe(-1n)
  })

  it('are shown with the minor digits of their currency', () => {
    expect(formatAmount(12_500_000n, 'BDT')).toBe('1250.00')
    expect(formatAmount(12_500_000n, 'JPY')).toBe('1250')
    expect(formatAmount(12_345n, 'KWD')).toBe('1.235')
    expect(toMoney(-5_000n, 'USD')).toEqual({ amount: '-0.50', currency: 'USD' })
  })

  it('fit a currency when they have no digit below its minor unit', () => {
    fc.assert(
      fc.property(amounts, currencies, (a, currency) => {
        const whole = new Decimal(a.toString())
          .div(10_000)
          .mul(10 ** minorDigits(currency))
          .isInteger()
        return fitsCurrency(a, currency) === whole
      }),
    )
  })

  it('convert to the minor unit of the target, as an independent decimal library does', () => {
    fc.assert(
      fc.property(amounts, rates, currencies, (a, rate, currency) => {
        const product = new Decimal(a.toString())
          .div(10_000)
          .mul(new Decimal(rate.toString()).div(100_000_000))
        const expected = product.toFixed(minorDigits(currency))
        return convert(a, rate, currency) === parseDecimal(expected)
      }),
    )
  })
})
