import { describe, expect, it } from '@jest/globals'
import { conditionOf, fieldsIn, heldAt, matches } from '../../../../producers/validation-rules/condition.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { refusalOf } from '../refusals.ts'

const command = {
  customerId: 'c-1',
  amount: '1000.50',
  money: { amount: '250', currency: 'BDT' },
  category: '',
  department: null,
  approved: true,
  terms: 30,
  date: parseDay('2026-11-23'),
  lines: [
    { unitPrice: '10.00', vatCode: 'standard' },
    { unitPrice: { amount: '99.99', currency: 'BDT' }, vatCode: 'none', note: 'x' },
  ],
  none: [],
}
const holds = (condition: object, about: unknown = command) => heldAt(conditionOf(condition, ''), about)

describe('a comparison', () => {
  it.each<[string, string, unknown, string | undefined]>([
    ['amount', 'gt', '1000.49', '/amount'],
    ['amount', 'gt', '1000.5', undefined],
    ['amount', 'gte', '1000.5', '/amount'],
    ['amount', 'gt', 999, '/amount'],
    ['amount', 'lt', '1000.50000001', '/amount'],
    ['amount', 'lte', '1000.4', undefined],
    ['amount', 'eq', '1000.500', '/amount'],
    ['amount', 'ne', '1000.500', undefined],
    ['amount', 'ne', '1000.51', '/amount'],
    // Not as text: "9" comes after "1000.50" there.
    ['amount', 'lt', '9', undefined],
    ['money', 'gt', '249.99', '/money'],
    ['money.amount', 'eq', '250.00', '/money/amount'],
    ['money.currency', 'eq', 'BDT', '/money/currency'],
    ['customerId', 'eq', 'c-1', '/customerId'],
    ['customerId', 'eq', 'C-1', undefined],
    ['customerId', 'gt', '1', undefined],
    ['customerId', 'in', ['c-2', 'c-1'], '/customerId'],
    ['customerId', 'in', ['c-2'], undefined],
    ['amount', 'in', ['1', '1000.5'], '/amount'],
    ['customerId', 'matches', 'c-*', '/customerId'],
    ['customerId', 'matches', '?-?', '/customerId'],
    ['customerId', 'matches', 'c', undefined],
    ['approved', 'eq', true, '/approved'],
    ['approved', 'eq', false, undefined],
    ['approved', 'eq', 'true', undefined],
    ['terms', 'gte', 30, '/terms'],
    ['terms', 'gt', '30', undefined],
    ['date', 'gt', '2026-11-22', '/date'],
    ['date', 'lt', '2026-11-23', undefined],
    ['date', 'eq', '2026-11-23', '/date'],
    ['date', 'in', ['2026-11-23'], '/date'],
    ['lines[*].unitPrice', 'gt', '50', '/lines/1/unitPrice'],
    ['lines[*].unitPrice', 'lt', '50', '/lines/0/unitPrice'],
    ['lines[*].unitPrice', 'gt', '100', undefined],
    ['lines[*].vatCode', 'ne', 'standard', '/lines/1/vatCode'],
    ['lines[*].vatCode', 'ne', 'exempt', '/lines/0/vatCode'],
    ['none[*].x', 'ne', '1', undefined],
    // Nothing compares with nothing.
    ['category', 'eq', '', undefined],
    ['category', 'ne', 'x', undefined],
    ['department', 'ne', 'x', undefined],
    ['nowhere', 'ne', 'x', undefined],
    ['nowhere.deeper', 'lt', '5', undefined],
    ['toString', 'ne', 'x', undefined],
    ['lines', 'ne', 'x', undefined],
  ])('%s %s %j holds at %s', (field, op, value, at) => {
    expect(holds({ field, op, value })).toBe(at)
  })

  it.each<[string, string | undefined]>([
    ['category', '/category'],
    ['department', '/department'],
    ['nowhere', '/nowhere'],
    ['nowhere.deeper', '/nowhere/deeper'],
    ['toString', '/toString'],
    ['amount', undefined],
    ['approved', undefined],
    ['lines', undefined],
    ['lines[*].note', '/lines/0/note'],
    ['lines[*].vatCode', undefined],
    ['nowhere[*].x', '/nowhere/x'],
    ['none[*].x', undefined],
  ])('%s is missing at %s', (field, at) => {
    expect(holds({ field, op: 'missing' })).toBe(at)
  })

  it('sees through ways of writing an amount that would slip past it', () => {
    for (const amount of ['0001000.50', '1000.5', { amount: '01000.50', currency: 'BDT' }]) {
      expect(holds({ field: 'amount', op: 'gt', value: '1000' }, { amount })).toBe('/amount')
    }
  })
})

