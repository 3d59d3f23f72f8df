import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { minorDigits } from '../../../schemas/values/amount.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { DocumentNumber, MushakNumber } from '../../../schemas/values/document-numbers.ts'
import { MoneyValue } from '../../../schemas/values/money.ts'
import { checkedTaxRate } from '../../../schemas/rules/tax-rates.ts'

const made = <T>(make: () => T): T | undefined => {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

describe('money', () => {
  it('adds what decimals add, in taka where nothing is said', () => {
    const sum = MoneyValue.parse('0.10').plus(MoneyValue.parse('0.20'))
    expect([String(sum), JSON.stringify(sum)]).toEqual(['0.30 BDT', '{"amount":"0.30","currency":"BDT"}'])
    expect(sum.compare(MoneyValue.parse('0.30'))).toBe(0)
    expect(String(sum.minus(MoneyValue.parse('1.00')))).toBe('-0.70 BDT')
  })

  it('keeps two currencies apart', () => {
    const [taka, dollar] = [MoneyValue.parse('1.00'), MoneyValue.parse('1.00', 'USD')]
    for (const work of [() => taka.plus(dollar), () => taka.minus(dollar), () => taka.compare(dollar)]) {
      expect(work).toThrow('1.00 BDT and 1.00 USD are in two currencies')
    }
  })

  it('has no invalid instance, and none that changes', () => {
    const any = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })
    const amounts = fc.oneof(
      any,
      any.map((n) => n * 10n),
      any.map((n) => n * 10_000n),
    )
    const currencies = fc.oneof(fc.constantFrom('BDT', 'USD', 'JPY', 'KWD'), fc.string({ maxLength: 4 }))
    fc.assert(
      fc.property(amounts, currencies, (amount, currency) => {
        const money = made(() => MoneyValue.of(amount, currency))
        const unit = 10n ** BigInt(4 - minorDigits(currency))
        expect(money !== undefined).toBe(/^[A-Z]{3}$/.test(currency) && amount % unit === 0n)
        if (!money) return
        expect(() => Object.assign(money, { amount: 1n })).toThrow(TypeError)
        expect(money.amount).toBe(amount)
      }),
    )
    expect(made(() => MoneyValue.parse('0.001'))).toBeUndefined()
  })
})

describe('document numbers', () => {
  it('are read as they are written', () => {
    const numbers = fc.tuple(
      fc.constantFrom('INV', 'PAY', 'EXP', 'CN'),
      fc.constantFrom('2026-27', '2026'),
      fc.integer({ min: 1, max: 999_999_999 }),
    )
    fc.assert(
      fc.property(numbers, ([prefix, year, serial]) => {
        const number = new DocumentNumber(prefix, year, serial)
        expect(DocumentNumber.parse(String(number))).toEqual(number)
        expect(() => Object.assign(number, { serial: 1 })).toThrow(TypeError)
      }),
    )
    expect(String(new DocumentNumber('INV', '2025-26', 42))).toBe('INV-2025-26-000042')
  })

  it.each([
    'INV-2025-26-42',
    'INV-25-26-000042',
    'inv-2025-26-000042',
    'INV-2025-26-0000042',
    'INV-2025-26-000000',
    '',
  ])('are not %j', (text) => expect(made(() => DocumentNumber.parse(text))).toBeUndefined())

  it.each([0, -1, 1.5, 1_000_000_000, Number.NaN])('have no serial %d', (serial) => {
    expect(made(() => new DocumentNumber('INV', '2026-27', serial))).toBeUndefined()
    expect(made(() => MushakNumber.of('6.3', parseDay('2026-11-23'), serial))).toBeUndefined()
  })

  it('of Mushak have the form and the month of the document, over a change of month too', () => {
    const of = (date: string) => String(MushakNumber.of('6.3', parseDay(date), 42))
    expect([of('2025-11-30'), of('2025-12-01')]).toEqual([
      'MUSHAK-6.3-2025-11-000042',
      'MUSHAK-6.3-2025-12-000042',
    ])
    expect(MushakNumber.parse('MUSHAK-6.7-2025-12-1000000')).toMatchObject({
      form: '6.7',
      month: '2025-12',
      serial: 1e6,
    })
    for (const text of ['MUSHAK-6.3-2025-13-000001', 'MUSHAK-6.4-2025-12-000001', 'MUSHAK-6.3-2025-12-1']) {
      expect(made(() => MushakNumber.parse(text))).toBeUndefined()
    }
  })
})

describe('a tax rate', () => {
  it('is a fraction, or an amount per unit, and nothing else', () => {
    const rates = fc.bigInt({ min: -(10n ** 10n), max: 10n ** 10n })
    fc.assert(
      fc.property(rates, fc.option(fc.bigInt({ min: -5n, max: 5n })), (rate, perUnit) => {
        const made_ = made(() => checkedTaxRate({ rate, perUnit, creditable: false }))
        const fits =
          rate >= 0n && rate <= 2_000_000_000n && (perUnit === null || (perUnit > 0n && rate === 0n))
        expect([made_ !== undefined, made_ === undefined || Object.isFrozen(made_)]).toEqual([fits, true])
      }),
    )
    expect(made(() => checkedTaxRate({ rate: 0n, perUnit: 5n, creditable: false }))).toBeDefined()
  })
})
