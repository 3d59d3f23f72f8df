import { describe, expect, it } from '@jest/globals'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { createInvoice } from '../../../../producers/invoices/commands.ts'
import { lineOf, totalsOf } from '../../../../producers/invoices/lines.ts'
import { formatDecimal } from '../../../../schemas/values/amount.ts'
import { outcome } from '../facts.ts'

const inputOf = (line: object) => {
  const parsed = createInvoice.parse({ customerId: 'c', lines: [line] })
  const [first] = parsed.lines
  if (!first) throw new Error('no line')
  return first
}
const text = (amount: bigint) => formatDecimal(amount, 4)

describe('an invoice line', () => {
  it('rounds VAT half away from zero, per line', () => {
    const line = lineOf(inputOf({ quantity: '3', unitPrice: '33.35', vatCode: 'standard' }), 'BDT', 0)
    expect([text(line.netAmount), text(line.vatAmount)]).toEqual(['100.0500', '15.0100'])
    const half = lineOf(inputOf({ unitPrice: '0.30', vatCode: 'standard' }), 'BDT', 0)
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
    const line = lineOf(inputOf({ unitPrice: '100.00', vatCode }), 'BDT', 0)
    expect([line.vatCode, formatDecimal(line.vatRate, 8, 8)]).toEqual([vatCode, rate])
  })

  it('has no VAT where none is stated', () => {
    const line = lineOf(inputOf({ unitPrice: '100.00' }), 'BDT', 0)
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
    expect(outcome(() => lineOf(inputOf(line), currency, 0))).toBe(expected)
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
          'BDT',
          0,
        )
        expect([text(line.netAmount), text(line.vatAmount)]).toEqual([net.toFixed(4), vat.toFixed(4)])
      }),
    )
  })

  it('sums rounded lines, so that the total is what the lines show', () => {
    const line = lineOf(inputOf({ unitPrice: '0.30', vatCode: 'standard' }), 'BDT', 0)
    const { subtotal, vatAmount, total } = totalsOf([line, line, line])
    expect([text(subtotal), text(vatAmount), text(total)]).toEqual(['0.9000', '0.1500', '1.0500'])
  })
})
