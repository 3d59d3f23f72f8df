/**
 * What the two sides of the books are called in event_log. Owns no query: as-of.ts has one text for both, in which an
 * invoice is a bill, a customer a vendor and a payment one to a vendor where it speaks of payables.
 */

/** Names are columns, conditions are on rows of event_log. */
export interface BookSide {
  /** Entity of the documents. */
  readonly document: string
  /** Rows of what settles documents. */
  readonly settlers: string
  /** An event that makes a settler; one that allocates more of it; one that ends it from its day on; one that undoes it. */
  readonly opens: string
  readonly allocates: string
  readonly ends: string
  readonly fails: string
  /** What can be allocated of a settler. */
  readonly allocatable: string
  /** Events of a document, by name. */
  readonly received: string
  readonly cancelled: string
  readonly writtenOff: string
  readonly dueDateChanged: string
  readonly disputeChanged: string
  /** What is to be paid of a document. */
  readonly owed: string
  readonly partyId: string
  readonly partyName: string
  /** Documents that a settler settles, and the amount for each. */
  readonly settledIds: string
  readonly settledAmounts: string
}

export const RECEIVABLES: BookSide = {
  document: 'invoice',
  settlers: `entity IN ('payment', 'credit-note')`,
  opens: `event_type IN ('PaymentReceived', 'CreditNoteIssued')`,
  allocates: `event_type IN ('PaymentAllocated', 'CreditNoteAllocated')`,
  ends: `event_type IN ('PaymentReversed', 'CreditNoteCancelled')`,
  fails: `event_type = 'PaymentFailed'`,
  allocatable: 'amount + vds_withheld + tds_withheld',
  received: 'InvoiceCreated',
  cancelled: 'InvoiceCancelled',
  writtenOff: 'InvoiceWrittenOff',
  dueDateChanged: 'InvoiceDueDateChanged',
  disputeChanged: 'InvoiceDisputeChanged',
  owed: 'amount',
  partyId: 'customer_id',
  partyName: 'customer_name',
  settledIds: 'allocation_invoice_ids',
  settledAmounts: 'allocation_amounts',
}

export const PAYABLES: BookSide = {
  document: 'bill',
  settlers: `entity = 'vendor-payment'`,
  opens: `event_type = 'VendorPaymentSent'`,
  allocates: `event_type = 'VendorPaymentAllocated'`,
  ends: `event_type = 'VendorPaymentReversed'`,
  fails: `event_type = 'VendorPaymentFailed'`,
  allocatable: 'amount',
  received: 'BillReceived',
  cancelled: 'BillCancelled',
  writtenOff: 'BillWrittenOff',
  dueDateChanged: 'BillDueDateChanged',
  disputeChanged: 'BillDisputeChanged',
  // Taxes deducted at source are owed to the tax office.
  owed: 'amount - vds_withheld - tds_withheld',
  partyId: 'vendor_id',
  partyName: 'vendor_name',
  settledIds: 'allocation_bill_ids',
  settledAmounts: 'allocation_bill_amounts',
}
