import { describe, expect, it } from '@jest/globals'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { createInvoice } from '../../../../producers/invoices/commands.ts'
import { calculateLine, lineOf, totalsOf } from '../../../../producers/kernel/lines.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { defaultTaxRates } from '../../../../schemas/rules/tax-rates.ts'
import { formatDecimal, RATE_ONE } from '../../../../schemas/values/amount.ts'
import { refusalOf } from '../refusals.ts'
import { outcome, productOf, TODAY } from '../facts.ts'

const inputOf = (line: object) => {
  const parsed = createInvoice.parse({ customerId: 'c', lines: [line] })
  const [first] = parsed.lines
  if (!first) throw new Error('no line')
  return first
}
const context = (currency: string, day = TODAY, fxRate = RATE_ONE) => ({
  currency,
  day,
  fxRate,
  rates: defaultTaxRates,
  productOf,
})
const text = (amount: bigint) => formatDecimal(amount, 4)

describe('an invoice line', () => {
  it('rounds VAT half away from zero, per line', () => {
    const line = lineOf(
      inputOf({ quantity: '3', unitPrice: '33.35', vatCode: 'standard' }),
      context('BDT'),
      0,
    )
    expect([text(line.netAmount), text(line.vatAmount)]).toEqual(['100.0500', '15.0100'])
    const half = lineOf(inputOf({ unitPrice: '0.30', vatCode: 'standard' }), context('BDT'), 0)
    expect(text(half.vatAmount)).toBe('0.0500')
  })

  it.each([
    ['standard', '0.15000000'],
    ['reduced', '0.07500000'],
    ['truncated', '0.05000000'],
    ['zero', '0.00000000'],
    ['exempt', '0.00000000'],
    ['none', '0.00000000'],
  ])('knows the VAT code %s', (vatCode, rate) => {
    const line = lineOf(inputOf({ unitPrice: '100.00', vatCode }), context('BDT'), 0)
    expect([line.vatCode, formatDecimal(line.vatRate, 8, 8)]).toEqual([vatCode, rate])
  })

  it('has no VAT where none is stated', () => {
    const line = lineOf(inputOf({ unitPrice: '100.00' }), context('BDT'), 0)
    expect([line.vatCode, line.vatAmount]).toEqual(['none', 0n])
  })

  it.each([
    [{ unitPrice: '0.00' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '999999999.99' }, 'BDT', 'accepted'],
    [{ unitPrice: '1000000000.00' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '500000000.00', quantity: '2' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '1.001' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '1.001' }, 'KWD', 'accepted'],
    [{ unitPrice: '1.00' }, 'JPY', 'accepted'],
    [{ unitPrice: '1.50' }, 'JPY', 'validation_failed'],
    [{ unitPrice: '1.00', quantity: '0' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '1.00', quantity: '0.00001' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '0.01', quantity: '0.4' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '1.00', vatCode: 'none', vatRate: '0.15' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '1.00', vatCode: 'none', vatRate: '0' }, 'BDT', 'accepted'],
    [{ unitPrice: '1.00', vatRate: '1.01' }, 'BDT', 'validation_failed'],
    [{ unitPrice: '1.00', vatCode: 'unheard-of' }, 'BDT', 'validation_failed'],
    [{ unitPrice: { amount: '1.00', currency: 'USD' } }, 'BDT', 'currency_mismatch'],
  ])('%j in %s: %s', (line, currency, expected) => {
    expect(outcome(() => lineOf(inputOf(line), context(currency), 0))).toBe(expected)
  })

  it('agrees with decimal arithmetic for any price, quantity and rate', () => {
    const cents = fc.integer({ min: 1, max: 5_000_000 })
    const quantities = fc.integer({ min: 1, max: 9_999_999 })
    const rates = fc.constantFrom('0.15', '0.075', '0.05', '0.024', '0')
    fc.assert(
      fc.property(cents, quantities, rates, (price, quantity, vatRate) => {
        const unitPrice = new Decimal(price).div(100)
        const units = new Decimal(quantity).div(10_000)
        const net = unitPrice.mul(units).toDecimalPlaces(2, Decimal.ROUND_HALF_UP)
        fc.pre(net.gt(0) && net.lt('999999999.99'))
        const vat = net.mul(vatRate).toDecimalPlaces(2, Decimal.ROUND_HALF_UP)
        const line = lineOf(
          inputOf({ unitPrice: unitPrice.toFixed(2), quantity: units.toFixed(4), vatRate }),
          context('BDT'),
          0,
        )
        expect([text(line.netAmount), text(line.vatAmount)]).toEqual([net.toFixed(4), vat.toFixed(4)])
      }),
    )
  })

  it('sums rounded lines, so that the total is what the lines show', () => {
    const line = lineOf(inputOf({ unitPrice: '0.30', vatCode: 'standard' }), context('BDT'), 0)
    const { subtotal, vatAmount, total } = totalsOf([line, line, line])
    expect([text(subtotal), text(vatAmount), text(total)]).toEqual(['0.9000', '0.1500', '1.0500'])
  })

  const amounts = (line: object, day = TODAY, fxRate = RATE_ONE) => {
    const { discount, netAmount, sdAmount, vatAmount } = lineOf(inputOf(line), context('BDT', day, fxRate), 0)
    return [discount, netAmount, sdAmount, vatAmount].map((amount) => formatDecimal(amount, 2))
  }

  it('takes off the discount, adds SD to the base of VAT, and rounds each', () => {
    // 3 x 33.35 = 100.05; 10 % = 10.005 -> 10.01; net 90.04; SD 20 % = 18.008 -> 18.01; VAT 15 % of 108.05 = 16.2075.
    const line = { quantity: '3', unitPrice: '33.35', vatCode: 'standard', sdRate: '0.2' }
    expect(amounts({ ...line, discount: { percent: '10' } })).toEqual(['10.01', '90.04', '18.01', '16.21'])
    expect(amounts({ ...line, discount: '10.01' })).toEqual(['10.01', '90.04', '18.01', '16.21'])
  })

  it('has VAT per unit where it is an amount: of the line, or of a rate that was set in base currency', () => {
    expect(
      amounts({ quantity: '2.5', unitPrice: '900.00', vatCode: 'specific', vatPerUnit: '2000' }),
    ).toEqual(['0.00', '2250.00', '0.00', '5000.00'])
    const set = { rate: 0n, perUnit: 20_000_000n, creditable: false }
    const dollars = { ...context('USD', TODAY, 12_500_000_000n), rates: { rateOn: () => set } }
    const line = lineOf(inputOf({ quantity: '2', unitPrice: '50.00', vatCode: 'gold' }), dollars, 0)
    // BDT 2,000 a unit at 125 are USD 16.
    expect([text(line.vatPerUnit), text(line.vatAmount)]).toEqual(['16.0000', '32.0000'])
  })

  it("takes the rate of the document's day", () => {
    const line = { unitPrice: '100.00', vatCode: 'trade' }
    expect([amounts(line, parseDay('2026-06-30'))[3], amounts(line, parseDay('2026-07-01'))[3]]).toEqual([
      '5.00',
      '7.50',
    ])
  })

  it('keeps what it is of: product, unit, account', () => {
    const more = { productId: 'rice', unit: 'kg', accountId: '4010' }
    expect(lineOf(inputOf({ unitPrice: '1.00', ...more }), context('BDT'), 0)).toMatchObject(more)
  })

  it("goes to its product's sales account where it states none; its product exists and is active", () => {
    const accountOf = (more: object) =>
      lineOf(inputOf({ unitPrice: '1.00', ...more }), context('BDT'), 0).accountId
    expect(accountOf({ productId: 'advice' })).toBe('4300')
    expect(accountOf({ productId: 'advice', accountId: '4010' })).toBe('4010')
    expect(accountOf({ productId: 'rice' })).toBeNull()
    expect(refusalOf(() => accountOf({ productId: 'none' }))).toBe('reference_not_found /lines/0/productId')
    expect(refusalOf(() => accountOf({ productId: 'old' }))).toBe('product_inactive /lines/0/productId')
  })

  const pointerOf = (line: object, day = TODAY): string | undefined => {
    try {
      lineOf(inputOf(line), context('BDT', day), 4)
      return 'accepted'
    } catch (error) {
      return error instanceof Refusal ? error.options.errors?.[0]?.pointer : String(error)
    }
  }

  it.each<[object, string]>([
    [{ unitPrice: '0' }, '/lines/4/unitPrice'],
    [{ unitPrice: '1.005' }, '/lines/4/unitPrice'],
    [{ unitPrice: '1.00', quantity: '1.00005' }, '/lines/4/quantity'],
    [{ unitPrice: '1.00', vatCode: 'unheard-of' }, '/lines/4/vatCode'],
    [{ unitPrice: '1.00', vatCode: 'standard', vatRate: '0.1' }, '/lines/4/vatRate'],
    [{ unitPrice: '1.00', vatRate: '2' }, '/lines/4/vatRate'],
    [{ unitPrice: '1.00', vatCode: 'specific' }, '/lines/4/vatPerUnit'],
    [{ unitPrice: '1.00', vatCode: 'zero', vatPerUnit: '1' }, '/lines/4/vatPerUnit'],
    [{ unitPrice: '1.00', vatCode: 'standard', vatPerUnit: '1' }, '/lines/4/vatPerUnit'],
    [{ unitPrice: '1.00', vatRate: '0.15', vatPerUnit: '1' }, '/lines/4/vatPerUnit'],
    [{ unitPrice: '1.00', sdRate: '21' }, '/lines/4/sdRate'],
    [{ unitPrice: '1.00', sdCode: 'tobacco' }, '/lines/4/sdCode'],
    [{ unitPrice: '1.00', discount: '1.00' }, '/lines/4'],
    [{ unitPrice: '1.00', discount: '0' }, '/lines/4/discount'],
    [{ unitPrice: '1.00', discount: '0.001' }, '/lines/4/discount'],
    [{ unitPrice: '1.00', discount: { percent: '0' } }, '/lines/4/discount/percent'],
    [{ unitPrice: '1.00', discount: { percent: '100' } }, '/lines/4'],
    [{ unitPrice: '1.00', discount: { amount: '0.10', currency: 'USD' } }, '/lines/4/discount/currency'],
    [{ unitPrice: '1.00', discount: { amount: '0.10', currency: 'BDT' } }, 'accepted'],
    [{ unitPrice: '1.00', vatPerUnit: '0.5' }, 'accepted'],
  ])('%j points at %s', (line, pointer) => {
    expect(pointerOf(line)).toBe(pointer)
  })

  it('refuses a code that was not in force on the day, and takes its rate where that is stated', () => {
    const before = parseDay('2019-06-30')
    expect(pointerOf({ unitPrice: '1.00', vatCode: 'reduced-10' }, before)).toBe('/lines/4/vatCode')
    expect(pointerOf({ unitPrice: '1.00', vatCode: 'reduced-10', vatRate: '0.1' }, before)).toBe('accepted')
  })

  it('knows which input tax can be credited, for bills', () => {
    const creditable = (line: object) => calculateLine(inputOf(line), context('BDT'), '/lines/0').creditable
    expect(
      [
        { vatCode: 'standard' },
        { vatCode: 'reduced-10' },
        { vatCode: 'zero' },
        { vatCode: 'exempt' },
        { vatRate: '0.2' },
        { vatRate: '0.12' },
      ].map((line) => creditable({ unitPrice: '1.00', ...line })),
    ).toEqual([true, false, true, false, true, false])
  })
})
