/**
 * Owns the rules of expenses. PURE. An expense counts from the approval on, by its expenseDate.
 * E1: recording with status APPROVED is two facts, recorded and approved, in one transaction.
 * E2: what is cancelled changes no more. E3: the vendor's name is its own where it is known and none was given; one that is
 *     known and not active gets no new expenses.
 */
import { fiscalYearName } from '../../schemas/values/calendar.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { documentNumber } from '../kernel/numbers.ts'
import { isZero, withheldOf } from '../kernel/withholding.ts'
import { refuseInactiveVendor, type VendorState } from '../vendors/decide.ts'
import type { ApproveExpense, CancelExpense, RecordExpense } from './commands.ts'
import type { ExpenseState } from './evolve.ts'

export interface RecordFacts extends Facts {
  readonly id: string
  readonly numberOwner: string | undefined
  readonly serial: number
  /** The vendor that is named, where it is known. */
  readonly vendor: VendorState | undefined
}

export function decideRecord(
  state: ExpenseState | null,
  command: RecordExpense,
  facts: RecordFacts,
): readonly DomainEvent<'ExpenseRecorded' | 'ExpenseApproved'>[] {
  if (state) throw new Refusal('already_exists', `expense ${facts.id} exists already`)
  const { currency, fxRate } = documentCurrency(command, command.netAmount, facts.tenant.currency)
  const netAmount = amountIn(command.netAmount, currency, '/netAmount')
  const vatAmount =
    command.vatAmount === undefined || isZero(command.vatAmount)
      ? 0n
      : amountIn(command.vatAmount, currency, '/vatAmount')
  const expenseDate = command.expenseDate ?? facts.today
  const { category, vendorId, department, description, paidFromAccountId, accountId } = command
  if (vendorId !== null && facts.vendor) refuseInactiveVendor(facts.vendor, vendorId, 'expenses')
  const vendorName = command.vendorName === '' ? (facts.vendor?.name ?? '') : command.vendorName
  const total = netAmount + vatAmount
  const taxed = vatAmount === 0n ? [] : [netAmount]
  const fiscalYear = fiscalYearName(expenseDate, facts.tenant.fiscalYearStart)
  const data: Payload<'ExpenseRecorded'> = {
    expenseNumber: documentNumber({
      kind: 'expense',
      given: command.expenseNumber,
      pointer: '/expenseNumber',
      issuedElsewhere: command.issuedElsewhere,
      owner: facts.numberOwner,
      fiscalYear,
      serial: facts.serial,
    }),
    category,
    vendorId,
    vendorName,
    department,
    description,
    currency,
    fxRate,
    expenseDate,
    netAmount,
    vatAmount,
    total,
    ...withheldOf(command, { currency, taxed, subtotal: netAmount, vatAmount, total }),
    paidFromAccountId,
    accountId,
  }
  const recorded = { type: 'ExpenseRecorded', data } as const
  if (command.status === 'DRAFT') return [recorded]
  return [recorded, { type: 'ExpenseApproved', data: { ...data, approvedDate: facts.today } }]
}

export function decideApprove(
  state: ExpenseState | null,
  command: ApproveExpense,
  facts: Facts & { readonly id: string },
): readonly DomainEvent<'ExpenseApproved'>[] {
  if (!state) throw new Refusal('expense_not_found', `expense ${facts.id} does not exist`)
  if (state.status === 'CANCELLED') {
    throw new Refusal('expense_cancelled', `expense ${facts.id} is cancelled`)
  }
  if (state.status !== 'DRAFT') {
    throw new Refusal('expense_not_draft', `expense ${facts.id} is approved already`)
  }
  const { status: _status, ...data } = state
  return [{ type: 'ExpenseApproved', data: { ...data, approvedDate: command.approvedDate ?? facts.today } }]
}

export function decideCancel(
  state: ExpenseState | null,
  command: CancelExpense,
  facts: Facts & { readonly id: string },
): readonly DomainEvent<'ExpenseCancelled'>[] {
  if (!state) throw new Refusal('expense_not_found', `expense ${facts.id} does not exist`)
  if (state.status === 'CANCELLED') {
    throw new Refusal('expense_cancelled', `expense ${facts.id} is cancelled`)
  }
  const cancelledDate = command.cancelledDate ?? facts.today
  return [{ type: 'ExpenseCancelled', data: { cancelledDate, reason: command.reason } }]
}
