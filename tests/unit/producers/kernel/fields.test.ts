import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { createCustomer, updateCustomer } from '../../../../producers/customers/commands.ts'
import { createInvoice } from '../../../../producers/invoices/commands.ts'
import {
  amountIn,
  day,
  externalId,
  fiscalYearStart,
  money,
  phone,
  text,
  zone,
} from '../../../../producers/kernel/fields.ts'
import { registerTenant } from '../../../../producers/tenants/commands.ts'
import { outcome } from '../facts.ts'

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success

describe('money', () => {
  it.each([
    ['0.01', true],
    ['1250.00', true],
    ['1250', true],
    ['0', true],
    ['-1.00', false],
    ['+1.00', false],
    ['1e3', false],
    ['1,250.00', false],
    ['.5', false],
    ['5.', false],
    [' 5', false],
    ['১২', false],
    ['NaN', false],
    ['0x10', false],
    ['1'.repeat(13), false],
    [5, false],
    [null, false],
    [{ amount: '5.00', currency: 'BDT' }, true],
    [{ amount: '5.00', currency: 'XXZ' }, false],
    [{ amount: 5, currency: 'BDT' }, false],
    [{ amount: '5.00', currency: 'BDT', rate: '2' }, false],
  ])('%j has the form of money: %s', (value, expected) => {
    expect(accepts(money, value)).toBe(expected)
  })

  it.each([
    ['0.00', 'BDT', 'validation_failed'],
    ['0.01', 'BDT', 'accepted'],
    ['0.001', 'BDT', 'validation_failed'],
    ['0.010', 'BDT', 'accepted'],
    ['0.001', 'KWD', 'accepted'],
    ['0.0001', 'KWD', 'validation_failed'],
    ['0.5', 'JPY', 'validation_failed'],
    ['999999999.99', 'BDT', 'accepted'],
    ['999999999.991', 'KWD', 'validation_failed'],
    ['1000000000', 'JPY', 'validation_failed'],
    ['0.00000001', 'BDT', 'validation_failed'],
  ])('%s %s: %s', (written, currency, expected) => {
    expect(outcome(() => amountIn(written, currency, '/amount'))).toBe(expected)
  })

  it('is read without floats', () => {
    expect(amountIn('999999999.99', 'BDT', '')).toBe(9_999_999_999_900n)
    expect(amountIn('0.07', 'BDT', '')).toBe(700n)
  })
})

describe('other fields', () => {
  it.each([
    [day, '2026-02-28', true],
    [day, '2026-02-29', false],
    [day, '2024-02-29', true],
    [day, '1899-12-31', false],
    [day, '2200-01-01', false],
    [day, '2026-1-1', false],
    [day, '23/11/2026', false],
    [zone, 'Asia/Dhaka', true],
    [zone, 'Asia/Nowhere', false],
    [zone, '+06:00', false],
    [fiscalYearStart, '07-01', true],
    [fiscalYearStart, '02-29', false],
    [fiscalYearStart, '13-01', false],
    [externalId, 'INV/2026#1', true],
    [externalId, 'a|b', false],
    [externalId, '', false],
    [externalId, '-x', false],
    [externalId, 'x'.repeat(129), false],
    [text(10), 'বাংলা', true],
    [text(10), 'a\nb', false],
    [text(10), 'a\u0000b', false],
    [text(10), '\ud800', false],
  ] as const)('%#: %j is accepted: %s', (_schema, value, expected) => {
    expect(accepts(_schema, value)).toBe(expected)
  })

  it.each([
    ['01712345678', '+8801712345678'],
    ['+8801712345678', '+8801712345678'],
    ['8801712345678', '+8801712345678'],
    ['017-1234-5678', '+8801712345678'],
    ['01212345678', undefined],
    ['0171234567', undefined],
    ['+880171234567', undefined],
    ['+442071838750', '+442071838750'],
  ])('phone %s becomes %s', (written, expected) => {
    expect(phone.safeParse(written).data).toBe(expected)
  })
})

describe('a body', () => {
  it.each([
    [createCustomer, { name: 'A', tenantId: 'x' }],
    [createCustomer, { name: 'A', version: 3 }],
    [updateCustomer, { name: 'A', id: 'other' }],
    [createInvoice, { customerId: 'c', lines: [{ unitPrice: '1.00', netAmount: '9.00' }] }],
    [createInvoice, { customerId: 'c', lines: [] }],
    [createInvoice, { customerId: 'c', lines: Array.from({ length: 201 }, () => ({ unitPrice: '1.00' })) }],
    [registerTenant, { id: 'Big' }],
    [registerTenant, { id: '~' }],
    [registerTenant, { id: 't', role: 'operator' }],
    [createCustomer, JSON.parse('{"name":"A","__proto__":{"admin":true}}') as unknown],
  ] as const)('that smuggles or lacks something is refused: %#', (schema, body) => {
    expect(accepts(schema, body)).toBe(false)
  })
})