describe('joined conditions', () => {
  const yes = { field: 'amount', op: 'gt', value: '1' }
  const no = { field: 'amount', op: 'gt', value: '5000' }
  it.each<[object, string | undefined]>([
    [{ all: [yes, { field: 'approved', op: 'eq', value: true }] }, '/amount'],
    [{ all: [yes, no] }, undefined],
    [{ any: [no, yes] }, '/amount'],
    [{ any: [no, no] }, undefined],
    [{ not: no }, ''],
    [{ not: yes }, undefined],
    [{ all: [{ not: no }, yes] }, '/amount'],
    [{ any: [{ all: [yes, no] }, { not: { any: [no] } }] }, ''],
  ])('%j holds at %s', (condition, at) => {
    expect(holds(condition)).toBe(at)
  })

  it('name their fields with a pointer to each', () => {
    const condition = conditionOf({ any: [yes, { not: { all: [no] } }] }, '')
    expect(fieldsIn(condition)).toEqual([
      { field: 'amount', pointer: '/any/0/field' },
      { field: 'amount', pointer: '/any/1/not/all/0/field' },
    ])
  })
})

describe('a condition is refused', () => {
  const nested = (depth: number): object =>
    depth === 1 ? { field: 'amount', op: 'missing' } : { not: nested(depth - 1) }
  it.each<[unknown, string]>([
    [nested(8), 'accepted'],
    [nested(9), `validation_failed ${'/not'.repeat(8)}`],
    ['amount > 5', 'validation_failed '],
    [[], 'validation_failed '],
    [{}, 'validation_failed /field'],
    [{ all: [] }, 'validation_failed /all'],
    [{ all: {} }, 'validation_failed /all'],
    [{ any: Array.from({ length: 51 }, () => nested(1)) }, 'validation_failed /any'],
    [{ all: [nested(1)], any: [nested(1)] }, 'validation_failed /all'],
    [{ any: [nested(1), { field: 'x' }] }, 'validation_failed /any/1/op'],
    [{ field: 'amount', op: 'over', value: '1' }, 'validation_failed /op'],
    [{ field: 'amount', op: 'constructor', value: '1' }, 'validation_failed /op'],
    [{ field: 'a b', op: 'eq', value: '1' }, 'validation_failed /field'],
    [{ field: '__proto__', op: 'eq', value: '1' }, 'validation_failed /field'],
    [{ field: 'a[0]', op: 'eq', value: '1' }, 'validation_failed /field'],
    [{ field: 'a', op: 'eq' }, 'validation_failed /value'],
    [{ field: 'a', op: 'eq', value: null }, 'validation_failed /value'],
    [{ field: 'a', op: 'eq', value: 1.5 }, 'validation_failed /value'],
    [{ field: 'a', op: 'eq', value: 'x'.repeat(201) }, 'validation_failed /value'],
    [{ field: 'a', op: 'gt', value: 'much' }, 'validation_failed /value'],
    [{ field: 'a', op: 'gt', value: true }, 'validation_failed /value'],
    [{ field: 'a', op: 'gt', value: '2026-02-30' }, 'validation_failed /value'],
    [{ field: 'a', op: 'gt', value: '2026-02-28' }, 'accepted'],
    [{ field: 'a', op: 'in', value: 'x' }, 'validation_failed /value'],
    [{ field: 'a', op: 'in', value: [] }, 'validation_failed /value'],
    [{ field: 'a', op: 'in', value: Array.from({ length: 101 }, () => 'x') }, 'validation_failed /value'],
    [{ field: 'a', op: 'in', value: [['x']] }, 'validation_failed /value'],
    [{ field: 'a', op: 'matches', value: 5 }, 'validation_failed /value'],
    [{ field: 'a', op: 'missing', value: 'x' }, 'validation_failed /value'],
    [{ field: 'a', op: 'eq', value: '1', else: '2' }, 'validation_failed /else'],
  ])('%j: %s', (condition, expected) => {
    expect(refusalOf(() => conditionOf(condition, ''))).toBe(expected)
  })
})

describe('patterns', () => {
  it.each([
    ['INV-2026', 'INV-*', true],
    ['INV-2026', '*2026', true],
    ['INV-2026', '*-*', true],
    ['INV-2026', 'INV', false],
    ['INV-2026', 'inv-*', false],
    ['INV-2026', '????????', true],
    ['INV-2026', '???????', false],
    ['', '*', true],
    ['', '?', false],
    ['', '', true],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['aXbXc', 'a*b*c', true],
    ['ab', 'a*b*c', false],
    ['a*c', 'a*', true],
    ['চাল', 'চ*', true],
  ])('%s fits %s: %s', (text, pattern, fits) => {
    expect(matches(text, pattern)).toBe(fits)
  })

  it('take no time to speak of, also where a regex would take for ever', () => {
    const started = performance.now()
    expect(matches('a'.repeat(500), `${'*a'.repeat(99)}b`)).toBe(false)
    expect(performance.now() - started).toBeLessThan(200)
  })
})
