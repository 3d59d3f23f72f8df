/** The groups of docs/events.md over the kinds of events. The catalogue refuses an event that is in none. */
import { EVENTS_OF } from '../event-kinds.ts'
import type { EventType } from '../generated/records.ts'

export interface Group {
  readonly title: string
  /** Aggregate type of our own command service; `-` = no thing of a tenant. */
  readonly aggregate: string
  readonly doc: string
  readonly events: readonly EventType[]
}

const group = (title: string, aggregate: string, doc: string, events: readonly EventType[]): Group => ({
  title,
  aggregate,
  doc,
  events,
})

export const GROUPS: readonly Group[] = [
  group('Tenants', 'tenant', 'Businesses and their settings.', EVENTS_OF.tenant),
  group('Customers', 'customer', 'The customer master.', EVENTS_OF.customer),
  group('Vendors', 'vendor', 'The vendor master.', EVENTS_OF.vendor),
  group('Products', 'product', 'Products and services.', EVENTS_OF.product),
  group(
    'Invoices',
    'invoice',
    'What customers owe. An invoice counts from its first event with APPROVED.',
    EVENTS_OF.invoice,
  ),
  group('Credit notes', 'credit-note', 'What customers owe less.', EVENTS_OF['credit-note']),
  group('Payments from customers', 'payment', 'Money in.', EVENTS_OF.payment),
  group(
    'Bills',
    'bill',
    'What vendors are owed. A bill counts from its first event with APPROVED.',
    EVENTS_OF.bill,
  ),
  group(
    'Payments to vendors',
    'payment',
    'Money out. PaymentReconciled is for both directions.',
    EVENTS_OF['vendor-payment'],
  ),
  group(
    'Expenses',
    'expense',
    'Costs without a bill. An expense counts when it is approved.',
    EVENTS_OF.expense,
  ),
  group('Stock', 'stock', 'Movements; the aggregate is the product.', EVENTS_OF.stock),
  group(
    'Journal',
    'journal-entry',
    'The general ledger: every event that moves money is posted by an entry.',
    EVENTS_OF['journal-entry'],
  ),
  group('Accounts', 'account', 'The chart of accounts.', EVENTS_OF.account),
  group('Periods', 'ledger', 'Closed days and years.', EVENTS_OF.ledger),
  group('Rules of a tenant', 'posting-rules, validation-rules', 'What postings and commands go by.', [
    ...EVENTS_OF['posting-rules'],
    ...EVENTS_OF['validation-rules'],
  ]),
  group('Targets', 'target', 'What a measure should be.', EVENTS_OF.target),
  group(
    'Rules of alerts',
    'alert-rule',
    'What is watched, and when it is worth an alert.',
    EVENTS_OF['alert-rule'],
  ),
  group(
    'Alerts',
    'alert',
    'What people do about alerts. Alerts themselves are on finance.alerts.v1.',
    EVENTS_OF.alert,
  ),
  group('Reference data', 'fx-rate, tax-rate', 'For everybody: key `~`, a copy on every partition.', [
    ...EVENTS_OF['fx-rate'],
    ...EVENTS_OF['tax-rate'],
  ]),
  group('Operation', '-', 'Time, and orders to the processors.', [
    ...EVENTS_OF.tick,
    ...EVENTS_OF.processing,
  ]),
]

export interface IntegrationName {
  readonly name: string
  readonly events: readonly EventType[]
  readonly how: string
}

/** Names by which integrations know what happened, and how to consume it here. */
export const INTEGRATION_NAMES: readonly IntegrationName[] = [
  {
    name: 'invoice.created',
    events: ['InvoiceCreated'],
    how: 'With `status` DRAFT it does not count yet: `InvoiceApproved` says when.',
  },
  {
    name: 'invoice.paid',
    events: ['PaymentReceived', 'PaymentAllocated', 'CreditNoteIssued', 'CreditNoteAllocated'],
    how: 'Derived: the event whose `allocations` bring what is open of an invoice to 0. For each invoice that they name ask `GET /v1/invoices/{id}` for `status` PAID, or keep `total` less the allocations yourself; `PaymentReversed`, `PaymentFailed` and `CreditNoteCancelled` open it again.',
  },
  {
    name: 'invoice.overdue',
    events: ['InvoiceCreated', 'InvoiceApproved', 'InvoiceDueDateChanged'],
    how: 'Derived: a day passed and nothing happened. `GET /v1/receivables/open`, or the aging of `finance.results.v1`.',
  },
  {
    name: 'payment.received',
    events: ['PaymentReceived'],
    how: 'The part of `amount` without allocation is an advance.',
  },
  {
    name: 'payment.processed',
    events: ['PaymentReceived', 'VendorPaymentSent'],
    how: 'Money in and money out; `PaymentReconciled` when it is on the statement of the bank.',
  },
  {
    name: 'expense.approved',
    events: ['ExpenseApproved'],
    how: 'Carries all of the expense.',
  },
  {
    name: 'account.balance-changed',
    events: ['JournalEntryPosted'],
    how: 'Each of its `lines` changes the balance of one account.',
  },
]
