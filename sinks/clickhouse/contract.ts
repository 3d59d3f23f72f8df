/**
 * What is in ClickHouse, for the sinks that write it and for everybody who reads it: names, and the queries of readers.
 * Refuses: knowing how rows are written. Queries take {tenant:String} and {asOf:Date32} (text YYYY-MM-DD) as query
 * parameters, and give text for amounts and days, so that no reader meets a float. H1: base tables are append-only and
 * every one has tenant_id; a row filter on these tables by tenant_id is all that isolation needs, views included.
 */
import { agingOf, dailyFiguresOf, openItemsOf, PARAMETERS, unappliedOf } from './as-of.ts'

export const DATABASE = 'finance'

/** Tables with rows of tenants. All else that has rows of tenants is a view of them (H1). */
export const TENANT_TABLES = ['event_log', 'refused_events', 'kpi_points', 'aging_points'] as const
export type TenantTable = (typeof TENANT_TABLES)[number]

/** Tables without rows of tenants: analysts don't see them. */
export const INTERNAL_TABLES = ['topic_epochs', 'schema_migrations'] as const

/** What analysts read. */
export const VIEWS = [
  'fct_events',
  'fct_invoices',
  'fct_payments',
  'fct_payment_allocations',
  'fct_expenses',
  'dim_customers',
  'dim_tenants',
  'kpi_history',
  'aging_history',
  'rpt_receivables_aging',
  'rpt_open_invoices',
  'rpt_daily_figures',
  'revenue_summary',
  'revenue_summary_mv',
  'invoice_revenue',
  'invoice_revenue_mv',
] as const
export type View = (typeof VIEWS)[number]

/** Rows of openItemsSql. Amounts are decimal text, days YYYY-MM-DD. */
export interface OpenItemRow {
  readonly invoice_id: string
  readonly invoice_number: string
  readonly customer_id: string
  readonly customer_name: string
  readonly currency: string
  readonly invoice_date: string
  readonly due_date: string
  readonly total: string
  readonly open_amount: string
  readonly open_base: string
  readonly disputed: boolean
}

/** One row per invoice that is open at the end of the day, oldest due date first. */
export const openItemsSql = `
SELECT invoice_id, invoice_number, customer_id, customer_name, currency, toString(invoice_date) AS invoice_date,
  toString(due_date) AS due_date, toString(total) AS total, toString(open_amount) AS open_amount,
  toString(open_base) AS open_base, disputed
FROM (${openItemsOf(PARAMETERS)}) AS items
ORDER BY items.due_date, items.invoice_id`

/** Rows of unappliedSql. */
export interface UnappliedRow {
  readonly payment_id: string
  readonly customer_id: string
  readonly customer_name: string
  readonly currency: string
  readonly payment_date: string
  /** Positive. */
  readonly unapplied_amount: string
  readonly unapplied_base: string
}

/** One row per payment with money that no invoice has at the end of the day. */
export const unappliedSql = `
SELECT payment_id, customer_id, customer_name, currency, toString(payment_date) AS payment_date,
  toString(unapplied_amount) AS unapplied_amount, toString(unapplied_base) AS unapplied_base
FROM (${unappliedOf(PARAMETERS)}) AS credits
ORDER BY credits.payment_date, credits.payment_id`

/** Rows of agingSql: one per customer with anything open or unapplied. */
export interface AgingRow {
  readonly customer_id: string
  readonly customer_name: string
  /** Base amounts by bucket: one more than there are edges. */
  readonly due: readonly string[]
  readonly posting: readonly string[]
  /** Zero or negative. */
  readonly unapplied: string
  readonly disputed: string
  readonly total: string
  readonly open_items: number
}

/** Aging by customer in one query; besides tenant and asOf takes {edges:Array(Int32)}, e.g. [0,30,60,90]. */
export const agingSql = `
SELECT customer_id, customer_name, arrayMap(x -> toString(x), due) AS due, arrayMap(x -> toString(x), posting) AS posting,
  toString(unapplied) AS unapplied, toString(disputed) AS disputed, toString(total) AS total,
  toUInt32(open_items) AS open_items
FROM (${agingOf(PARAMETERS, '{edges:Array(Int32)}')}) AS aging
ORDER BY aging.customer_id`

/** Rows of dailyFiguresSql, as DayFigures of schemas/rules. */
export interface DailyFiguresRow {
  readonly day: string
  readonly net_revenue: string
  readonly sales: string
  readonly paid_revenue: string
  readonly cash_in: string
  readonly expenses: string
  readonly receivables: string
  readonly invoices: number
}

/** Movements by day up to and including the day, in the base currency; paid_revenue as it stands on the day. */
export const dailyFiguresSql = `
SELECT toString(day) AS day, toString(net_revenue) AS net_revenue, toString(sales) AS sales,
  toString(paid_revenue) AS paid_revenue, toString(cash_in) AS cash_in, toString(expenses) AS expenses,
  toString(receivables) AS receivables, toInt32(invoices) AS invoices
FROM (${dailyFiguresOf(PARAMETERS)}) AS figures
ORDER BY figures.day`
