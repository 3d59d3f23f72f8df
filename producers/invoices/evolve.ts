/**
 * Owns the life of an invoice. PURE.
 *
 *   (none) --InvoiceCreated--> DRAFT --InvoiceApproved--> APPROVED --InvoiceCancelled--> CANCELLED
 *                               |  `------InvoiceCancelled-------------------------------^
 *                               `- created with status APPROVED: straight to APPROVED
 *
 * What is paid or written off of it is not here: that is the sum of its allocations.
 */
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import type { Instalment, InvoiceLine } from '../../schemas/generated/records.ts'
import { type Amount, divideRounded, RATE_ONE, UNIT } from '../../schemas/values/amount.ts'
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
  readonly discountAmount: Amount
  readonly sdAmount: Amount
  readonly instalments: readonly Instalment[]
  readonly salespersonId: string | null
  readonly customerBin: string | null
  readonly disputed: boolean
  /** First day on which it counts no more. */
  readonly cancelledOn: EpochDay | null
  /** What a credit note may take back, and what a cancellation does. Empty: stored before lines were kept (linesOf). */
  readonly lines: readonly InvoiceLine[]
}

const { discountAmount, sdAmount, instalments, salespersonId, customerBin, disputed, lines } =
  defaultsOf('InvoiceCreated')
/** What events and states have that were stored before these fields. */
export const INVOICE_DEFAULTS = {
  discountAmount,
  sdAmount,
  instalments,
  salespersonId,
  customerBin,
  disputed,
  lines,
  cancelledOn: null,
} satisfies Partial<InvoiceState>

export type InvoiceEvent = DomainEvent<
  | 'InvoiceCreated'
  | 'InvoiceApproved'
  | 'InvoiceCancelled'
  | 'InvoiceDueDateChanged'
  | 'InvoiceWrittenOff'
  | 'InvoiceDisputeChanged'
>

export function evolveInvoice(state: InvoiceState | null, event: InvoiceEvent): InvoiceState {
  if (event.type === 'InvoiceCreated') {
    const { reference: _reference, status, ...kept } = event.data
    return {
      ...INVOICE_DEFAULTS,
      ...kept,
      status: status === 'APPROVED' ? 'APPROVED' : 'DRAFT',
      cancelledOn: null,
    }
  }
  if (!state) return unexpectedEvent('an invoice that was not created', event)
  switch (event.type) {
    case 'InvoiceApproved':
      return {
        ...state,
        status: 'APPROVED',
        mushakNumber: event.data.mushakNumber ?? state.mushakNumber,
      }
    case 'InvoiceCancelled':
      return {
        ...state,
        status: 'CANCELLED',
        cancelledOn: Math.max(event.data.cancelledDate, state.invoiceDate),
      }
    case 'InvoiceDueDateChanged':
      return { ...state, dueDate: event.data.dueDate }
    case 'InvoiceWrittenOff':
      return state
    case 'InvoiceDisputeChanged':
      return { ...state, disputed: event.data.disputed }
  }
}

/** The lines of an invoice; of one stored without them, one line that stands for all. */
export function linesOf(invoice: InvoiceState): readonly InvoiceLine[] {
  if (invoice.lines.length > 0) return invoice.lines
  return [
    {
      ...LINE_ALONE,
      unitPrice: invoice.subtotal,
      netAmount: invoice.subtotal,
      vatAmount: invoice.vatAmount,
      sdAmount: invoice.sdAmount,
      vatCode: invoice.vatAmount === 0n ? 'none' : 'other',
      vatRate: shareOf(invoice.vatAmount, invoice.subtotal + invoice.sdAmount),
      sdRate: shareOf(invoice.sdAmount, invoice.subtotal),
    },
  ]
}

const shareOf = (part: Amount, whole: Amount): bigint =>
  whole === 0n ? 0n : divideRounded(part * RATE_ONE, whole)

const LINE_ALONE: InvoiceLine = {
  description: '',
  quantity: UNIT,
  unitPrice: 0n,
  netAmount: 0n,
  vatCode: 'other',
  vatRate: 0n,
  vatAmount: 0n,
  discount: 0n,
  sdRate: 0n,
  sdAmount: 0n,
  vatPerUnit: 0n,
  productId: null,
  unit: '',
  accountId: null,
}
