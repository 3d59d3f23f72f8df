/** Owns the state of a vendor: all its fields after the last event. PURE. */
import type { DomainEvent } from '../kernel/events.ts'
import type { VendorState } from './decide.ts'

export type VendorEvent = DomainEvent<'VendorCreated' | 'VendorUpdated'>

export const evolveVendor = (_state: VendorState | null, event: VendorEvent): VendorState => event.data
