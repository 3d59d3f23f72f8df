/** Owns the state of a customer: all its fields after the last event. PURE. */
import { type DomainEvent, unexpectedEvent } from '../kernel/events.ts'
import type { CustomerState } from './decide.ts'

export function evolveCustomer(_state: CustomerState | null, event: DomainEvent): CustomerState {
  switch (event.type) {
    case 'CustomerCreated':
    case 'CustomerUpdated':
      return event.data
    default:
      return unexpectedEvent('customer', event)
  }
}
