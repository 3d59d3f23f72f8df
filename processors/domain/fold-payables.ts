/**
 * What each event of the purchase side does to the book of payables of its tenant. PURE. Owns no rule: a bill is read as
 * an invoice and a payment to a vendor as a payment (records.ts, R5), and folded by the same code.
 *
 * P1: what is owed of a bill is its total less the taxes deducted at source (VDS, TDS): those are owed to the tax office.
 * They settle like money on the bill's own day, so of instalments they take the parts that are due first. P2: F1 and F2 of
 * fold.ts hold here too.
 */
import type {
  BillAllocation,
  EventRecords,
  EventType,
  FinanceEvent,
  PaymentAllocation,
} from '../../schemas/generated/records.ts'
import type { Book } from './book.ts'
import { checkAmount, refuse } from './checks.ts'
import { partyNamed } from './fold.ts'
import {
  type Content,
  disputeChanged,
  dueDateChanged,
  invoiceApproved,
  invoiceCancelled,
  invoiceCreated,
  invoiceWrittenOff,
} from './fold-invoices.ts'
import {
  paymentAllocated,
  type PaymentContent,
  paymentFailed,
  paymentReceived,
  paymentReversed,
} from './fold-payments.ts'
import type { Settings } from './records.ts'

/** Types that move the book of payables. */
const PAYABLE_TYPES = [
  'BillReceived',
  'BillApproved',
  'BillCancelled',
  'BillDueDateChanged',
  'BillDisputeChanged',
  'BillWrittenOff',
  'VendorPaymentSent',
  'VendorPaymentAllocated',
  'VendorPaymentReversed',
  'VendorPaymentFailed',
  'VendorCreated',
  'VendorUpdated',
] as const satisfies readonly EventType[]

export const PAYABLE: ReadonlySet<EventType> = new Set(PAYABLE_TYPES)
export type PayableEvent = Extract<FinanceEvent, { readonly type: (typeof PAYABLE_TYPES)[number] }>

export const isPayable = (event: FinanceEvent): event is PayableEvent => PAYABLE.has(event.type)

/** Applies an event to the book of payables of its tenant. The caller commits the book. */
export function foldPayable(event: PayableEvent, book: Book, settings: Settings): void {
  switch (event.type) {
    case 'BillReceived': {
      const { status, disputed } = event.data
      return invoiceCreated({ ...asInvoice(event.data), status, disputed }, book, settings)
    }
    case 'BillApproved': {
      const { approvedDate } = event.data
      return invoiceApproved({ ...asInvoice(event.data), approvedDate }, book, settings)
    }
    case 'BillCancelled':
      return invoiceCancelled(event.data, book)
    case 'BillDueDateChanged':
      return dueDateChanged(event.data, book)
    case 'BillDisputeChanged':
      return disputeChanged(event.data, book)
    case 'BillWrittenOff':
      return invoiceWrittenOff(event.data, book)
    case 'VendorPaymentSent':
      return paymentReceived(asPayment(event.data), book, settings)
    case 'VendorPaymentAllocated': {
      const { aggregateId, allocationDate, allocations } = event.data
      return paymentAllocated({ aggregateId, allocationDate, allocations: asAllocations(allocations) }, book)
    }
    case 'VendorPaymentReversed':
      return paymentReversed(event.data, book)
    case 'VendorPaymentFailed':
      return paymentFailed(event.data, book)
    case 'VendorCreated':
    case 'VendorUpdated':
      return partyNamed(event.data, book)
  }
}

/** P1. */
function asInvoice(e: EventRecords['BillReceived'] | EventRecords['BillApproved']): Content {
  checkAmount('vdsWithheld', e.vdsWithheld, e.currency, 0n)
  checkAmount('tdsWithheld', e.tdsWithheld, e.currency, 0n)
  const withheld = e.vdsWithheld + e.tdsWithheld
  if (withheld > e.total) {
    refuse(
      'bad_amount',
      `bill ${e.aggregateId} withholds ${withheld} x 10^-4, more than its total ${e.total}`,
    )
  }
  return {
    aggregateId: e.aggregateId,
    customerId: e.vendorId,
    customerName: e.vendorName,
    currency: e.currency,
    fxRate: e.fxRate,
    invoiceDate: e.billDate,
    dueDate: e.dueDate,
    subtotal: e.subtotal,
    sdAmount: e.sdAmount,
    vatAmount: e.vatAmount,
    total: e.total,
    withheld,
    instalments: e.instalments,
  }
}

const asPayment = (e: EventRecords['VendorPaymentSent']): PaymentContent => ({
  aggregateId: e.aggregateId,
  customerId: e.vendorId,
  customerName: e.vendorName,
  currency: e.currency,
  fxRate: e.fxRate,
  paymentDate: e.paymentDate,
  amount: e.amount,
  vdsWithheld: 0n,
  tdsWithheld: 0n,
  allocations: asAllocations(e.allocations),
})

const asAllocations = (list: readonly BillAllocation[]): PaymentAllocation[] =>
  list.map(({ billId, amount }) => ({ invoiceId: billId, amount }))
