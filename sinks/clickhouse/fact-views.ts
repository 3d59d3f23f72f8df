/** Documents, masters and events as they stand: one row per thing (V1 of views.ts). */
import { NOT_REFUSED } from './as-of.ts'
import {
  CODE,
  column,
  type Column,
  DAY,
  INSTANT,
  LINE,
  lineage,
  MAYBE_DAY,
  SUM,
  TENANT,
  TEXT,
  type View,
} from './view-definition.ts'

/** Lineage of a thing made of several events: its newest one. */
const newest: readonly Column[] = [
  column('_epoch', 'UInt64', 'Incarnation of the topic of the newest event', 'argMax(log._epoch, _position)'),
  column('_partition', 'UInt16', 'Partition of the newest event', 'argMax(log._partition, _position)'),
  column('_offset', 'UInt64', 'Offset of the newest event', 'argMax(log._offset, _position)'),
  column('_revision', 'UInt64', 'For facts: the offset', 'argMax(log._revision, _position)'),
]

/** Value of a column in the newest event that fulfils a condition. */
const last = (name: string, when: string): string => `argMaxIf(log.${name}, _position, ${when})`
const maybe = (name: string, when: string): string => `argMaxOrNullIf(log.${name}, _position, ${when})`

const DOCUMENT = `event_type IN ('InvoiceCreated', 'InvoiceApproved')`
const CREATED = `event_type = 'InvoiceCreated'`
const RECEIVED = `event_type = 'PaymentReceived'`
const EXPENSE = `event_type IN ('ExpenseRecorded', 'ExpenseApproved')`

/** Payments whose money is not there any more. */
const TAKEN_BACK = `(tenant_id, aggregate_id) IN (
    SELECT tenant_id, aggregate_id FROM finance.event_log
    WHERE entity = 'payment' AND event_type IN ('PaymentFailed', 'PaymentReversed') AND ${NOT_REFUSED})`

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
    column('mushak_number', TEXT, 'Mushak 6.3 number; empty = none', last('mushak_number', CREATED)),
    column('reference', TEXT, 'Reference of the source', last('reference', CREATED)),
    column('currency', CODE, 'Currency of the amounts', last('currency', DOCUMENT)),
    column('fx_rate', 'Decimal(18, 8)', 'Base currency units for one unit', last('fx_rate', DOCUMENT)),
    column('subtotal', LINE, 'Amount without VAT', last('net_amount', DOCUMENT)),
    column('vat_amount', LINE, 'VAT', last('vat_amount', DOCUMENT)),
    column('total', LINE, 'What the customer owes', last('amount', DOCUMENT)),
    column(
      'paid_amount',
      SUM,
      'Settled by payments',
      'least(sum(toDecimal128(item.2, 4)), toDecimal128(total, 4))',
    ),
    column(
      'open_amount',
      SUM,
      'Not settled; 0 for drafts and cancelled invoices',
      `if(status IN ('DRAFT', 'CANCELLED'), 0, toDecimal128(total, 4) - paid_amount)`,
    ),
    column(
      'status',
      CODE,
      'DRAFT, APPROVED, PARTIALLY_PAID, PAID or CANCELLED',
      `multiIf(countIf(event_type = 'InvoiceCancelled') > 0, 'CANCELLED', countIf(log.status = 'APPROVED') = 0, 'DRAFT',
      paid_amount >= total, 'PAID', paid_amount > 0, 'PARTIALLY_PAID', 'APPROVED')`,
    ),
    column('is_disputed', 'Bool', 'The customer disputes it', `max(log.is_disputed)`),
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
ARRAY JOIN if(entity = 'invoice', [(aggregate_id, toDecimal64(0, 4))],
  arrayZip(allocation_invoice_ids, allocation_amounts)) AS item
WHERE ${NOT_REFUSED} AND (entity = 'invoice' OR entity = 'payment' AND NOT ${TAKEN_BACK})
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
      'allocated_amount',
      SUM,
      'Applied to invoices, known or not',
      `sum(arraySum(arrayMap(x -> toDecimal128(x, 4), allocation_amounts)))`,
    ),
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
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'payment' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id
HAVING countIf(${RECEIVED}) > 0`,
}

const allocations: View = {
  name: 'fct_payment_allocations',
  doc: 'What payments settle: one row per allocation, those of reversed and failed payments too.',
  columns: [
    TENANT,
    column('payment_id', TEXT, 'Payment', 'aggregate_id'),
    column('invoice_id', TEXT, 'Invoice that is settled', 'settled_id'),
    column('allocated_on', DAY, 'Day of the allocation', `if(${RECEIVED}, posting_date, effective_date)`),
    column('amount', LINE, 'Amount settled, in the currency of the payment', 'settled'),
    column('event_id', TEXT, 'Event that allocated'),
    ...lineage,
  ],
  from: `finance.event_log AS log
ARRAY JOIN allocation_invoice_ids AS settled_id, allocation_amounts AS settled
WHERE entity = 'payment' AND ${NOT_REFUSED}`,
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
      'RECORDED or APPROVED; approved ones count',
      `if(countIf(event_type = 'ExpenseApproved') > 0, 'APPROVED', 'RECORDED')`,
    ),
    column(
      'approved_on',
      MAYBE_DAY,
      'Day of the approval; null = not approved',
      maybe('effective_date', `event_type = 'ExpenseApproved'`),
    ),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'expense' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id`,
}

const customers: View = {
  name: 'dim_customers',
  doc: 'Customers as they are now, by the customer master. A customer that only documents name is not here.',
  columns: [
    TENANT,
    column('customer_id', TEXT, 'Customer', 'aggregate_id'),
    column('customer_number', TEXT, 'Human number or code', 'argMax(log.document_number, _position)'),
    column('name', TEXT, 'Name', 'argMax(log.name, _position)'),
    column('name_bn', TEXT, 'Name in Bengali; empty = none', 'argMax(log.name_bn, _position)'),
    column('currency', CODE, 'Usual currency; empty = not stated', 'argMax(log.currency, _position)'),
    column(
      'payment_terms_days',
      'Nullable(Int32)',
      'Usual days to the due date; null = not stated',
      'argMax(tuple(log.payment_terms_days), _position).1',
    ),
    column(
      'credit_limit',
      'Nullable(Decimal(18, 4))',
      'Credit limit in the base currency; null = not stated',
      'argMax(tuple(log.credit_limit), _position).1',
    ),
    column('email', TEXT, 'E-mail', 'argMax(log.email, _position)'),
    column('phone', TEXT, 'Phone', 'argMax(log.phone, _position)'),
    column('country', CODE, 'Country', 'argMax(log.country, _position)'),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'customer' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id`,
}

const tenants: View = {
  name: 'dim_tenants',
  doc: 'Tenants and their settings as they are now.',
  columns: [
    TENANT,
    column('name', TEXT, 'Name of the business', 'argMax(log.name, _position)'),
    column('zone', CODE, 'IANA time zone of its days', 'argMax(log.zone, _position)'),
    column('base_currency', CODE, 'Base currency', 'argMax(log.currency, _position)'),
    column(
      'fiscal_year_start',
      CODE,
      'First day of the fiscal year, MM-DD',
      'argMax(log.fiscal_year_start, _position)',
    ),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'tenant' AND ${NOT_REFUSED}
GROUP BY tenant_id`,
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

export const FACT_VIEWS: readonly View[] = [
  events,
  invoices,
  payments,
  allocations,
  expenses,
  customers,
  tenants,
]
