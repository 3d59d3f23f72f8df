/**
 * What is in ClickHouse, for the sinks that write it and for everybody who reads it: names, and the queries of readers.
 * Refuses: knowing how rows are written. Queries take {tenant:String} and {asOf:Date32} (text YYYY-MM-DD) as query
 * parameters, and give text for amounts and days, so that no reader meets a float. H1: base tables are append-only and
 * every one has tenant_id; a row filter on these tables by tenant_id is all that isolation needs, views included.
 */
import {
  agingOf,
  dailyFiguresOf,
  KNOWN,
  NOT_REFUSED,
  openItemsOf,
  openPartsOf,
  PARAMETERS,
  unappliedOf,
} from './as-of.ts'
import { type BookSide, RECEIVABLES } from './book-sides.ts'
import { accountsOf, ledgerKeysOf, ledgerUpToOf } from './ledger.ts'
import { stockOf, stockPlacesOf } from './stock.ts'

export { type LedgerDayRow, ledgerDaysSql, ledgerMovesSql } from './ledger-figures.ts'

export const DATABASE = 'finance'

export { PAYABLES, RECEIVABLES, type BookSide } from './book-sides.ts'

/** Tables with rows of tenants. All else that has rows of tenants is a view of them (H1). */
export const TENANT_TABLES = [
  'event_log',
  'refused_events',
  'kpi_points',
  'aging_points',
  'alert_log',
] as const
export type TenantTable = (typeof TENANT_TABLES)[number]

/** Tables without rows of tenants: analysts don't see them. */
export const INTERNAL_TABLES = ['topic_epochs', 'schema_migrations'] as const

/** What analysts read. */
export const VIEWS = [
  'fct_events',
  'fct_invoices',
  'fct_payments',
  'fct_payment_allocations',
  'fct_credit_notes',
  'fct_credit_note_allocations',
  'fct_expenses',
  'fct_bills',
  'fct_vendor_payments',
  'fct_vendor_payment_allocations',
  'fct_stock_movements',
  'fct_journal_entries',
  'fct_journal_lines',
  'fct_targets',
  'dim_customers',
  'dim_vendors',
  'dim_products',
  'dim_accounts',
  'dim_tenants',
  'dim_alert_rules',
  'kpi_history',
  'aging_history',
  'alerts',
  'alert_history',
  'rpt_receivables_aging',
  'rpt_open_invoices',
  'rpt_payables_aging',
  'rpt_open_bills',
  'rpt_daily_figures',
  'rpt_trial_balance',
  'rpt_general_ledger',
  'rpt_stock_on_hand',
  'rpt_stock_by_warehouse',
  'revenue_summary',
  'revenue_summary_mv',
  'revenue_cube',
  'invoice_revenue',
  'invoice_revenue_mv',
  'account_balances',
  'account_balances_mv',
] as const
export type View = (typeof VIEWS)[number]

/** Rows of openItemsSql. Amounts are decimal text, days YYYY-MM-DD. */
export interface OpenItemRow {
  readonly invoice_id: string
  readonly invoice_number: string
  readonly customer_id: string
  readonly customer_name: string
  /** Who sold; empty = not stated. */
  readonly salesperson_id: string
  readonly currency: string
  readonly invoice_date: string
  /** First day on which something open is due. */
  readonly due_date: string
  readonly total: string
  readonly open_amount: string
  readonly open_base: string
  readonly disputed: boolean
}

/** By what is known now, or by what was known at an instant: then the query takes {knownBefore:Int64} too (KNOWN). */
export type Knowledge = 'now' | 'then'

const scopeOf = (knowledge: Knowledge) => (knowledge === 'now' ? PARAMETERS : KNOWN)

/** Open documents of a side, as openItemsSql. Of payables an invoice is a bill, and its customer the vendor. */
export const openItemsSqlOf = (side: BookSide, knowledge: Knowledge = 'now'): string => `
SELECT invoice_id, invoice_number, customer_id, customer_name, salesperson_id, currency, toString(invoice_date) AS invoice_date,
  toString(due_date) AS due_date, toString(total) AS total, toString(open_amount) AS open_amount,
  toString(open_base) AS open_base, disputed
FROM (${openItemsOf(scopeOf(knowledge), side)}) AS items
ORDER BY items.due_date, items.invoice_id`

