import { describe, expect, it } from '@jest/globals'
import {
  codeOfRate,
  DEFAULT_TAX_RATES,
  defaultTaxRates,
  type DatedTaxRate,
  taxRatesOf,
} from '../../../schemas/rules/tax-rates.ts'
import { formatDecimal } from '../../../schemas/values/amount.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'

const rateOn = (code: string, day: string) => {
  const found = defaultTaxRates.rateOn('VAT', code, parseDay(day))
  return found && [formatDecimal(found.rate, 3, 8), found.creditable]
}

describe('the table of tax rates', () => {
  it.each<[string, readonly [string, boolean]]>([
    ['standard', ['0.150', true]],
    ['reduced-10', ['0.100', false]],
    ['reduced', ['0.075', false]],
    ['reduced-7-5', ['0.075', false]],
    ['reduced-5', ['0.050', false]],
    ['truncated', ['0.050', false]],
    ['reduced-2-4', ['0.024', false]],
    ['reduced-2', ['0.020', false]],
    ['specific', ['0.000', false]],
    ['zero', ['0.000', true]],
    ['exempt', ['0.000', false]],
    ['none', ['0.000', false]],
  ])('has %s in 2026: %j', (code, expected) => {
    expect(rateOn(code, '2026-11-23')).toEqual(expected)
  })

  it('is dated: a law of 1 July 2026 changes what counts from that day on', () => {
    expect([rateOn('trade', '2026-06-30'), rateOn('trade', '2026-07-01')]).toEqual([
      ['0.050', false],
      ['0.075', false],
    ])
  })

  it('has nothing for a code before its first day, after its last one, or of another tax', () => {
    expect([rateOn('reduced', '2019-06-30'), rateOn('standard', '1991-06-30')]).toEqual([
      undefined,
      undefined,
    ])
    expect(rateOn('none', '1900-01-01')).toBeDefined()
    expect(defaultTaxRates.rateOn('SD', 'standard', parseDay('2026-11-23'))).toBeUndefined()
    const row = DEFAULT_TAX_RATES.find(({ code, validTo }) => code === 'trade' && validTo !== null)
    const [from, to] = [row?.validFrom ?? 0, row?.validTo ?? 0]
    const alone = taxRatesOf(row ? [row] : [])
    const found = (day: number) => alone.rateOn('VAT', 'trade', day) !== undefined
    expect([found(from - 1), found(from), found(to), found(to + 1)]).toEqual([false, true, true, false])
  })

  it('takes the rate that began last where two hold', () => {
    const base = DEFAULT_TAX_RATES[0] as DatedTaxRate
    const newer = { ...base, rate: 16_000_000n, validFrom: base.validFrom + 10 }
    for (const table of [
      [base, newer],
      [newer, base],
    ]) {
      const rates = taxRatesOf(table)
      expect(rates.rateOn('VAT', base.code, base.validFrom + 9)?.rate).toBe(base.rate)
      expect(rates.rateOn('VAT', base.code, base.validFrom + 10)?.rate).toBe(16_000_000n)
    }
  })

  it('names the code of a rate that is stated without one', () => {
    const day = parseDay('2026-11-23')
    expect([15_000_000n, 7_500_000n, 5_000_000n, 0n, 1n].map((rate) => codeOfRate(rate, day))).toEqual([
      'standard',
      'reduced',
      'reduced-5',
      'none',
      undefined,
    ])
  })

  it('says for every row where it is from, and whether that was checked', () => {
    for (const { source, validFrom, validTo, verified } of DEFAULT_TAX_RATES) {
      expect([source !== '', typeof verified, validTo === null || validTo >= validFrom]).toEqual([
        true,
        'boolean',
        true,
      ])
    }
    expect(Object.isFrozen(DEFAULT_TAX_RATES) && DEFAULT_TAX_RATES.every(Object.isFrozen)).toBe(true)
  })
})
