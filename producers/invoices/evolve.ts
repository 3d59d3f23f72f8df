/**
 * Owns the life of an invoice. PURE.
 *
 *   (none) --InvoiceCreated--> DRAFT --InvoiceApproved--> APPROVED --InvoiceCancelled--> CANCELLED
 *                               |  `------InvoiceCancelled-------------------------------^
 *                               `- created with status APPROVED: straight to APPROVED
 *
 * What is paid of it is not here: that is the sum of its allocations.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { type DomainEvent, unexpectedEvent } from '../kernel/events.ts'

export interface InvoiceState {
  readonly status: 'DRAFT' | 'APPROVED' | 'CANCELLED'
  readonly invoiceNumber: string
  readonly mushakNumber: string | null
  readonly fiscalYear: string
  readonly customerId: string
  readonly customerName: string
  readonly currency: string
  readonly fxRate: bigint
  readonly invoiceDate: EpochDay
  readonly dueDate: EpochDay
  readonly category: string
  readonly productCategory: string
  readonly subtotal: Amount
  readonly vatAmount: Amount
  readonly total: Amount
}

export type InvoiceEvent = DomainEvent<
  'InvoiceCreated' | 'InvoiceApproved' | 'InvoiceCancelled' | 'InvoiceDueDateChanged'
>

export function evolveInvoice(state: InvoiceState | null, event: InvoiceEvent): InvoiceState {
  if (event.type === 'InvoiceCreated') {
    const { lines: _lines, disputed: _disputed, reference: _reference, status, ...kept } = event.data
    return { ...kept, status: status === 'APPROVED' ? 'APPROVED' : 'DRAFT' }
  }
  if (!state) return unexpectedEvent('an invoice that was not created', event)
  switch (event.type) {
    case 'InvoiceApproved':
      return {
        ...state,
        status: 'APPROVED',
        mushakNumber: event.notes?.['mushakNumber'] ?? state.mushakNumber,
      }
    case 'InvoiceCancelled':
      return { ...state, status: 'CANCELLED' }
    case 'InvoiceDueDateChanged':
      return { ...state, dueDate: event.data.dueDate }
  }
}
