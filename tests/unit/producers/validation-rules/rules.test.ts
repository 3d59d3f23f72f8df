import { describe, expect, it } from '@jest/globals'
import { parseBody } from '../../../../producers/http/request.ts'
import { createInvoice } from '../../../../producers/invoices/commands.ts'
import { OPERATIONS } from '../../../../producers/kernel/catalogue.ts'
import { problemOf, Refusal } from '../../../../producers/kernel/errors.ts'
import { Session } from '../../../../producers/kernel/session.ts'
import { setValidationRules } from '../../../../producers/validation-rules/commands.ts'
import { refuseByRules, type ValidationRulesState } from '../../../../producers/validation-rules/decide.ts'
import { hasField } from '../../../../producers/validation-rules/routes.ts'
import { facts } from '../facts.ts'
import { refusalOf } from '../refusals.ts'

const operation = OPERATIONS.find((one) => one.name === 'validation-rules.set')

/** Decides as the group does: through the operation, with all others to choose from. */
function set(rules: readonly unknown[], before: ValidationRulesState | null = null): ValidationRulesState {
  if (!operation) throw new Error('no such operation')
  const session = new Session('books', facts.nowMs)
  const ref = { type: 'validation-rules', id: 'books' } as const
  session.adoptAggregates(
    [ref, { type: 'tenant', id: 'books' }],
    [
      { type: 'tenant', id: 'books', version: 1, state: facts.tenant, createdDigest: '' },
      ...(before ? [{ ...ref, version: 1, state: before, createdDigest: '' }] : []),
    ],
  )
  const [event] = operation.decide(session, {
    id: 'books',
    command: parseBody(setValidationRules, { rules }),
  })
  if (event?.type !== 'ValidationRulesSet') throw new Error('no event')
  return event.data
}
const dear = {
  id: 'dear',
  operation: 'invoice.create',
  condition: { field: 'lines[*].unitPrice', op: 'gt', value: '100000' },
  message: 'Prices above one lakh need the director',
}
const invoice = (unitPrice: string) =>
  parseBody(createInvoice, { customerId: 'c', lines: [{ unitPrice: '1' }, { unitPrice }] })

describe('setting validation rules', () => {
  it.each<[object, string]>([
    [{}, 'accepted'],
    [{ operation: 'invoice.creates' }, 'validation_failed /rules/0/operation'],
    [{ operation: 'validation-rules.set' }, 'validation_failed /rules/0/operation'],
    [{ operation: 'tenant.register' }, 'validation_failed /rules/0/operation'],
    [{ operation: 'tax-rate.set' }, 'validation_failed /rules/0/operation'],
    [{ condition: { field: 'lines[*].price', op: 'missing' } }, 'validation_failed /rules/0/condition/field'],
    [
      { condition: { field: 'lines.unitPrice', op: 'missing' } },
      'validation_failed /rules/0/condition/field',
    ],
    [{ condition: { not: { field: 'x', op: 'missing' } } }, 'validation_failed /rules/0/condition/not/field'],
    [{ condition: { field: 'currency', op: 'like', value: 'x' } }, 'validation_failed /rules/0/condition/op'],
    [{ condition: 'currency' }, 'validation_failed /rules/0/condition'],
    [{ message: '' }, 'validation_failed /rules/0/message'],
    [{ message: 'x'.repeat(301) }, 'validation_failed /rules/0/message'],
    [{ id: 'Not so' }, 'validation_failed /rules/0/id'],
    [{ pointer: 'lines' }, 'validation_failed /rules/0/pointer'],
    [{ script: 'x' }, 'validation_failed /rules/0'],
  ])('%j: %s', (more, expected) => {
    expect(refusalOf(() => set([{ ...dear, ...more }]))).toBe(expected)
  })

  it('is bounded: 200 rules, 300 comparisons together, conditions of 4000 characters; ids once', () => {
    const many = (count: number, condition: object = dear.condition) =>
      Array.from({ length: count }, (_, index) => ({ ...dear, id: `r${index}`, condition }))
    expect(refusalOf(() => set(many(200)))).toBe('accepted')
    expect(refusalOf(() => set(many(201)))).toBe('validation_failed /rules')
    const six = { any: Array.from({ length: 6 }, () => dear.condition) }
    expect(refusalOf(() => set(many(50, six)))).toBe('accepted')
    expect(refusalOf(() => set(many(51, six)))).toBe('validation_failed /rules')
    const values = (count: number) => ({
      field: 'category',
      op: 'in',
      value: Array.from({ length: count }, (_, i) => `c${i}`),
    })
    expect(refusalOf(() => set(many(3, values(100))))).toBe('accepted')
    expect(refusalOf(() => set(many(4, values(100))))).toBe('validation_failed /rules')
    const long = { field: 'category', op: 'in', value: Array.from({ length: 25 }, () => 'x'.repeat(200)) }
    expect(refusalOf(() => set(many(1, long)))).toBe('validation_failed /rules/0/condition')
    expect(refusalOf(() => set([dear, dear]))).toBe('validation_failed /rules/1/id')
  })

  it('replaces them all, is not done for nothing, and none is none', () => {
    const state = set([dear])
    expect(refusalOf(() => set([dear], state))).toBe('nothing_changed')
    expect(set([], state)).toEqual({ rules: [] })
    expect(refusalOf(() => set([]))).toBe('nothing_changed')
  })

  it('finds the fields of every operation through lists, choices and money', () => {
    expect(
      ['customerId', 'lines', 'lines[*].unitPrice', 'lines[*].unitPrice.amount', 'invoiceDate'].map((field) =>
        hasField(createInvoice, field),
      ),
    ).toEqual([true, true, true, true, true])
    expect(
      ['customer', 'customerId.x', 'customerId[*]', 'lines.unitPrice', 'toString'].map((field) =>
        hasField(createInvoice, field),
      ),
    ).toEqual([false, false, false, false, false])
  })
})

describe('a command that breaks a rule', () => {
  const refuse = (rules: readonly unknown[], command: unknown = invoice('100000.01')) => {
    const state = set(rules)
    try {
      refuseByRules(state, 'invoice.create', command)
      return undefined
    } catch (error) {
      return problemOf(error as Refusal)
    }
  }

  it('is refused with the message and id of the rule, and a pointer to the field that broke it', () => {
    expect(refuse([dear])).toMatchObject({
      status: 422,
      code: 'rule_refused',
      detail: 'Prices above one lakh need the director (rule dear)',
      rule: 'dear',
      errors: [{ pointer: '/lines/1/unitPrice' }],
    })
    expect(refuse([{ ...dear, pointer: '/lines' }])).toMatchObject({ errors: [{ pointer: '/lines' }] })
  })

  it('is told of all rules that it breaks, in their order', () => {
    const second = {
      ...dear,
      id: 'b',
      condition: { field: 'dueDate', op: 'missing' },
      message: 'Say when it is due',
    }
    expect(refuse([second, dear])).toMatchObject({
      rule: 'b',
      errors: [{ pointer: '/dueDate' }, { pointer: '/lines/1/unitPrice' }],
    })
  })

  it('is accepted where the rule is off, about another operation, or not broken', () => {
    expect(refuse([dear], invoice('100000.00'))).toBeUndefined()
    expect(refuse([{ ...dear, active: false }])).toBeUndefined()
    expect(
      refuse([{ ...dear, operation: 'expense.record', condition: { field: 'category', op: 'missing' } }]),
    ).toBeUndefined()
    expect(refusalOf(() => refuseByRules(null, 'invoice.create', invoice('1')))).toBe('accepted')
  })
})
