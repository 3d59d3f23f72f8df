/**
 * Sums for the statements as of a day, in SQL over the raw events, for one tenant: what a statement makes of them is said in
 * schemas/rules/statements. Balances are those of ledger.ts (L1-L3).
 * S1: an entry that reverses an opening or closing entry is one too. S2: all amounts are debits less credits. S3: cash is what
 * stands on the accounts that are named as {cash:Array(String)}.
 */
import type { Scope } from '../as-of.ts'
import { accountsOf, POSTED } from '../ledger.ts'

const CHANGE = 'toDecimal128(debit, 4) - toDecimal128(credit, 4)'
const LINES = `ARRAY JOIN line_account_ids AS line_account, line_debits AS debit, line_credits AS credit`

/** S1. Condition on rows of posted entries. */
const ofKind = (
  s: Scope,
  kind: 'OPENING' | 'CLOSING',
): string => `(kind = '${kind}' OR kind = 'REVERSAL' AND reverses_id IN (
      SELECT aggregate_id FROM finance.event_log WHERE ${s.rows} AND ${POSTED} AND kind = '${kind}'))`

const inRange = (s: Scope, from: string): string =>
  `${s.rows} AND ${POSTED} AND posting_date >= ${from} AND posting_date <= ${s.asOf}`

/** What opening and closing entries of the range moved, by account. */
const specialSql = (s: Scope, from: string): string => `${s.with}
  SELECT line_account AS id, sumIf(${CHANGE}, ${ofKind(s, 'OPENING')}) AS opened,
    sumIf(${CHANGE}, ${ofKind(s, 'CLOSING')}) AS closed
  FROM finance.event_log
  ${LINES}
  WHERE ${inRange(s, from)} AND (${ofKind(s, 'OPENING')} OR ${ofKind(s, 'CLOSING')})
  GROUP BY line_account`

/** One row per account of the chart, and per account that only entries name. */
export const statementSumsOf = (s: Scope, from: string): string => `
SELECT accounts.account_id AS account_id, accounts.account_code AS account_code, accounts.account_name AS account_name,
  chart.name_bn AS name_bn, accounts.account_class AS account_class, accounts.account_subtype AS account_subtype,
  toString(chart.cash_flow) AS cash_flow,
  if(accounts.account_class IN ('ASSET', 'EXPENSE'), accounts.opening, -accounts.opening) AS before,
  special.opened AS opened, special.closed AS closed,
  accounts.total_debit - accounts.total_credit - special.opened - special.closed AS moved
FROM (${accountsOf(s, from)}) AS accounts
LEFT JOIN (
  SELECT account_id, name_bn, cash_flow FROM finance.dim_accounts WHERE tenant_id = {tenant:String}
) AS chart ON chart.account_id = accounts.account_id
LEFT JOIN (${specialSql(s, from)}) AS special ON special.id = accounts.account_id`

/** S3. Condition on rows of posted entries: one that is a flow of cash. */
const movesCash = (s: Scope): string =>
  `hasAny(line_account_ids, {cash:Array(String)}) AND NOT ${ofKind(s, 'OPENING')}`

/** What entries that touch cash moved, by account and day; `day` is an expression over a row. */
export const cashLinesOf = (s: Scope, from: string, day: string): string => `${s.with}
SELECT ${day} AS day, line_account AS account_id, sum(${CHANGE}) AS change
FROM finance.event_log
${LINES}
WHERE ${inRange(s, from)} AND ${movesCash(s)}
GROUP BY day, line_account`

const NET = `arraySum((account, debit, credit) ->
      if(has({cash:Array(String)}, account), ${CHANGE}, toDecimal128(0, 4)), line_account_ids, line_debits, line_credits)`
const ZERO = 'toDecimal128(0, 4)'

/** Cash by day: what entries brought in and took out, each entry by what it does to all cash accounts together. */
export const cashDaysOf = (s: Scope, from: string): string => `${s.with}
SELECT posting_date AS day, sumIf(${NET}, ${ofKind(s, 'OPENING')}) AS brought_in,
  sumIf(if(${NET} > 0, ${NET}, ${ZERO}), NOT ${ofKind(s, 'OPENING')}) AS cash_in,
  sumIf(if(${NET} < 0, -${NET}, ${ZERO}), NOT ${ofKind(s, 'OPENING')}) AS cash_out
FROM finance.event_log
WHERE ${inRange(s, from)} AND hasAny(line_account_ids, {cash:Array(String)})
GROUP BY posting_date`
