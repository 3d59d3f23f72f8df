/**
 * Owns the life of a payment. PURE.
 *
 *   (none) --PaymentReceived--> RECEIVED --PaymentReversed--> REVERSED
 *                                 | `-----PaymentFailed-----> FAILED
 *                                 `- PaymentAllocated: stays RECEIVED
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { type DomainEvent, unexpectedEvent } from '../kernel/events.ts'

export interface PaymentState {
  readonly status: 'RECEIVED' | 'REVERSED' | 'FAILED'
  readonly paymentNumber: string
  readonly customerId: string
  readonly customerName: string
  readonly method: string
  readonly currency: string
  readonly fxRate: bigint
  readonly paymentDate: EpochDay
  readonly amount: Amount
}

export type PaymentEvent = DomainEvent<
  'PaymentReceived' | 'PaymentAllocated' | 'PaymentReversed' | 'PaymentFailed'
>

export function evolvePayment(state: PaymentState | null, event: PaymentEvent): PaymentState {
  if (event.type === 'PaymentReceived') {
    const { allocations: _allocations, reference: _reference, ...kept } = event.data
    return { ...kept, status: 'RECEIVED' }
  }
  if (!state) return unexpectedEvent('a payment that was not received', event)
  switch (event.type) {
    case 'PaymentAllocated':
      return state
    case 'PaymentReversed':
      return { ...state, status: 'REVERSED' }
    case 'PaymentFailed':
      return { ...state, status: 'FAILED' }
  }
}
