/** Histories of figures, reports of today, and summaries: views over facts and points (V1-V4 of views.ts). */
import { type BookSide, PAYABLES, RECEIVABLES } from './book-sides.ts'
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

/**
 * Points of the newest incarnation; of a close only what stands: the newest correction, or the close while there is
 * none. A record is told apart by its revision, which all of its rows share; each family is closed and corrected for itself. Corrections are few: looking for them reads
 * the column `kind` alone.
 */
const standing = (table: string, family = ''): string => {
  const of = `tenant_id, ${family}_epoch, as_of`
  const corrected = `FROM finance.${table} AS found WHERE found.kind = 'CORRECTION'`
  return `finance.${table} AS points
WHERE (tenant_id, _epoch) IN (SELECT tenant_id, max(_epoch) FROM finance.${table} GROUP BY tenant_id)
  AND multiIf(
    points.kind = 'CLOSE', (${of}) NOT IN (SELECT ${of} ${corrected}),
    points.kind = 'CORRECTION', (${of}, _revision) IN (SELECT ${of}, max(_revision) ${corrected} GROUP BY ${of}),
    true)`
}

const KIND = column(
  'kind',
  CODE,
  'SNAPSHOT: at the first quarter-hour after a change. CLOSE: at the end of the local day as_of, as last corrected',
  `if(points.kind = 'CORRECTION', 'CLOSE', points.kind)`,
)
const IS_CORRECTED = column(
  'is_corrected',
  'Bool',
  'A close with what came after the day had ended; log_time is when it was corrected',
  `points.kind = 'CORRECTION'`,
)

const kpiHistory: View = {
  name: 'kpi_history',
  doc: 'KPIs over time: one row per tenant, measure, window and moment. For one point a day take kind = CLOSE.',
  columns: [
    TENANT,
    KIND,
    IS_CORRECTED,
    column('measure', CODE, 'Name of the KPI, e.g. dso'),
    column('window', CODE, '30d, 90d, 365d, mtd, qtd or fy'),
    column('as_of', DAY, 'Local day that the figure stands for, all of it included'),
    column('log_time', INSTANT, 'Log time at which the figure stood'),
    column('from_date', DAY, 'First day of the window'),
    column('to_date', DAY, 'Last day of the window'),
    column('value', 'Nullable(Decimal(38, 8))', 'The figure; null where it has none, with a reason'),
    column('unit', CODE, 'Currency code, percent, days, ratio, count or score'),
    column('reason', CODE, 'Why value is null, or a warning; empty = none'),
    column('previous', 'Nullable(Decimal(38, 8))', 'Figure of the window before; null = none'),
    column('change', 'Nullable(Decimal(38, 8))', 'Change against previous in percent; null = none'),
    column('last_year', 'Nullable(Decimal(38, 8))', 'Figure of the same window a year before; null = none'),
    column(
      'change_last_year',
      'Nullable(Decimal(38, 8))',
      'Change against last_year in percent; null = none',
    ),
    column(
      'inputs',
      'Map(LowCardinality(String), String)',
      'What it was computed from, decimal text by name',
    ),
    column('currency', CODE, 'Base currency of the tenant'),
    column('is_partial', 'Bool', 'History is shorter than the window'),
    ...lineage,
  ],
  from: standing('kpi_points'),
}

const BUCKETS = [
  ['current', 'not past'],
  ['1_30', '1-30 days past'],
  ['31_60', '31-60 days past'],
  ['61_90', '61-90 days past'],
  ['over_90', 'more than 90 days past'],
] as const

const bucketColumns = (
  basis: 'due' | 'posting',
  sql?: (index: number) => string,
  document = 'invoice',
): Column[] =>
  BUCKETS.map(([name, words], i) =>
    column(
      `${basis}_${name}`,
      SUM,
      `Open, ${words} the ${basis === 'due' ? 'due' : document} date`,
      sql?.(i + 1),
    ),
  )

const agingHistory: View = {
  name: 'aging_history',
  doc: 'Aging over time: one row per family, tenant (customer_id empty) or customer, and moment. Say which family.',
  columns: [
    TENANT,
    column(
      'family',
      CODE,
      'aging.receivables or aging.payables; in the latter a customer is a vendor, an invoice a bill',
    ),
    KIND,
    IS_CORRECTED,
    column('customer_id', TEXT, 'Customer; empty = all together'),
    column('customer_name', TEXT, 'Name of the customer'),
    column('as_of', DAY, 'Local day that the figures stand for, all of it included'),
    column('log_time', INSTANT, 'Log time at which the figures stood'),
    column('currency', CODE, 'Base currency of the amounts'),
    ...bucketColumns('due'),
    ...bucketColumns('posting'),
    column('unapplied', SUM, 'Payments and credit notes not applied to an invoice, zero or negative'),
    column('disputed', SUM, 'Part of the buckets that is disputed'),
    column('total', SUM, 'Sum of the buckets and unapplied: the control account'),
    column('open_items', 'UInt32', 'Number of open invoices'),
    ...lineage,
  ],
  from: standing('aging_points', 'family, '),
}

/** TODAY inside of a view that says its WITH itself. */
const INNER: Scope = { ...TODAY, with: '' }

const AS_OF = column('as_of', DAY, 'Today in the time zone of the tenant', TODAY.asOf)

/** Words of a side. */
interface Told {
  readonly side: BookSide
  readonly aging: string
  readonly open: string
  readonly document: 'invoice' | 'bill'
  readonly party: 'customer' | 'vendor'
  readonly who: string
  readonly owed: string
  readonly credits: string
  readonly disputes: string
}

