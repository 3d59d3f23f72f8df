/**
 * Queries that statements and the outlook on cash are made from, for readers; parameters and texts as in ../contract.ts.
 * They sum and list: what it means is said in schemas/rules.
 */
import { PARAMETERS } from '../as-of.ts'
import { openBillsOf, payLagsOf, vendorAdvancesOf } from './cash-items.ts'
import { cashDaysOf, cashLinesOf, statementSumsOf } from './sums.ts'

/** Rows of statementSumsSql: every account. Amounts are debits less credits, base currency, decimal text. */
export interface StatementSumsRow {
  readonly account_id: string
  readonly account_code: string
  readonly account_name: string
  readonly name_bn: string
  readonly account_class: string
  readonly account_subtype: string
  readonly cash_flow: string
  /** Before {from}; then of opening entries, of closing entries and of all others from then up to {asOf}. */
  readonly opening: string
  readonly opened: string
  readonly closed: string
  readonly moved: string
}

/** Sums for the statements; besides tenant and asOf takes {from:Date32}. */
export const statementSumsSql = `
SELECT account_id, account_code, account_name, name_bn, account_class, account_subtype, cash_flow,
  toString(before) AS opening, toString(opened) AS opened, toString(closed) AS closed, toString(moved) AS moved
FROM (${statementSumsOf(PARAMETERS, '{from:Date32}')}) AS sums
ORDER BY sums.account_code, sums.account_id`

/** Rows of cashLinesSql. */
export interface CashLineRow {
  readonly day: string
  readonly account_id: string
  readonly change: string
}

const cashLines = (day: string): string => `
SELECT toString(day) AS day, toString(account_id) AS account_id, toString(change) AS change
FROM (${cashLinesOf(PARAMETERS, '{from:Date32}', day)}) AS lines
ORDER BY lines.day, lines.account_id`

/**
 * What entries that touch cash moved, by account, debits less credits, opening balances left out; besides tenant and asOf
 * takes {from:Date32} and {cash:Array(String)}, the cash accounts.
 */
export const cashLinesSql = cashLines('{from:Date32}')

/**
 * Rows of cashColumnSql and cashPositionSql, of which each part fills its own: `sums` = a row of statementSumsSql; `line` =
 * what one account moved with cash; `day` = cash of one day (`brought_in` by opening balances). Other texts are empty.
 */
export interface CashRow extends StatementSumsRow {
  readonly part: 'sums' | 'line' | 'day'
  readonly day: string
  readonly change: string
  readonly brought_in: string
  readonly cash_in: string
  readonly cash_out: string
}

const ACCOUNT_COLUMNS = [
  'account_id',
  'account_code',
  'account_name',
  'name_bn',
  'account_class',
  'account_subtype',
  'cash_flow',
  'opening',
  'opened',
  'closed',
  'moved',
]
const CASH_COLUMNS = [...ACCOUNT_COLUMNS, 'day', 'change', 'brought_in', 'cash_in', 'cash_out']

const cashPart = (part: CashRow['part'], sql: string, filled: readonly string[]): string => `
  SELECT '${part}' AS part, ${CASH_COLUMNS.map((name) => (filled.includes(name) ? name : `'' AS ${name}`)).join(', ')}
  FROM (${sql}) AS of_${part}`

/** Of two queries the second would see entries that the first did not, and a flow would not be the change of cash. */
const inOneQuery = (parts: readonly string[]): string => `
SELECT * FROM (${parts.join(`
  UNION ALL`)}
) AS parts
ORDER BY parts.part, parts.day, parts.account_code, parts.account_id`

const SUMS_PART = cashPart('sums', statementSumsSql, ACCOUNT_COLUMNS)

/** What a statement of cash flow is made from. Parameters as cashLinesSql. */
export const cashColumnSql = inOneQuery([
  SUMS_PART,
  cashPart('line', cashLinesSql, ['day', 'account_id', 'change']),
])

const cashDaysSql = `
SELECT toString(day) AS day, toString(brought_in) AS brought_in, toString(cash_in) AS cash_in, toString(cash_out) AS cash_out
FROM (${cashDaysOf(PARAMETERS, '{from:Date32}')}) AS days`

/** Cash day by day; days on which none moved have no row. Parameters as cashLinesSql. */
export const cashPositionSql = inOneQuery([
  SUMS_PART,
  cashPart('line', cashLines('posting_date'), ['day', 'account_id', 'change']),
  cashPart('day', cashDaysSql, ['day', 'brought_in', 'cash_in', 'cash_out']),
])

/** Rows of openBillsSql. */
export interface OpenBillRow {
  readonly bill_id: string
  readonly bill_number: string
  readonly vendor_id: string
  readonly vendor_name: string
  readonly currency: string
  readonly bill_date: string
  /** Newest due date; with instalments, that of the last one where `moved` says so. */
  readonly due_date: string
  readonly moved: boolean
  readonly disputed: boolean
  readonly payable: string
  readonly open_amount: string
  readonly open_base: string
  readonly fx_rate: string
  /** [{dueDate, amount}]; empty text or [] = one due date. */
  readonly instalments_json: string
}

/** One row per bill that is open at the end of the day. */
export const openBillsSql = `
SELECT bill_id, bill_number, vendor AS vendor_id, vendor_title AS vendor_name, toString(document_currency) AS currency,
  toString(bill_date) AS bill_date, toString(due) AS due_date, toBool(isNotNull(moved_to)) AS moved, disputed, toString(payable) AS payable,
  toString(open_amount) AS open_amount, toString(open_base) AS open_base, toString(fx_rate) AS fx_rate, instalments_json
FROM (${openBillsOf(PARAMETERS)}) AS bills
ORDER BY bills.due, bills.bill_id`

/** Advances to vendors, base currency: {vendor_id, advance}. */
export const vendorAdvancesSql = `
SELECT vendor AS vendor_id, toString(advance) AS advance FROM (${vendorAdvancesOf(PARAMETERS)}) AS advances
ORDER BY advances.vendor`

/** How many settled invoices each customer paid how many days late (below zero: early). */
export interface PayLagRow {
  readonly customer_id: string
  readonly days_late: number
  readonly invoices: number
}

export const payLagsSql = `
SELECT customer AS customer_id, toInt32(days_late) AS days_late, toUInt32(invoices) AS invoices
FROM (${payLagsOf(PARAMETERS)}) AS lags
ORDER BY lags.customer, lags.days_late`
