/** Owns the state of a product: all its fields after the last event. PURE. */
import type { DomainEvent } from '../kernel/events.ts'
import type { ProductState } from './decide.ts'

export type ProductEvent = DomainEvent<'ProductCreated' | 'ProductUpdated'>

export const evolveProduct = (_state: ProductState | null, event: ProductEvent): ProductState => event.data
