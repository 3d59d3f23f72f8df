/** Documents and events as they stand: one row per thing (V1 of views.ts). */
import { NOT_REFUSED } from './as-of.ts'
import { ALLOCATED } from './settlement-views.ts'
import {
  CODE,
  column,
  DAY,
  INSTANT,
  last,
  LINE,
  lineage,
  maybe,
  MAYBE_DAY,
  newest,
  SUM,
  TENANT,
  TEXT,
  type View,
} from './view-definition.ts'

const DOCUMENT = `event_type IN ('InvoiceCreated', 'InvoiceApproved')`
const CREATED = `event_type = 'InvoiceCreated'`
const RECEIVED = `event_type = 'PaymentReceived'`
const EXPENSE = `event_type IN ('ExpenseRecorded', 'ExpenseApproved')`
const DISPUTE = `event_type = 'InvoiceDisputeChanged'`

/** Payments whose money is not there any more, and credit notes that are cancelled. */
const TAKEN_BACK = `(tenant_id, entity, aggregate_id) IN (
    SELECT tenant_id, entity, aggregate_id FROM finance.event_log
    WHERE entity IN ('payment', 'credit-note')
      AND event_type IN ('PaymentFailed', 'PaymentReversed', 'CreditNoteCancelled') AND ${NOT_REFUSED})`

/** What payments, credit notes or write-offs settle of an invoice, at most what those before them left. */
const settledBy = (when: string, before: readonly string[]): string =>
  `least(sumIf(toDecimal128(item.2, 4), ${when}), ${['toDecimal128(total, 4)', ...before].join(' - ')})`