/** One row per invoice that is open at the end of the day, oldest due date first. */
export const openItemsSql = openItemsSqlOf(RECEIVABLES)

/** Rows of openPartsSql. */
export interface OpenPartRow extends OpenItemRow {
  readonly is_first: boolean
}

/**
 * As openItemsSql, with one row per instalment that is open: due_date is its own, open_amount and open_base are what is
 * open of it, and `is_first` is true for one row of an invoice. Invoices without instalments have one row.
 */
export const openPartsSqlOf = (side: BookSide, knowledge: Knowledge = 'now'): string => `
SELECT invoice_id, invoice_number, customer_id, customer_name, salesperson_id, currency, toString(invoice_date) AS invoice_date,
  toString(due_date) AS due_date, toString(total) AS total, toString(part_amount) AS open_amount,
  toString(part_base) AS open_base, disputed, is_first
FROM (${openPartsOf(scopeOf(knowledge), side)}) AS parts
ORDER BY parts.due_date, parts.invoice_id`

export const openPartsSql = openPartsSqlOf(RECEIVABLES)

/** Rows of unappliedSql. */
export interface UnappliedRow {
  /** payment or credit-note; vendor-payment on the side of payables. */
  readonly kind: string
  readonly payment_id: string
  readonly customer_id: string
  readonly customer_name: string
  readonly currency: string
  readonly payment_date: string
  /** Positive. */
  readonly unapplied_amount: string
  readonly unapplied_base: string
}

/** One row per payment or credit note with an amount that no document has at the end of the day. */
export const unappliedSqlOf = (side: BookSide, knowledge: Knowledge = 'now'): string => `
SELECT kind, payment_id, customer_id, customer_name, currency, toString(payment_date) AS payment_date,
  toString(unapplied_amount) AS unapplied_amount, toString(unapplied_base) AS unapplied_base
FROM (${unappliedOf(scopeOf(knowledge), side)}) AS credits
ORDER BY credits.payment_date, credits.payment_id, credits.kind`

export const unappliedSql = unappliedSqlOf(RECEIVABLES)

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

/** Aging by customer or vendor in one query; besides tenant and asOf takes {edges:Array(Int32)}, e.g. [0,30,60,90]. */
export const agingSqlOf = (side: BookSide, knowledge: Knowledge = 'now'): string => `
SELECT customer_id, customer_name, arrayMap(x -> toString(x), due) AS due, arrayMap(x -> toString(x), posting) AS posting,
  toString(unapplied) AS unapplied, toString(disputed) AS disputed, toString(total) AS total,
  toUInt32(open_items) AS open_items
FROM (${agingOf(scopeOf(knowledge), '{edges:Array(Int32)}', side)}) AS aging
ORDER BY aging.customer_id`

export const agingSql = agingSqlOf(RECEIVABLES)

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
  /** First invoiced on the day. */
  readonly customers: number
}

/** Movements by day up to and including the day, in the base currency; paid_revenue as it stands on the day. */
export const dailyFiguresSql = `
SELECT toString(day) AS day, toString(net_revenue) AS net_revenue, toString(sales) AS sales,
  toString(paid_revenue) AS paid_revenue, toString(cash_in) AS cash_in, toString(expenses) AS expenses,
  toString(receivables) AS receivables, toInt32(invoices) AS invoices, toInt32(customers) AS customers
FROM (${dailyFiguresOf(PARAMETERS)}) AS figures
ORDER BY figures.day`

/** Rows of accountsSql: every account of the chart, and those that only entries name. Amounts are decimal text, base currency. */
export interface AccountRow {
  readonly account_id: string
  readonly account_code: string
  readonly account_name: string
  readonly account_class: string
  readonly account_subtype: string
  readonly is_active: boolean
  /** Balance before {from}; balance: at the end of {asOf}. Debit - credit for ASSET and EXPENSE, credit - debit otherwise. */
  readonly opening: string
  readonly total_debit: string
  readonly total_credit: string
  readonly balance: string
}

