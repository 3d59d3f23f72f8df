/**
 * Owns the life of a payment to a vendor. PURE.
 *
 *   (none) --VendorPaymentSent--> SENT --VendorPaymentReversed--> REVERSED
 *                                  | `---VendorPaymentFailed----> FAILED
 *                                  `- VendorPaymentAllocated: stays SENT
 */
import type { Amount } from '../../schemas/values/amount.ts'
import { type EpochDay } from '../../schemas/values/calendar.ts'
import { Refusal } from '../kernel/errors.ts'
import { type DomainEvent, unexpectedEvent } from '../kernel/events.ts'
import type { PaymentState } from '../payments/evolve.ts'

export interface VendorPaymentState {
  /** Money that goes out. */
  readonly direction: 'out'
  readonly status: 'SENT' | 'REVERSED' | 'FAILED'
  readonly paymentNumber: string
  readonly vendorId: string
  readonly vendorName: string
  readonly method: string
  readonly currency: string
  readonly fxRate: bigint
  readonly paymentDate: EpochDay
  readonly amount: Amount
  readonly accountId: string | null
  /** First day on which it counts no more: of the reversal; of its own day where it failed. */
  readonly endedOn: EpochDay | null
}

export type VendorPaymentEvent = DomainEvent<
  'VendorPaymentSent' | 'VendorPaymentAllocated' | 'VendorPaymentReversed' | 'VendorPaymentFailed'
>

export function evolveVendorPayment(
  state: VendorPaymentState | null,
  event: VendorPaymentEvent,
): VendorPaymentState {
  if (event.type === 'VendorPaymentSent') {
    const { allocations: _allocations, reference: _reference, ...kept } = event.data
    return { ...kept, direction: 'out', status: 'SENT', endedOn: null }
  }
  if (!state) return unexpectedEvent('a payment that was not sent', event)
  switch (event.type) {
    case 'VendorPaymentAllocated':
      return state
    case 'VendorPaymentReversed':
      return { ...state, status: 'REVERSED', endedOn: Math.max(event.data.reversalDate, state.paymentDate) }
    case 'VendorPaymentFailed':
      return { ...state, status: 'FAILED', endedOn: state.paymentDate }
  }
}

/** The payment, where it is there; refuses one that came in. */
export function outgoing(
  payment: PaymentState | VendorPaymentState | null,
  id: string,
): VendorPaymentState | null {
  if (payment === null || payment.direction === 'out') return payment
  throw new Refusal(
    'payment_direction',
    `payment ${id} came in from customer ${payment.customerId}: it settles invoices, not bills`,
  )
}

/** The payment, where it is there; refuses one that went out. */
export function incoming(payment: PaymentState | VendorPaymentState | null, id: string): PaymentState | null {
  if (payment === null || payment.direction !== 'out') return payment
  throw new Refusal(
    'payment_direction',
    `payment ${id} went out to vendor ${payment.vendorId}: it settles bills, not invoices`,
  )
}
