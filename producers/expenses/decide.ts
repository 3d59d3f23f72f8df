/**
 * Owns the rules of expenses. PURE. An expense counts from the approval on, by its expenseDate.
 * E1: recording with status APPROVED is two facts, recorded and approved, in one transaction.
 */
import { type EpochDay, fiscalYearName } from '../../schemas/values/calendar.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { generatedNumber, refuseReserved } from '../kernel/numbers.ts'
import type { ApproveExpense, RecordExpense } from './commands.ts'
import type { ExpenseState } from './evolve.ts'

export interface RecordFacts extends Facts {
  readonly id: string
  readonly numberOwner: string | undefined
  readonly serial: number
}

export function decideRecord(
  state: ExpenseState | null,
  command: RecordExpense,
  facts: RecordFacts,
): readonly DomainEvent<'ExpenseRecorded' | 'ExpenseApproved'>[] {
  if (state) throw new Refusal('already_exists', `expense ${facts.id} exists already`)
  const { currency, fxRate } = documentCurrency(command, command.netAmount, facts.tenant.currency)
  const netAmount = amountIn(command.netAmount, currency, '/netAmount')
  const isZero = (input: NonNullable<RecordExpense['vatAmount']>) =>
    /^0+(\.0+)?$/.test(typeof input === 'string' ? input : input.amount)
  const vatAmount =
    command.vatAmount === undefined || isZero(command.vatAmount)
      ? 0n
      : amountIn(command.vatAmount, currency, '/vatAmount')
  const expenseDate = command.expenseDate ?? facts.today
  const { category, vendorId, vendorName, department, description } = command
  const data: Payload<'ExpenseRecorded'> = {
    expenseNumber: numberOf(command, expenseDate, facts),
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
    total: netAmount + vatAmount,
  }
  const recorded = { type: 'ExpenseRecorded', data } as const
  if (command.status === 'DRAFT') return [recorded]
  return [recorded, { type: 'ExpenseApproved', data: { ...data, approvedDate: facts.today } }]
}

function numberOf(command: RecordExpense, expenseDate: EpochDay, facts: RecordFacts): string {
  const given = command.expenseNumber
  if (given === undefined) {
    return generatedNumber('expense', fiscalYearName(expenseDate, facts.tenant.fiscalYearStart), facts.serial)
  }
  if (!command.issuedElsewhere) refuseReserved(given, '/expenseNumber')
  if (facts.numberOwner !== undefined) {
    throw refuseField(
      'number_taken',
      '/expenseNumber',
      `expense number ${given} belongs to expense ${facts.numberOwner}`,
    )
  }
  return given
}

export function decideApprove(
  state: ExpenseState | null,
  command: ApproveExpense,
  facts: Facts & { readonly id: string },
): readonly DomainEvent<'ExpenseApproved'>[] {
  if (!state) throw new Refusal('expense_not_found', `expense ${facts.id} does not exist`)
  if (state.status !== 'DRAFT')
    throw new Refusal('expense_not_draft', `expense ${facts.id} is approved already`)
  const { status: _status, ...data } = state
  return [{ type: 'ExpenseApproved', data: { ...data, approvedDate: command.approvedDate ?? facts.today } }]
}
