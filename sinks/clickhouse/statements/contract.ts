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

/** Rows of cashLinesSql and cashLinesByDaySql. */
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
export const cashLinesByDaySql = cashLines('posting_date')

/** Rows of cashColumnSql: `sums` = a row of statementSumsSql, `line` = one of cashLinesSql, of which account_id and change. */
export interface CashColumnRow extends StatementSumsRow {
  readonly part: 'sums' | 'line'
  readonly change: string
}

/**
 * What a statement of cash flow is made from, in one query: of two, the second would see entries that the first did not, and
 * a flow that moved meanwhile would not be the change of cash. Parameters as cashLinesSql.
 */
export const cashColumnSql = `
SELECT * FROM (
  SELECT 'sums' AS part, account_id, account_code, account_name, name_bn, account_class, account_subtype, cash_flow,
    opening, opened, closed, moved, '' AS change
  FROM (${statementSumsSql}) AS of_accounts
  UNION ALL
  SELECT 'line', account_id, '', '', '', '', '', '', '', '', '', '', change
  FROM (${cashLinesSql}) AS of_cash
) AS parts
ORDER BY parts.part, parts.account_code, parts.account_id`

/** Rows of cashDaysSql. */
export interface CashDayRow {
  readonly day: string
  /** By opening balances. */
  readonly brought_in: string
  readonly cash_in: string
  readonly cash_out: string
}

/** Cash by day; parameters as cashLinesSql. Days without cash have no row. */
export const cashDaysSql = `
SELECT toString(day) AS day, toString(brought_in) AS brought_in, toString(cash_in) AS cash_in, toString(cash_out) AS cash_out
FROM (${cashDaysOf(PARAMETERS, '{from:Date32}')}) AS days
ORDER BY days.day`

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