const RECEIVABLES_TOLD: Told = {
  side: RECEIVABLES,
  aging: 'rpt_receivables_aging',
  open: 'rpt_open_invoices',
  document: 'invoice',
  party: 'customer',
  who: 'Customer who owes',
  owed: 'What the customer owed',
  credits: 'Payments and credit notes',
  disputes: 'The customer disputes it',
}

const PAYABLES_TOLD: Told = {
  side: PAYABLES,
  aging: 'rpt_payables_aging',
  open: 'rpt_open_bills',
  document: 'bill',
  party: 'vendor',
  who: 'Vendor who is owed',
  owed: 'What was owed to the vendor: without taxes deducted at source',
  credits: 'Payments to vendors',
  disputes: 'We dispute it',
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

const agingToday = ({ side, aging, document, party, credits }: Told): View => ({
  name: aging,
  doc: `${side === PAYABLES ? 'Payables' : 'Receivables'} aging of today by ${party}, computed from the facts. Base currency.`,
  columns: [
    TENANT,
    AS_OF,
    column(`${party}_id`, TEXT, capital(party), 'customer_id'),
    column(`${party}_name`, TEXT, `Name of the ${party}`, 'customer_name'),
    ...bucketColumns('due', (i) => `due[${i}]`, document),
    ...bucketColumns('posting', (i) => `posting[${i}]`, document),
    column('unapplied', SUM, `${credits} not applied, zero or negative`),
    column('disputed', SUM, 'Part of the buckets that is disputed'),
    column('total', SUM, 'Sum of the buckets and unapplied'),
    column('open_items', 'UInt32', `Number of open ${document}s`),
  ],
  from: `(${agingOf(INNER, '[0, 30, 60, 90]', side)}) AS aging`,
  today: true,
})

const openToday = ({ side, open, document, party, who, owed, disputes }: Told): View => ({
  name: open,
  doc: `${capital(document)}s that are open today, computed from the facts.`,
  columns: [
    TENANT,
    AS_OF,
    column(`${document}_id`, TEXT, capital(document), 'invoice_id'),
    column(`${document}_number`, TEXT, 'Human number', 'invoice_number'),
    column(`${party}_id`, TEXT, who, 'customer_id'),
    column(`${party}_name`, TEXT, 'Name at the time of the document', 'customer_name'),
    column(`${document}_date`, DAY, 'Posting date', 'invoice_date'),
    column('due_date', DAY, 'Due date as of today; of instalments the first with something open'),
    column(
      'days_past_due',
      'Int32',
      'Days past the due date; zero or negative = not past',
      `toInt32(as_of) - toInt32(due_date)`,
    ),
    column('currency', CODE, 'Currency of total and open_amount'),
    column('total', LINE, owed),
    column('open_amount', SUM, 'What is open'),
    column('open_base', SUM, 'What is open, in the base currency'),
    column('is_disputed', 'Bool', disputes, 'disputed'),
  ],
  from: `(${openItemsOf(INNER, side)}) AS items`,
  today: true,
})

const figuresToday: View = {
  name: 'rpt_daily_figures',
  doc: 'Movements by day up to today in the base currency, computed from the facts.',
  columns: [
    TENANT,
    column('day', DAY, 'Day'),
    column('net_revenue', SUM, 'Invoiced without VAT, less cancellations and credit notes'),
    column('sales', SUM, 'Invoiced with VAT, less cancellations and credit notes'),
    column(
      'paid_revenue',
      SUM,
      'Without VAT, of the invoices of the day that have nothing open today, less credit notes of the day that are wholly applied',
    ),
    column('cash_in', SUM, 'Received, less reversals'),
    column('expenses', SUM, 'Approved expenses without VAT, less cancellations'),
    column('receivables', SUM, 'Change of the receivables control account'),
    column('invoices', 'Int64', 'Invoices, less cancellations'),
    column('customers', 'UInt64', 'Customers whose first approved invoice is of the day'),
  ],
  from: `(${dailyFiguresOf(INNER)}) AS figures`,
  today: true,
}

/** Paid invoices: what the first dashboards called revenue. */
const revenueSummary: View = {
  name: 'revenue_summary',
  doc: 'Invoices with nothing open by day of the invoice and customer, in the currency of the documents. Credit notes: fct_credit_notes.',
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

/** Each invoice is in one cell, so cells add up along every dimension; an average does not: divide sums by counts. */
const revenueCube: View = {
  name: 'revenue_cube',
  doc: 'Paid invoices by day, category, customer and product category: one row per cell in which there is an invoice, in the currency of the documents.',
  columns: [
    TENANT,
    column('date', DAY, 'Invoice date', 'i.invoice_date'),
    column('category', CODE, 'Revenue category', 'i.category'),
    column('customer_id', TEXT, 'Customer', 'i.customer_id'),
    column('product_category', CODE, 'Product category', 'i.product_category'),
    column('currency', CODE, 'Currency of the amounts', 'i.currency'),
    column('invoice_count', 'UInt64', 'Invoices with nothing open', 'count()'),
    column('revenue', SUM, 'Their sum without VAT', 'sum(i.subtotal)'),
    column(
      'average',
      SUM,
      'revenue / invoice_count, cut to four decimals',
      'toDecimal128(sum(i.subtotal), 4) / count()',
    ),
  ],
  from: `finance.fct_invoices AS i
WHERE i.status = 'PAID'
GROUP BY tenant_id, i.invoice_date, i.category, i.customer_id, i.product_category, i.currency`,
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
  agingToday(RECEIVABLES_TOLD),
  agingToday(PAYABLES_TOLD),
  openToday(RECEIVABLES_TOLD),
  openToday(PAYABLES_TOLD),
  figuresToday,
  revenueSummary,
  alias(revenueSummary),
  revenueCube,
  invoiceRevenue,
  alias(invoiceRevenue),
]
