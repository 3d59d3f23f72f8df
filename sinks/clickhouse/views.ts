/**
 * The views that analysts read. Refuses to store anything: a view is its text, made anew when the text changes.
 * V1: one row per thing in its current state, from append-only base tables that hold every event once; so a plain
 * SELECT has no duplicates and needs no FINAL. V2: what the processor refused is in fct_events (with a flag) and in no
 * other view. V3: every view and column has a comment. V4: every view has tenant_id, and reads only rows of it.
 */
import { agingOf, dailyFiguresOf, NOT_REFUSED, openItemsOf, type Scope, TODAY } from './as-of.ts'

interface Column {
  readonly name: string
  readonly type: string
  readonly doc: string
  /** Expression; absent = the column of that name. */
  readonly sql?: string
}

interface View {
  readonly name: string
  readonly doc: string
  readonly columns: readonly Column[]
  readonly from: string
  /** Needs what TODAY needs. */
  readonly today?: true
}

const column = (name: string, type: string, doc: string, sql?: string): Column =>
  sql === undefined ? { name, type, doc } : { name, type, doc, sql }

const TEXT = 'String'
const CODE = 'LowCardinality(String)'
const DAY = 'Date32'
const MAYBE_DAY = 'Nullable(Date32)'
const LINE = 'Decimal(18, 4)'
const SUM = 'Decimal(38, 4)'
const INSTANT = "DateTime64(3, 'UTC')"

const TENANT = column('tenant_id', TEXT, 'Tenant')

/** Lineage of a thing made of several events: its newest one. */
const newest: readonly Column[] = [
  column('_epoch', 'UInt64', 'Incarnation of the topic of the newest event', 'argMax(log._epoch, _position)'),
  column('_partition', 'UInt16', 'Partition of the newest event', 'argMax(log._partition, _position)'),
  column('_offset', 'UInt64', 'Offset of the newest event', 'argMax(log._offset, _position)'),
  column('_revision', 'UInt64', 'For facts: the offset', 'argMax(log._revision, _position)'),
]