/** Trial balance; besides tenant and asOf takes {from:Date32}, the first day of the movements: `EVER_FROM` for all. */
export const accountsSql = `
SELECT account_id, account_code, account_name, account_class, account_subtype, is_active, toString(opening) AS opening,
  toString(total_debit) AS total_debit, toString(total_credit) AS total_credit, toString(balance) AS balance
FROM (${accountsOf(PARAMETERS, '{from:Date32}')}) AS accounts
ORDER BY accounts.account_code, accounts.account_id`

export const EVER_FROM = '1900-01-01'

/** Rows of ledgerKeysSql: where a posted line stands. `position` and `line` order the lines of a day. */
export interface LedgerKeyRow {
  readonly account_id: string
  readonly entry_date: string
  readonly position: string
  readonly line: number
  readonly journal_id: string
}

/**
 * A page of the general ledger, in order; besides tenant and asOf takes {from:Date32}, {account:String} (empty = all), the
 * key after which it begins ({afterAccount:String}, {afterDay:Date32}, {afterPosition:UInt64}, {afterLine:UInt32}) and
 * {rows:UInt32}. journalLinesSql tells what the lines say.
 */
export const ledgerKeysSql = `
SELECT account_id, toString(day) AS entry_date, toString(place) AS position, toUInt32(number) AS line, journal_id
FROM (
  SELECT account_id, entry_date AS day, position AS place, line AS number, journal_id
  FROM (${ledgerKeysOf(PARAMETERS)})
  WHERE (account_id, day, place, number)
    > ({afterAccount:String}, {afterDay:Date32}, {afterPosition:UInt64}, {afterLine:UInt32})
  ORDER BY account_id, day, place, number
  LIMIT {rows:UInt32}
)
ORDER BY account_id, day, place, number`

/** Debits and credits of {account:String} up to the line at {day:Date32}, {position:UInt64}, {line:UInt32}, as text. */
export const ledgerUpToSql = `
SELECT toString(debits) AS debit, toString(credits) AS credit FROM (${ledgerUpToOf(PARAMETERS)})`

/** Rows of journalLinesSql. */
export interface JournalLineRow {
  readonly journal_id: string
  readonly journal_number: string
  readonly kind: string
  readonly description: string
  readonly currency: string
  readonly source_type: string
  readonly source_id: string
  readonly line: number
  readonly account_id: string
  readonly account_code: string
  readonly account_name: string
  readonly account_class: string
  readonly debit: string
  readonly credit: string
  readonly amount: string
  readonly party_type: string
  readonly party_id: string
  readonly product_id: string
  readonly tax_code: string
  readonly department: string
  readonly memo: string
}

const NEWEST_LINE = [
  'line_account_ids',
  'line_account_codes',
  'line_account_names',
  'line_account_classes',
  'line_debits',
  'line_credits',
  'line_amounts',
  'line_party_types',
  'line_party_ids',
  'line_product_ids',
  'line_tax_codes',
  'line_departments',
  'line_memos',
].join(', ')

/** Lines of journal entries as they stand, of drafts too, with what their entry says; takes {ids:Array(String)} instead of asOf. */
export const journalLinesSql = `
SELECT journal_id, head.1 AS journal_number, toString(head.2) AS kind, head.3 AS description,
  toString(head.4) AS currency, toString(head.5) AS source_type, head.6 AS source_id, toUInt32(number) AS line, toString(item.1) AS account_id, toString(item.2) AS account_code,
  toString(item.3) AS account_name, toString(item.4) AS account_class, toString(item.5) AS debit,
  toString(item.6) AS credit, toString(item.7) AS amount, toString(item.8) AS party_type, item.9 AS party_id,
  item.10 AS product_id, toString(item.11) AS tax_code, toString(item.12) AS department, item.13 AS memo
FROM (
  SELECT aggregate_id AS journal_id, argMax(arrayZip(${NEWEST_LINE}), _position) AS items,
    argMax((document_number, kind, log.description, log.currency, source_type, source_id), _position) AS head
  FROM finance.event_log AS log
  WHERE tenant_id = {tenant:String} AND entity = 'journal-entry' AND aggregate_id IN {ids:Array(String)}
    AND event_type IN ('JournalEntryCreated', 'JournalEntryPosted') AND ${NOT_REFUSED}
  GROUP BY aggregate_id
)
ARRAY JOIN items AS item, arrayEnumerate(items) AS number
ORDER BY journal_id, line`

