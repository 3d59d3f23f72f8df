/**
 * Where a KPI comes from: the documents whose amounts sum to each of its inputs. Follows the table of effective dates
 * over the views of ClickHouse; shares no sum with the figures that it explains, so that "sum of the rows = input" says
 * something.
 *
 * E1  a document moves an input on its own day; a cancelling or reversal is a row of its own, with the opposite sign.
 * E2  amounts are in the base currency, at the rate of the document, rounded as everywhere.
 */
import { minorDigits } from '../../schemas/values/amount.ts'
import { openItemsSql, unappliedSql } from '../../sinks/clickhouse/contract.ts'

export type Source = 'invoices' | 'paidInvoices' | 'payments' | 'expenses' | 'openReceivables'

/** What an input is the sum of. `net` = without VAT, `gross` = with it. */
export interface Origin {
  readonly source: Source
  readonly column?: 'net' | 'gross'
  /** Days that the rows are of: the window, the window before it, or a balance at the end of a day. */
  readonly over: 'window' | 'previous' | 'opening' | 'closing'
}

/** By input name, as schemas/rules/kpis.ts names them; inputs without an entry are counts of days or documents. */
export const ORIGINS: Readonly<Record<string, Origin>> = {
  paidInvoices: { source: 'paidInvoices', over: 'window' },
  totalRevenue: { source: 'paidInvoices', over: 'window' },
  invoiced: { source: 'invoices', column: 'net', over: 'window' },
  netRevenue: { source: 'invoices', column: 'net', over: 'window' },
  previousNetRevenue: { source: 'invoices', column: 'net', over: 'previous' },
  sales: { source: 'invoices', column: 'gross', over: 'window' },
  approvedExpenses: { source: 'expenses', over: 'window' },
  totalExpenses: { source: 'expenses', over: 'window' },
  previousTotalExpenses: { source: 'expenses', over: 'previous' },
  receipts: { source: 'payments', over: 'window' },
  openingReceivables: { source: 'openReceivables', over: 'opening' },
  closingReceivables: { source: 'openReceivables', over: 'closing' },
}

export interface SourceRow {
  readonly kind: string
  readonly id: string
  readonly number: string
  readonly party: string
  readonly day: string
  readonly amount: string
}

export interface TotalRow {
  readonly amount: string
  readonly rows: number
}

const base = (amount: string, digits: number): string =>
  `round(toDecimal128(${amount}, 4) * toDecimal128(fx_rate, 8), ${digits})`

/** Invoices that were ever approved: a draft that was cancelled never counted. */
const APPROVED = `invoice_id IN (
    SELECT aggregate_id FROM finance.event_log
    WHERE tenant_id = {tenant:String} AND entity = 'invoice' AND status = 'APPROVED')`

const CANCELLED_FROM = `greatest(assumeNotNull(cancelled_on), invoice_date)`
const REVERSED_FROM = `greatest(assumeNotNull(reversed_on), payment_date)`
const IN_RANGE = (day: string): string => `${day} >= {from:Date32} AND ${day} <= {to:Date32}`

const ROW = (parts: Record<'kind' | 'id' | 'number' | 'party' | 'day' | 'amount', string>): string =>
  Object.entries(parts)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(', ')

function invoicesSql(column: string, digits: number): string {
  const amount = base(column, digits)
  const document = { id: 'invoice_id', number: 'invoice_number', party: 'customer_name' }
  return `
  SELECT ${ROW({ kind: `'invoice'`, ...document, day: 'invoice_date', amount })}
  FROM finance.fct_invoices
  WHERE tenant_id = {tenant:String} AND ${APPROVED} AND ${IN_RANGE('invoice_date')}
  UNION ALL
  SELECT ${ROW({ kind: `'invoice_cancelled'`, ...document, day: CANCELLED_FROM, amount: `-${amount}` })}
  FROM finance.fct_invoices
  WHERE tenant_id = {tenant:String} AND ${APPROVED} AND cancelled_on IS NOT NULL AND ${IN_RANGE(CANCELLED_FROM)}`
}