const invoices: View = {
  name: 'fct_invoices',
  doc: 'Invoices as they stand with all that is recorded, whatever its day. As of a day: rpt_ views and the API.',
  columns: [
    TENANT,
    column('invoice_id', TEXT, 'Invoice', 'item.1'),
    column('invoice_number', TEXT, 'Human number', last('document_number', DOCUMENT)),
    column('customer_id', TEXT, 'Customer who owes', last('customer_id', DOCUMENT)),
    column('customer_name', TEXT, 'Name at the time of the document', last('customer_name', DOCUMENT)),
    column('invoice_date', DAY, 'Posting date', last('posting_date', DOCUMENT)),
    column(
      'due_date',
      DAY,
      'Newest due date',
      `if(countIf(event_type = 'InvoiceDueDateChanged') = 0, ${last('due_date', DOCUMENT)}, ${last('due_date', `event_type = 'InvoiceDueDateChanged'`)})`,
    ),
    column('category', CODE, 'Revenue category', last('category', DOCUMENT)),
    column('product_category', CODE, 'Product category', last('product_category', DOCUMENT)),
    column(
      'fiscal_year',
      CODE,
      'Fiscal year of the invoice date; empty = not stated',
      last('fiscal_year', CREATED),
    ),
    column(
      'mushak_number',
      TEXT,
      'Mushak 6.3 number, given when the invoice became binding; empty = none',
      last('mushak_number', `${DOCUMENT} AND mushak_number != ''`),
    ),
    column('reference', TEXT, 'Reference of the source', last('reference', CREATED)),
    column('currency', CODE, 'Currency of the amounts', last('currency', DOCUMENT)),
    column('fx_rate', 'Decimal(18, 8)', 'Base currency units for one unit', last('fx_rate', DOCUMENT)),
    column('subtotal', LINE, 'Amount without VAT', last('net_amount', DOCUMENT)),
    column('sd_amount', LINE, 'Supplementary duty', last('sd_amount', DOCUMENT)),
    column('vat_amount', LINE, 'VAT', last('vat_amount', DOCUMENT)),
    column('total', LINE, 'What the customer owes', last('amount', DOCUMENT)),
    column(
      'instalment_due_dates',
      'Array(Date32)',
      'Due dates of the instalments as first agreed; empty = one due date',
      last('instalment_due_dates', DOCUMENT),
    ),
    column(
      'instalment_amounts',
      'Array(Decimal(18, 4))',
      'Amount for each of them',
      last('instalment_amounts', DOCUMENT),
    ),
    column(
      'paid_amount',
      SUM,
      'Settled by payments, taxes withheld at source included',
      settledBy(`log.entity = 'payment'`, []),
    ),
    column(
      'credited_amount',
      SUM,
      'Settled by credit notes',
      settledBy(`log.entity = 'credit-note'`, ['paid_amount']),
    ),
    column(
      'written_off_amount',
      SUM,
      'Given up',
      settledBy(`log.entity = 'invoice'`, ['paid_amount', 'credited_amount']),
    ),
    column(
      'open_amount',
      SUM,
      'Not settled; 0 for drafts and cancelled invoices',
      `if(status IN ('DRAFT', 'CANCELLED'), 0,
      toDecimal128(total, 4) - paid_amount - credited_amount - written_off_amount)`,
    ),
    column(
      'status',
      CODE,
      'DRAFT, APPROVED, PARTIALLY_PAID, PAID or CANCELLED. PAID: nothing is open, whatever settled it',
      `multiIf(countIf(event_type = 'InvoiceCancelled') > 0, 'CANCELLED', countIf(log.status = 'APPROVED') = 0, 'DRAFT',
      paid_amount + credited_amount + written_off_amount >= total, 'PAID',
      paid_amount + credited_amount + written_off_amount > 0, 'PARTIALLY_PAID', 'APPROVED')`,
    ),
    column(
      'is_disputed',
      'Bool',
      'The customer disputes it, by the change with the latest effective date',
      `ifNull(argMaxIf(toNullable(log.is_disputed), (effective_date, _position), ${DISPUTE}), maxIf(log.is_disputed, ${CREATED}))`,
    ),
    column(
      'approved_on',
      MAYBE_DAY,
      'Day of the approval; null = approved when created, or a draft',
      maybe('effective_date', `event_type = 'InvoiceApproved'`),
    ),
    column(
      'cancelled_on',
      MAYBE_DAY,
      'Day of the cancelling; null = not cancelled',
      maybe('effective_date', `event_type = 'InvoiceCancelled'`),
    ),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
ARRAY JOIN if(entity = 'invoice',
  [(aggregate_id, if(event_type = 'InvoiceWrittenOff', log.amount, toDecimal64(0, 4)))],
  arrayZip(allocation_invoice_ids, allocation_amounts)) AS item
WHERE ${NOT_REFUSED} AND (entity = 'invoice' OR entity IN ('payment', 'credit-note') AND NOT ${TAKEN_BACK})
GROUP BY tenant_id, item.1
HAVING countIf(${DOCUMENT}) > 0`,
}

const payments: View = {
  name: 'fct_payments',
  doc: 'Payments from customers as they stand with all that is recorded, whatever its day.',
  columns: [
    TENANT,
    column('payment_id', TEXT, 'Payment', 'aggregate_id'),
    column('payment_number', TEXT, 'Human number', last('document_number', RECEIVED)),
    column('customer_id', TEXT, 'Who paid', last('customer_id', RECEIVED)),
    column('customer_name', TEXT, 'Name at the time', last('customer_name', RECEIVED)),
    column('payment_date', DAY, 'Day on which the money counts', last('posting_date', RECEIVED)),
    column('method', CODE, 'Means of payment', last('method', RECEIVED)),
    column('reference', TEXT, 'Cheque or transfer number', last('reference', RECEIVED)),
    column('currency', CODE, 'Currency of the amounts', last('currency', RECEIVED)),
    column('fx_rate', 'Decimal(18, 8)', 'Base currency units for one unit', last('fx_rate', RECEIVED)),
    column('amount', LINE, 'Amount received', `argMaxIf(log.amount, _position, ${RECEIVED})`),
    column(
      'vds_withheld',
      LINE,
      'VAT deducted at source; can be applied too',
      last('vds_withheld', RECEIVED),
    ),
    column(
      'tds_withheld',
      LINE,
      'Income tax deducted at source; can be applied too',
      last('tds_withheld', RECEIVED),
    ),
    column('allocated_amount', SUM, 'Applied to invoices, known or not', ALLOCATED),
    column(
      'status',
      CODE,
      'RECEIVED, REVERSED or FAILED',
      `multiIf(countIf(event_type = 'PaymentFailed') > 0, 'FAILED', countIf(event_type = 'PaymentReversed') > 0, 'REVERSED', 'RECEIVED')`,
    ),
    column(
      'reversed_on',
      MAYBE_DAY,
      'Day of the reversal; null = not reversed',
      maybe('effective_date', `event_type = 'PaymentReversed'`),
    ),
    column(
      'failed_on',
      MAYBE_DAY,
      'Day of the failure; null = it did not fail',
      maybe('effective_date', `event_type = 'PaymentFailed'`),
    ),
    column(
      'reconciled_on',
      MAYBE_DAY,
      'Day of the line of a bank statement; null = not found on one yet',
      maybe('effective_date', `event_type = 'PaymentReconciled'`),
    ),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'payment' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id
HAVING countIf(${RECEIVED}) > 0`,
}

const expenses: View = {
  name: 'fct_expenses',
  doc: 'Expenses as they stand.',
  columns: [
    TENANT,
    column('expense_id', TEXT, 'Expense', 'aggregate_id'),
    column('expense_number', TEXT, 'Human number', last('document_number', EXPENSE)),
    column('expense_date', DAY, 'Posting date', last('posting_date', EXPENSE)),
    column('category', CODE, 'Category', last('category', EXPENSE)),
    column('vendor_id', TEXT, 'Vendor; empty = not known', last('vendor_id', EXPENSE)),
    column('vendor_name', TEXT, 'Name of the vendor', last('vendor_name', EXPENSE)),
    column('department', CODE, 'Department that bears it', last('department', EXPENSE)),
    column('description', TEXT, 'What it was for', last('description', EXPENSE)),
    column('currency', CODE, 'Currency of the amounts', last('currency', EXPENSE)),
    column('fx_rate', 'Decimal(18, 8)', 'Base currency units for one unit', last('fx_rate', EXPENSE)),
    column('net_amount', LINE, 'Amount without VAT: the expense', last('net_amount', EXPENSE)),
    column('vat_amount', LINE, 'VAT paid', last('vat_amount', EXPENSE)),
    column('total', LINE, 'Net amount and VAT', last('amount', EXPENSE)),
    column(
      'status',
      CODE,
      'RECORDED, APPROVED or CANCELLED; approved ones count until the day of a cancelling',
      `multiIf(countIf(event_type = 'ExpenseCancelled') > 0, 'CANCELLED',
      countIf(event_type = 'ExpenseApproved') > 0, 'APPROVED', 'RECORDED')`,
    ),
    column(
      'approved_on',
      MAYBE_DAY,
      'Day of the approval; null = not approved',
      maybe('effective_date', `event_type = 'ExpenseApproved'`),
    ),
    column(
      'cancelled_on',
      MAYBE_DAY,
      'Day of the cancelling; null = not cancelled',
      maybe('effective_date', `event_type = 'ExpenseCancelled'`),
    ),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'expense' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id
HAVING countIf(${EXPENSE}) > 0`,
}

const events: View = {
  name: 'fct_events',
  doc: 'Every accepted finance event, once, with its whole payload.',
  columns: [
    TENANT,
    column('event_id', TEXT, 'Id of the event, unique inside the tenant'),
    column('event_type', CODE, 'Name of the Avro record'),
    column('aggregate_type', CODE, 'Kind of the thing that changed, as the source names it'),
    column('aggregate_id', TEXT, 'Id of the thing that changed'),
    column('aggregate_version', 'UInt64', 'Version of the thing after this event; 0 = the source has none'),
    column('occurred_at', INSTANT, 'When it happened, by the clock of the source'),
    column('recorded_at', INSTANT, 'When the source stored it'),
    column('appended_at', INSTANT, 'When the broker appended it'),
    column('actor', TEXT, 'Who did it'),
    column('correlation_id', TEXT, 'Request or process it belongs to; empty = none'),
    column('causation_id', TEXT, 'What caused it; empty = none'),
    column('schema_version', 'Int32', 'Version of the meaning of the record'),
    column('payload', TEXT, 'The whole event as JSON: names as in Avro, amounts as decimal text'),
    column(
      'is_refused',
      'Bool',
      'The processor refused it or set it aside: it moved no number',
      `toBool(NOT (${NOT_REFUSED}))`,
    ),
    ...lineage,
  ],
  from: 'finance.event_log AS log',
}

export const FACT_VIEWS: readonly View[] = [events, invoices, payments, expenses]