const lineage: readonly Column[] = [
  column('_epoch', 'UInt64', 'Incarnation: of the topic for facts, of the processors for figures'),
  column('_partition', 'UInt16', 'Partition'),
  column('_offset', 'UInt64', 'Offset in the partition'),
  column('_revision', 'UInt64', 'Offset in finance.events.v1 that the row stands for'),
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

const newestEpoch = (table: string): string =>
  `finance.${table} AS points
WHERE (tenant_id, _epoch) IN (SELECT tenant_id, max(_epoch) FROM finance.${table} GROUP BY tenant_id)`

const kpiHistory: View = {
  name: 'kpi_history',
  doc: 'KPIs over time: one row per tenant, measure, window and moment. For one point a day take kind = CLOSE.',
  columns: [
    TENANT,
    column(
      'kind',
      CODE,
      'SNAPSHOT: at the first quarter-hour after a change. CLOSE: at the end of the local day as_of',
    ),
    column('measure', CODE, 'Name of the KPI, e.g. dso'),
    column('window', CODE, '30d, 90d, 365d, mtd, qtd or fy'),
    column('as_of', DAY, 'Local day that the figure stands for, all of it included'),
    column('log_time', INSTANT, 'Log time at which the figure stood'),
    column('from_date', DAY, 'First day of the window'),
    column('to_date', DAY, 'Last day of the window'),
    column('value', 'Nullable(Decimal(38, 8))', 'The figure; null where it has none, with a reason'),
    column('unit', CODE, 'Currency code, percent, days, ratio or count'),
    column('reason', CODE, 'Why value is null, or a warning; empty = none'),
    column('previous', 'Nullable(Decimal(38, 8))', 'Figure of the window before; null = none'),
    column('change', 'Nullable(Decimal(38, 8))', 'Change against previous in percent; null = none'),
    column(
      'inputs',
      'Map(LowCardinality(String), String)',
      'What it was computed from, decimal text by name',
    ),
    column('currency', CODE, 'Base currency of the tenant'),
    column('is_partial', 'Bool', 'History is shorter than the window'),
    ...lineage,
  ],
  from: newestEpoch('kpi_points'),
}

const BUCKETS = [
  ['current', 'not past'],
  ['1_30', '1-30 days past'],
  ['31_60', '31-60 days past'],
  ['61_90', '61-90 days past'],
  ['over_90', 'more than 90 days past'],
] as const

const bucketColumns = (basis: 'due' | 'posting', sql?: (index: number) => string): Column[] =>
  BUCKETS.map(([name, words], i) =>
    column(
      `${basis}_${name}`,
      SUM,
      `Open, ${words} the ${basis === 'due' ? 'due' : 'invoice'} date`,
      sql?.(i + 1),
    ),
  )

const agingHistory: View = {
  name: 'aging_history',
  doc: 'Receivables aging over time: one row per tenant (customer_id empty) or customer, and moment.',
  columns: [
    TENANT,
    column(
      'kind',
      CODE,
      'SNAPSHOT: at the first quarter-hour after a change. CLOSE: at the end of the local day as_of',
    ),
    column('customer_id', TEXT, 'Customer; empty = all together'),
    column('customer_name', TEXT, 'Name of the customer'),
    column('as_of', DAY, 'Local day that the figures stand for, all of it included'),
    column('log_time', INSTANT, 'Log time at which the figures stood'),
    column('currency', CODE, 'Base currency of the amounts'),
    ...bucketColumns('due'),
    ...bucketColumns('posting'),
    column('unapplied', SUM, 'Payments not applied to an invoice, zero or negative'),
    column('disputed', SUM, 'Part of the buckets that is disputed'),
    column('total', SUM, 'Sum of the buckets and unapplied: the control account'),
    column('open_items', 'UInt32', 'Number of open invoices'),
    ...lineage,
  ],
  from: newestEpoch('aging_points'),
}

/** TODAY inside of a view that says its WITH itself. */
const INNER: Scope = { ...TODAY, with: '' }

const AS_OF = column('as_of', DAY, 'Today in the time zone of the tenant', TODAY.asOf)

const agingToday: View = {
  name: 'rpt_receivables_aging',
  doc: 'Receivables aging of today by customer, computed from the facts. Base currency.',
  columns: [
    TENANT,
    AS_OF,
    column('customer_id', TEXT, 'Customer'),
    column('customer_name', TEXT, 'Name of the customer'),
    ...bucketColumns('due', (i) => `due[${i}]`),
    ...bucketColumns('posting', (i) => `posting[${i}]`),
    column('unapplied', SUM, 'Payments not applied to an invoice, zero or negative'),
    column('disputed', SUM, 'Part of the buckets that is disputed'),
    column('total', SUM, 'Sum of the buckets and unapplied'),
    column('open_items', 'UInt32', 'Number of open invoices'),
  ],
  from: `(${agingOf(INNER, '[0, 30, 60, 90]')}) AS aging`,
  today: true,
}

const openToday: View = {
  name: 'rpt_open_invoices',
  doc: 'Invoices that are open today, computed from the facts.',
  columns: [
    TENANT,
    AS_OF,
    column('invoice_id', TEXT, 'Invoice'),
    column('invoice_number', TEXT, 'Human number'),
    column('customer_id', TEXT, 'Customer who owes'),
    column('customer_name', TEXT, 'Name at the time of the document'),
    column('invoice_date', DAY, 'Posting date'),
    column('due_date', DAY, 'Due date as of today'),
    column(
      'days_past_due',
      'Int32',
      'Days past the due date; zero or negative = not past',
      `toInt32(as_of) - toInt32(due_date)`,
    ),
    column('currency', CODE, 'Currency of total and open_amount'),
    column('total', LINE, 'What the customer owed'),
    column('open_amount', SUM, 'What is open'),
    column('open_base', SUM, 'What is open, in the base currency'),
    column('is_disputed', 'Bool', 'The customer disputes it', 'disputed'),
  ],
  from: `(${openItemsOf(INNER)}) AS items`,
  today: true,
}

const figuresToday: View = {
  name: 'rpt_daily_figures',
  doc: 'Movements by day up to today in the base currency, computed from the facts.',
  columns: [
    TENANT,
    column('day', DAY, 'Day'),
    column('net_revenue', SUM, 'Invoiced without VAT, less cancellations'),
    column('sales', SUM, 'Invoiced with VAT, less cancellations'),
    column('paid_revenue', SUM, 'Without VAT, of the invoices of the day that have nothing open today'),
    column('cash_in', SUM, 'Received, less reversals'),
    column('expenses', SUM, 'Approved expenses without VAT'),
    column('receivables', SUM, 'Change of the receivables control account'),
    column('invoices', 'Int64', 'Invoices, less cancellations'),
  ],
  from: `(${dailyFiguresOf(INNER)}) AS figures`,
  today: true,
}

/** Paid invoices: what the first dashboards called revenue. */
const revenueSummary: View = {
  name: 'revenue_summary',
  doc: 'Paid invoices by day of the invoice and customer, in the currency of the documents.',
  columns: [
    TENANT,
    column('date', DAY, 'Invoice date', 'i.invoice_date'),
    column('customer_id', TEXT, 'Customer', 'i.customer_id'),
    column('currency', CODE, 'Currency of the amounts', 'i.currency'),
    column('invoice_count', 'UInt64', 'Paid invoices', 'count()'),
    column('subtotal', SUM, 'Without VAT', 'sum(i.subtotal)'),
    column('vat', SUM, 'VAT', 'sum(i.vat_amount)'),
    column('total', SUM, 'With VAT', 'sum(i.total)'),
    column(
      'avg_invoice_value',
      SUM,
      'total / invoice_count, cut to four decimals',
      'toDecimal128(sum(i.total), 4) / count()',
    ),
  ],
  from: `finance.fct_invoices AS i
WHERE i.status = 'PAID'
GROUP BY tenant_id, i.invoice_date, i.customer_id, i.currency`,
}

const invoiceRevenue: View = {
  name: 'invoice_revenue',
  doc: 'Invoices with what revenue is cut by: day, category, customer, product category, status.',
  columns: [
    TENANT,
    column('invoice_id', TEXT, 'Invoice'),
    column('invoice_date', DAY, 'Posting date'),
    column('category', CODE, 'Revenue category'),
    column('customer_id', TEXT, 'Customer'),
    column('customer_name', TEXT, 'Name at the time of the document'),
    column('product_category', CODE, 'Product category'),
    column('amount', LINE, 'Without VAT, in the currency of the document', 'subtotal'),
    column('currency', CODE, 'Currency of the amount'),
    column('status', CODE, 'DRAFT, APPROVED, PARTIALLY_PAID, PAID or CANCELLED'),
  ],
  from: 'finance.fct_invoices',
}

/** The same view under the name that older queries use. */
const alias = (view: View): View => ({
  name: `${view.name}_mv`,
  doc: `${view.doc} Alias of ${view.name}.`,
  columns: view.columns.map(({ name, type, doc }) => ({ name, type, doc })),
  from: `finance.${view.name}`,
})

const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

function definitionOf({ name, doc, columns, from, today }: View): string {
  const declared = columns.map((c) => `  ${c.name} ${c.type} COMMENT ${quote(c.doc)}`).join(',\n')
  const selected = columns
    .map((c) => (c.sql === undefined ? `  ${c.name}` : `  ${c.sql} AS ${c.name}`))
    .join(',\n')
  const scope = today ? `${TODAY.with}\n` : ''
  // The time zone of a tenant is a value of a column.
  const settings = today ? '\nSETTINGS allow_nonconst_timezone_arguments = 1' : ''
  return `CREATE OR REPLACE VIEW finance.${name}\n(\n${declared}\n)
AS ${scope}SELECT\n${selected}\nFROM ${from}${settings}\nCOMMENT ${quote(doc)}`
}

export const VIEW_LIST: readonly View[] = [
  events,
  invoices,
  payments,
  allocations,
  expenses,
  customers,
  tenants,
  kpiHistory,
  agingHistory,
  agingToday,
  openToday,
  figuresToday,
  revenueSummary,
  alias(revenueSummary),
  invoiceRevenue,
  alias(invoiceRevenue),
]

/** Statements that make all views. */
export const VIEW_DEFINITIONS: readonly string[] = VIEW_LIST.map(definitionOf)