/** Rows of stockSql: products that stock is kept of. Decimal text; value in the base currency. */
export interface StockRow {
  readonly product_id: string
  readonly sku: string
  readonly product_name: string
  readonly category: string
  readonly unit: string
  readonly quantity: string
  readonly value: string
  /** Null where nothing is there. */
  readonly unit_cost: string | null
  readonly reorder_level: string | null
  readonly last_moved_on: string | null
}

/** Stock as of a day, not ordered. */
export const stockSql = `
SELECT product_id, sku, product_name, category, unit, toString(on_hand) AS quantity, toString(stock_value) AS value,
  toString(unit_cost) AS unit_cost, toString(reorder_level) AS reorder_level, toString(last_moved_on) AS last_moved_on
FROM (${stockOf(PARAMETERS)}) AS stock`

/** Rows of stockPlacesSql. */
export interface StockPlaceRow {
  readonly product_id: string
  readonly warehouse: string
  readonly batch: string
  readonly quantity: string
}

/** Units by warehouse and batch; besides tenant and asOf takes {ids:Array(String)}, the products. */
export const stockPlacesSql = `
SELECT product_id, toString(place) AS warehouse, batch_name AS batch, toString(units) AS quantity
FROM (${stockPlacesOf(PARAMETERS)}) AS places
WHERE places.product_id IN {ids:Array(String)}
ORDER BY places.product_id, places.place, places.batch_name`

/** Events that carry the lines of a document, and those that carry its instalments: an approval of an invoice has no lines. */
const WITH_PARTS = {
  bill: { lines: `'BillReceived', 'BillApproved'`, instalments: `'BillReceived', 'BillApproved'` },
  invoice: { lines: `'InvoiceCreated'`, instalments: `'InvoiceCreated', 'InvoiceApproved'` },
  'credit-note': { lines: `'CreditNoteIssued'`, instalments: `'CreditNoteIssued'` },
} as const

export type EntityWithLines = keyof typeof WITH_PARTS

/** Lines and instalments of documents as JSON texts out of their newest payload that has them; takes {ids:Array(String)} instead of asOf. */
export const documentLinesSql = (entity: EntityWithLines): string => {
  const { lines, instalments } = WITH_PARTS[entity]
  return `
SELECT aggregate_id AS id,
  JSONExtractRaw(argMaxIf(payload, _position, event_type IN (${lines})), 'lines') AS lines_json,
  JSONExtractRaw(argMax(payload, _position), 'instalments') AS instalments_json
FROM finance.event_log
WHERE tenant_id = {tenant:String} AND entity = '${entity}' AND aggregate_id IN {ids:Array(String)}
  AND event_type IN (${instalments}) AND ${NOT_REFUSED}
GROUP BY aggregate_id`
}

/** Net amounts of the lines of invoices and credit notes with their products, out of the payload that has lines; `ids` is a query of ids. */
export const soldLinesSql = (ids: string): string => `
SELECT if(entity = 'credit-note', 'credit-note', 'invoice') AS entity_name, aggregate_id AS id,
  JSONExtract(argMax(payload, _position), 'lines', 'Array(Tuple(productId Nullable(String), netAmount String))') AS items
FROM finance.event_log
WHERE tenant_id = {tenant:String} AND entity IN ('invoice', 'credit-note')
  AND event_type IN ('InvoiceCreated', 'CreditNoteIssued') AND aggregate_id IN (${ids}) AND ${NOT_REFUSED}
GROUP BY entity_name, aggregate_id`
