/**
 * Owns the life of an expense. PURE.
 *
 *   (none) --ExpenseRecorded--> DRAFT --ExpenseApproved--> APPROVED --ExpenseCancelled--> CANCELLED
 *                                `-------ExpenseCancelled------------------------------^
 */
import { type DomainEvent, type Payload, unexpectedEvent } from '../kernel/events.ts'

export type ExpenseState = Payload<'ExpenseRecorded'> & {
  readonly status: 'DRAFT' | 'APPROVED' | 'CANCELLED'
}

export type ExpenseEvent = DomainEvent<'ExpenseRecorded' | 'ExpenseApproved' | 'ExpenseCancelled'>

export function evolveExpense(state: ExpenseState | null, event: ExpenseEvent): ExpenseState {
  if (event.type === 'ExpenseRecorded') return { ...event.data, status: 'DRAFT' }
  if (!state) return unexpectedEvent('an expense that was not recorded', event)
  return { ...state, status: event.type === 'ExpenseApproved' ? 'APPROVED' : 'CANCELLED' }
}
