/**
 * Owns the life of a payment. PURE.
 *
 *   (none) --PaymentReceived--> RECEIVED --PaymentReversed--> REVERSED
 *                                 | `-----PaymentFailed-----> FAILED
 *                                 `- PaymentAllocated, PaymentReconciled: stays RECEIVED
 */
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { type DomainEvent, unexpectedEvent } from '../kernel/events.ts'

export interface PaymentState {
  /** Money that comes in. */
  readonly direction: 'in'
  readonly status: 'RECEIVED' | 'REVERSED' | 'FAILED'
  readonly paymentNumber: string
  readonly customerId: string
  readonly customerName: string
  readonly method: string
  readonly currency: string
  readonly fxRate: bigint
  readonly paymentDate: EpochDay
  readonly amount: Amount
  readonly vdsWithheld: Amount
  readonly tdsWithheld: Amount
  readonly accountId: string | null
  /** First day on which it counts no more; of a failed payment the day from which it would have. */
  readonly endedOn: EpochDay | null
  /** Day of the bank's statement on which it was found. */
  readonly statementDate: EpochDay | null
}

const { vdsWithheld, tdsWithheld, accountId } = defaultsOf('PaymentReceived')
/** What events and states have that were stored before these fields. */
export const PAYMENT_DEFAULTS = {
  direction: 'in',
  vdsWithheld,
  tdsWithheld,
  accountId,
  endedOn: null,
  statementDate: null,
} satisfies Partial<PaymentState>

type Received = Pick<PaymentState, 'amount' | 'vdsWithheld' | 'tdsWithheld'>
/** What a payment can settle: what the customer deducted settles too. */
export const settlingAmount = ({ amount, vdsWithheld: vds, tdsWithheld: tds }: Received): Amount =>
  amount + vds + tds

export type PaymentEvent = DomainEvent<
  'PaymentReceived' | 'PaymentAllocated' | 'PaymentReversed' | 'PaymentFailed' | 'PaymentReconciled'
>

export function evolvePayment(state: PaymentState | null, event: PaymentEvent): PaymentState {
  if (event.type === 'PaymentReceived') {
    const { allocations: _allocations, reference: _reference, ...kept } = event.data
    return { ...PAYMENT_DEFAULTS, ...kept, status: 'RECEIVED' }
  }
  if (!state) return unexpectedEvent('a payment that was not received', event)
  switch (event.type) {
    case 'PaymentAllocated':
      return state
    case 'PaymentReversed':
      return {
        ...state,
        status: 'REVERSED',
        endedOn: Math.max(event.data.reversalDate, state.paymentDate),
      }
    case 'PaymentFailed':
      return { ...state, status: 'FAILED', endedOn: state.paymentDate }
    case 'PaymentReconciled':
      return { ...state, statementDate: event.data.statementDate }
  }
}
