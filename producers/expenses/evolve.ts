/** Owns the life of an expense: (none) --ExpenseRecorded--> DRAFT --ExpenseApproved--> APPROVED. PURE. */
import { type DomainEvent, type Payload, unexpectedEvent } from '../kernel/events.ts'

export type ExpenseState = Payload<'ExpenseRecorded'> & { readonly status: 'DRAFT' | 'APPROVED' }

export type ExpenseEvent = DomainEvent<'ExpenseRecorded' | 'ExpenseApproved'>

export function evolveExpense(state: ExpenseState | null, event: ExpenseEvent): ExpenseState {
  if (event.type === 'ExpenseRecorded') return { ...event.data, status: 'DRAFT' }
  if (!state) return unexpectedEvent('an expense that was not recorded', event)
  return { ...state, status: 'APPROVED' }
}
