/** Histories of figures, reports of today, and summaries: views over facts and points (V1-V4 of views.ts). */
import { agingOf, dailyFiguresOf, openItemsOf, type Scope, TODAY } from './as-of.ts'
import {
  alias,
  CODE,
  column,
  type Column,
  DAY,
  INSTANT,
  LINE,
  lineage,
  SUM,
  TENANT,
  TEXT,
  type View,
} from './view-definition.ts'

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

export const REPORT_VIEWS: readonly View[] = [
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
