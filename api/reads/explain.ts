/**
 * Where a KPI comes from: the documents whose amounts sum to each of its inputs. Follows the table of effective dates
 * over the views of ClickHouse; shares no sum with the figures that it explains, so that "sum of the rows = input" says
 * something.
 *
 * E1  a document moves an input on its own day; a cancelling or reversal is a row of its own, with the opposite sign.
 *     A credit note takes back revenue: it is a row below zero beside the invoices.
 *     What the ledger says is the sum of journal lines, each on its entry date, signed by the input.
 * E2  amounts are in the base currency, at the rate of the document, rounded as everywhere.
 */
import { minorDigits } from '../../schemas/values/amount.ts'
import { LEDGER_INPUTS, type LedgerInput } from '../../schemas/rules/ledger-inputs.ts'
import { ledgerMovesSql, openItemsSql, openPartsSql, unappliedSql } from '../../sinks/clickhouse/contract.ts'

export const SOURCES = [
  'invoices',
  'paidInvoices',
  'payments',
  'expenses',
  'openReceivables',
  'openParts',
  'journalLines',
] as const
export type Source = (typeof SOURCES)[number]

/** What an input is the sum of. `net` = without VAT, `gross` = with it. */
export interface Origin {
  readonly source: Source
  readonly column?: 'net' | 'gross'
  /** Of journalLines: the figures that lines are summed by, and the side that is above zero. */
  readonly ledger?: Pick<LedgerInput, 'of' | 'side'>
  /** Of openParts: days overdue, from and to. */
  readonly age?: readonly [from: number, to: number]
  /** Days that the rows are of: the window, the window before it, or a balance at the end of a day. */
  readonly over: 'window' | 'previous' | 'opening' | 'closing'
}

const age = (from: number, to: number): Origin => ({ source: 'openParts', over: 'closing', age: [from, to] })
const FAR = 100_000

/** By input name, as schemas/rules/kpis names them; inputs without an entry are counts, or sums of other inputs. */
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
  notDue: age(-FAR, 0),
  overdue1To30: age(1, 30),
  overdue31To60: age(31, 60),
  overdue61To90: age(61, 90),
  overdue91: age(91, FAR),
  ...Object.fromEntries(
    Object.entries(LEDGER_INPUTS).map(([name, { of, side, over }]) => [
      name,
      { source: 'journalLines', over, ledger: { of, side } } satisfies Origin,
    ]),
  ),
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
const CREDIT_ENDS = `greatest(assumeNotNull(cancelled_on), credit_date)`
const EXPENSE_ENDS = `greatest(assumeNotNull(cancelled_on), expense_date)`
const REVERSED_FROM = `greatest(assumeNotNull(reversed_on), payment_date)`
const IN_RANGE = (day: string): string => `${day} >= {from:Date32} AND ${day} <= {to:Date32}`

/** What rows are cut by: a key and its name, as columns of the view that a document is read from. */
export type Slice = readonly [key: string, name: string]
const WHOLE: Slice = [`''`, `''`]

type Part = 'kind' | 'id' | 'number' | 'party' | 'day' | 'amount'
const columns = (parts: Readonly<Record<string, string>>): string =>
  Object.entries(parts)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(', ')
const ROW = ([slice, title]: Slice, parts: Record<Part, string>): string =>
  columns({ ...parts, slice, title, rate: 'fx_rate' })
/** Of a balance or a ledger line: it is not cut. */
const PLAIN_ROW = (parts: Record<Part, string>): string => columns(parts)

const CREDIT_NOTE = { id: 'credit_note_id', number: 'credit_note_number', party: 'customer_name' }

function invoicesSql(column: string, digits: number, cut: Slice): string {
  const amount = base(column, digits)
  const document = { id: 'invoice_id', number: 'invoice_number', party: 'customer_name' }
  return `
  SELECT ${ROW(cut, { kind: `'invoice'`, ...document, day: 'invoice_date', amount })}
  FROM finance.fct_invoices
  WHERE tenant_id = {tenant:String} AND ${APPROVED} AND ${IN_RANGE('invoice_date')}
  UNION ALL
  SELECT ${ROW(cut, { kind: `'invoice_cancelled'`, ...document, day: CANCELLED_FROM, amount: `-${amount}` })}
  FROM finance.fct_invoices
  WHERE tenant_id = {tenant:String} AND ${APPROVED} AND cancelled_on IS NOT NULL AND ${IN_RANGE(CANCELLED_FROM)}
  UNION ALL
  SELECT ${ROW(cut, { kind: `'credit_note'`, ...CREDIT_NOTE, day: 'credit_date', amount: `-${amount}` })}
  FROM finance.fct_credit_notes
  WHERE tenant_id = {tenant:String} AND ${IN_RANGE('credit_date')}
  UNION ALL
  SELECT ${ROW(cut, { kind: `'credit_note_cancelled'`, ...CREDIT_NOTE, day: CREDIT_ENDS, amount })}
  FROM finance.fct_credit_notes
  WHERE tenant_id = {tenant:String} AND cancelled_on IS NOT NULL AND ${IN_RANGE(CREDIT_ENDS)}`
}

