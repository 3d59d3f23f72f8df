/**
 * Owns the life of a bill. PURE.
 *
 *   (none) --BillReceived--> DRAFT --BillApproved--> APPROVED --BillCancelled--> CANCELLED
 *                             |  `------BillCancelled-----------------------------^
 *                             `- received with status APPROVED: straight to APPROVED
 *
 * What is paid or written off of it is not here: that is the sum of its settlements. Its lines are kept, because a
 * cancellation takes back exactly what they posted.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { type DomainEvent, type Payload, unexpectedEvent } from '../kernel/events.ts'

export type BillState = Omit<Payload<'BillReceived'>, 'status'> & {
  readonly status: 'DRAFT' | 'APPROVED' | 'CANCELLED'
  /** First day on which it counts no more. */
  readonly cancelledOn: EpochDay | null
}

export type BillEvent = DomainEvent<
  | 'BillReceived'
  | 'BillApproved'
  | 'BillCancelled'
  | 'BillDueDateChanged'
  | 'BillDisputeChanged'
  | 'BillWrittenOff'
>

export function evolveBill(state: BillState | null, event: BillEvent): BillState {
  if (event.type === 'BillReceived') {
    const status = event.data.status === 'APPROVED' ? 'APPROVED' : 'DRAFT'
    return { ...event.data, status, cancelledOn: null }
  }
  if (!state) return unexpectedEvent('a bill that was not received', event)
  switch (event.type) {
    case 'BillApproved':
      return { ...state, status: 'APPROVED' }
    case 'BillCancelled':
      return {
        ...state,
        status: 'CANCELLED',
        cancelledOn: Math.max(event.data.cancelledDate, state.billDate),
      }
    case 'BillDueDateChanged':
      return { ...state, dueDate: event.data.dueDate }
    case 'BillDisputeChanged':
      return { ...state, disputed: event.data.disputed }
    case 'BillWrittenOff':
      return state
  }
}
