import { describe, expect, it } from '@jest/globals'
import { approveExpense, recordExpense } from '../../../../producers/expenses/commands.ts'
import { decideApprove, decideRecord, type RecordFacts } from '../../../../producers/expenses/decide.ts'
import { evolveExpense, type ExpenseState } from '../../../../producers/expenses/evolve.ts'
import { refusalOf } from '../refusals.ts'
import { facts, outcome, TODAY, vendor } from '../facts.ts'

const known: RecordFacts = { ...facts, id: 'e', numberOwner: undefined, serial: 12, vendor: undefined }
const record = (more: object, with_: Partial<RecordFacts> = {}) =>
  decideRecord(null, recordExpense.parse({ category: 'rent', netAmount: '1000.00', ...more }), {
    ...known,
    ...with_,
  })
const stateOf = (more: object): ExpenseState => {
  let state: ExpenseState | null = null
  for (const event of record(more)) state = evolveExpense(state, event)
  if (!state) throw new Error('no event')
  return state
}

describe('an expense', () => {
  it('is a fact when recorded, and another when approved, which carries all that counts', () => {
    const [recorded, approved, ...none] = record({ vatAmount: '150.00', status: 'APPROVED' })
    expect(none).toEqual([])
    expect(recorded?.data).toMatchObject({
      expenseNumber: 'EXP-2026-27-000012',
      netAmount: 10_000_000n,
      vatAmount: 1_500_000n,
      total: 11_500_000n,
    })
    expect(approved).toEqual({ type: 'ExpenseApproved', data: { ...recorded?.data, approvedDate: TODAY } })
  })

  it('is of no vendor that is not active', () => {
    const of = (active: boolean) =>
      refusalOf(() => record({ vendorId: 'v' }, { vendor: { ...vendor, active } }))
    expect([of(true), of(false)]).toEqual(['accepted', 'vendor_inactive /vendorId'])
  })

  it('is approved once', () => {
    const approve = (state: ExpenseState | null) =>
      outcome(() => decideApprove(state, approveExpense.parse({}), { ...facts, id: 'e' }))
    expect([approve(null), approve(stateOf({})), approve(stateOf({ status: 'APPROVED' }))]).toEqual([
      'expense_not_found',
      'accepted',
      'expense_not_draft',
    ])
  })

  it.each([
    [{ vatAmount: '0.00' }, 'accepted'],
    [{ netAmount: '0.00' }, 'validation_failed'],
    [{ netAmount: '1.005' }, 'validation_failed'],
    [{ currency: 'EUR' }, 'fx_rate_required'],
    [
      {
        netAmount: { amount: '5.00', currency: 'EUR' },
        vatAmount: { amount: '1.00', currency: 'USD' },
        fxRate: '130',
      },
      'currency_mismatch',
    ],
    [{ expenseNumber: 'EXP-2026-27-000001' }, 'number_reserved'],
  ])('%j: %s', (more, expected) => {
    expect(outcome(() => record(more))).toBe(expected)
  })
})
