/**
 * Owns the life of a credit note. PURE.
 *
 *   (none) --CreditNoteIssued--> ISSUED --CreditNoteCancelled--> CANCELLED
 *                                  `- CreditNoteAllocated: stays ISSUED
 */
import type { InvoiceLine } from '../../schemas/generated/records.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { type DomainEvent, unexpectedEvent } from '../kernel/events.ts'

export interface CreditNoteState {
  readonly status: 'ISSUED' | 'CANCELLED'
  readonly creditNoteNumber: string
  readonly mushakNumber: string | null
  readonly fiscalYear: string
  readonly invoiceId: string | null
  readonly invoiceNumber: string
  readonly customerId: string
  readonly customerName: string
  readonly currency: string
  readonly fxRate: bigint
  readonly creditDate: EpochDay
  readonly category: string
  readonly subtotal: Amount
  readonly sdAmount: Amount
  readonly vatAmount: Amount
  readonly total: Amount
  readonly lines: readonly InvoiceLine[]
  /** First day on which it counts no more. */
  readonly endedOn: EpochDay | null
}

export type CreditNoteEvent = DomainEvent<'CreditNoteIssued' | 'CreditNoteAllocated' | 'CreditNoteCancelled'>

export function evolveCreditNote(state: CreditNoteState | null, event: CreditNoteEvent): CreditNoteState {
  if (event.type === 'CreditNoteIssued') {
    const { allocations: _allocations, reason: _reason, ...kept } = event.data
    return { ...kept, status: 'ISSUED', endedOn: null }
  }
  if (!state) return unexpectedEvent('a credit note that was not issued', event)
  switch (event.type) {
    case 'CreditNoteAllocated':
      return state
    case 'CreditNoteCancelled':
      return {
        ...state,
        status: 'CANCELLED',
        endedOn: Math.max(event.data.cancelledDate, state.creditDate),
      }
  }
}
