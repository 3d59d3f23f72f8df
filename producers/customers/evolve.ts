/** Owns the state of a customer: all its fields after the last event. PURE. */
import type { DomainEvent } from '../kernel/events.ts'
import type { CustomerState } from './decide.ts'

export type CustomerEvent = DomainEvent<'CustomerCreated' | 'CustomerUpdated'>

export const evolveCustomer = (_state: CustomerState | null, event: CustomerEvent): CustomerState =>
  event.data