/** Invoices of the range that count, and have nothing open, as of {asOf}; less credit notes that are wholly applied. */
const paidInvoicesSql = (digits: number, cut: Slice): string => `
  SELECT ${ROW(cut, {
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
    AND invoice_id NOT IN (SELECT invoice_id FROM (${openItemsSql}))
  UNION ALL
  SELECT ${ROW(cut, { kind: `'credit_note'`, ...CREDIT_NOTE, day: 'credit_date', amount: `-${base('subtotal', digits)}` })}
  FROM finance.fct_credit_notes
  WHERE tenant_id = {tenant:String} AND ${IN_RANGE('credit_date')}
    AND (cancelled_on IS NULL OR ${CREDIT_ENDS} > {asOf:Date32})
    AND credit_note_id NOT IN (SELECT payment_id FROM (${unappliedSql}) WHERE kind = 'credit-note')`

/** The table has a name here: `amount` is also a column of the result. */
function paymentsSql(digits: number, cut: Slice): string {
  const amount = base('p.amount', digits)
  const document = { id: 'payment_id', number: 'payment_number', party: 'customer_name' }
  return `
  SELECT ${ROW(cut, { kind: `'payment'`, ...document, day: 'payment_date', amount })}
  FROM finance.fct_payments AS p
  WHERE tenant_id = {tenant:String} AND status != 'FAILED' AND ${IN_RANGE('payment_date')}
  UNION ALL
  SELECT ${ROW(cut, { kind: `'payment_reversed'`, ...document, day: REVERSED_FROM, amount: `-${amount}` })}
  FROM finance.fct_payments AS p
  WHERE tenant_id = {tenant:String} AND status = 'REVERSED' AND reversed_on IS NOT NULL AND ${IN_RANGE(REVERSED_FROM)}`
}

function expensesSql(digits: number, cut: Slice): string {
  const amount = base('net_amount', digits)
  const document = { id: 'expense_id', number: 'expense_number', party: 'vendor_name' }
  return `
  SELECT ${ROW(cut, { kind: `'expense'`, ...document, day: 'expense_date', amount })}
  FROM finance.fct_expenses
  WHERE tenant_id = {tenant:String} AND approved_on IS NOT NULL AND ${IN_RANGE('expense_date')}
  UNION ALL
  SELECT ${ROW(cut, { kind: `'expense_cancelled'`, ...document, day: EXPENSE_ENDS, amount: `-${amount}` })}
  FROM finance.fct_expenses
  WHERE tenant_id = {tenant:String} AND approved_on IS NOT NULL AND cancelled_on IS NOT NULL
    AND ${IN_RANGE(EXPENSE_ENDS)}`
}

/** Open invoices and, negative, what is not applied of payments and credit notes: the control account at the end of {asOf}. */
const openReceivablesSql = (): string => `
  SELECT 'open_invoice' AS kind, o.invoice_id AS id, o.invoice_number AS number, o.customer_name AS party,
    toDate32(o.invoice_date) AS day, toDecimal128(o.open_base, 4) AS amount
  FROM (${openItemsSql}) AS o
  UNION ALL
  SELECT if(u.kind = 'credit-note', 'unapplied_credit_note', 'unapplied_payment') AS kind, u.payment_id AS id, '' AS number, u.customer_name AS party,
    toDate32(u.payment_date) AS day, -toDecimal128(u.unapplied_base, 4) AS amount
  FROM (${unappliedSql}) AS u`

/** Open parts of invoices by their own due date, so many days overdue at the end of {asOf}. */
const openPartsOfAge = ([from, to]: readonly [number, number]): string => `
  SELECT ${PLAIN_ROW({
    kind: `'open_invoice'`,
    id: 'p.invoice_id',
    number: 'p.invoice_number',
    party: 'p.customer_name',
    day: 'toDate32(p.due_date)',
    amount: 'toDecimal128(p.open_base, 4)',
  })}
  FROM (${openPartsSql}) AS p
  WHERE toInt32({asOf:Date32}) - toInt32(toDate32(p.due_date)) BETWEEN ${from} AND ${to}`

/** Lines of journal entries; the id names the entry and its line. */
function journalLinesSql({ over, ledger }: Origin): string {
  const { of, side } = ledger ?? { of: [], side: 'debit' }
  const days = over === 'window' ? IN_RANGE('entry_date') : 'entry_date <= {asOf:Date32}'
  return `
  SELECT ${PLAIN_ROW({
    kind: `'journal_line'`,
    id: `concat(journal_id, '#', toString(line_number))`,
    number: 'journal_number',
    party: 'toString(account_name)',
    day: 'entry_date',
    amount: side === 'debit' ? 'moves.amount' : '-moves.amount',
  })}
  FROM (${ledgerMovesSql(days)}) AS moves
  WHERE figure IN (${of.map((name) => `'${name}'`).join(', ')})`
}

/** Rows with columns `slice` and `title` of what they are cut by, and `rate`, the rate of the document; balances have none. */
export function rowsSql(origin: Origin, currency: string, cut: Slice = WHOLE): string {
  const digits = minorDigits(currency)
  switch (origin.source) {
    case 'invoices':
      return invoicesSql(origin.column === 'gross' ? 'total' : 'subtotal', digits, cut)
    case 'paidInvoices':
      return paidInvoicesSql(digits, cut)
    case 'payments':
      return paymentsSql(digits, cut)
    case 'expenses':
      return expensesSql(digits, cut)
    case 'openReceivables':
      return openReceivablesSql()
    case 'openParts':
      return openPartsOfAge(origin.age ?? [-FAR, FAR])
    case 'journalLines':
      return journalLinesSql(origin)
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