/** Invoices of the range that count, and have nothing open, as of {asOf}. */
const paidInvoicesSql = (digits: number): string => `
  SELECT ${ROW({
    kind: `'invoice'`,
    id: 'invoice_id',
    number: 'invoice_number',
    party: 'customer_name',
    day: 'invoice_date',
    amount: base('subtotal', digits),
  })}
  FROM finance.fct_invoices
  WHERE tenant_id = {tenant:String} AND ${APPROVED} AND ${IN_RANGE('invoice_date')}
    AND (cancelled_on IS NULL OR ${CANCELLED_FROM} > {asOf:Date32})
    AND invoice_id NOT IN (SELECT invoice_id FROM (${openItemsSql}))`

/** The table has a name here: `amount` is also a column of the result. */
function paymentsSql(digits: number): string {
  const amount = base('p.amount', digits)
  const document = { id: 'payment_id', number: 'payment_number', party: 'customer_name' }
  return `
  SELECT ${ROW({ kind: `'payment'`, ...document, day: 'payment_date', amount })}
  FROM finance.fct_payments AS p
  WHERE tenant_id = {tenant:String} AND status != 'FAILED' AND ${IN_RANGE('payment_date')}
  UNION ALL
  SELECT ${ROW({ kind: `'payment_reversed'`, ...document, day: REVERSED_FROM, amount: `-${amount}` })}
  FROM finance.fct_payments AS p
  WHERE tenant_id = {tenant:String} AND status = 'REVERSED' AND reversed_on IS NOT NULL AND ${IN_RANGE(REVERSED_FROM)}`
}

const expensesSql = (digits: number): string => `
  SELECT ${ROW({
    kind: `'expense'`,
    id: 'expense_id',
    number: 'expense_number',
    party: 'vendor_name',
    day: 'expense_date',
    amount: base('net_amount', digits),
  })}
  FROM finance.fct_expenses
  WHERE tenant_id = {tenant:String} AND status = 'APPROVED' AND ${IN_RANGE('expense_date')}`

/** Open invoices and, negative, money that is not applied: the control account at the end of {asOf}. */
const openReceivablesSql = (): string => `
  SELECT 'open_invoice' AS kind, o.invoice_id AS id, o.invoice_number AS number, o.customer_name AS party,
    toDate32(o.invoice_date) AS day, toDecimal128(o.open_base, 4) AS amount
  FROM (${openItemsSql}) AS o
  UNION ALL
  SELECT 'unapplied_payment' AS kind, u.payment_id AS id, '' AS number, u.customer_name AS party,
    toDate32(u.payment_date) AS day, -toDecimal128(u.unapplied_base, 4) AS amount
  FROM (${unappliedSql}) AS u`

function rowsSql(origin: Origin, currency: string): string {
  const digits = minorDigits(currency)
  switch (origin.source) {
    case 'invoices':
      return invoicesSql(origin.column === 'gross' ? 'total' : 'subtotal', digits)
    case 'paidInvoices':
      return paidInvoicesSql(digits)
    case 'payments':
      return paymentsSql(digits)
    case 'expenses':
      return expensesSql(digits)
    case 'openReceivables':
      return openReceivablesSql()
  }
}

export const totalSql = (origin: Origin, currency: string): string => `
SELECT toString(sum(toDecimal128(amount, 4))) AS amount, toUInt32(count()) AS rows FROM (${rowsSql(origin, currency)})`

/** In one order: by day, id, kind. */
export const pageSql = (origin: Origin, currency: string): string => `
SELECT kind, id, number, party, toString(r.day) AS day, toString(toDecimal128(r.amount, 4)) AS amount
FROM (${rowsSql(origin, currency)}) AS r
WHERE (r.day, r.id, r.kind) > ({afterDay:Date32}, {afterId:String}, {afterKind:String})
ORDER BY r.day, r.id, r.kind
LIMIT {rows:UInt32}`
