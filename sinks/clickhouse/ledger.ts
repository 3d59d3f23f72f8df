/**
 * The general ledger as of a day, in SQL over the raw events. Owns what a balance is.
 * L1: the ledger is the lines of posted entries, each on its entry date; drafts are not in it, reversed entries are (the
 * entry that reverses one takes it back). L2: a balance is debit - credit for ASSET and EXPENSE, credit - debit for all
 * else. L3: every account of the chart has a row, with 0 where nothing was posted; an account that only lines name has
 * one too, by the name it had there.
 */
import type { Scope } from './as-of.ts'

/** L1. Condition on rows of event_log. */
export const POSTED = `entity = 'journal-entry' AND event_type = 'JournalEntryPosted'`

/** L2, over expressions. */
export const balanceOf = (accountClass: string, debit: string, credit: string): string =>
  `if(${accountClass} IN ('ASSET', 'EXPENSE'), ${debit} - ${credit}, ${credit} - ${debit})`

const CHARTED = `event_type IN ('AccountCreated', 'AccountUpdated')`
const ZERO = 'toDecimal128(0, 4)'

/** What an account is called: (in the chart, since, code, name, class, subtype). */
const named = (rank: number, parts: string): string => `(${rank}, _position, ${parts})`

const chartSql = (s: Scope): string => `
    SELECT ${s.key}aggregate_id AS id,
      argMaxIf(${named(1, 'document_number, name, toString(account_class), toString(account_subtype)')}, _position, ${CHARTED}) AS account,
      argMax(is_active, _position) AS active,
      ${ZERO} AS opening_debit, ${ZERO} AS opening_credit, ${ZERO} AS debited, ${ZERO} AS credited
    FROM finance.event_log
    WHERE ${s.rows} AND entity = 'account'
    GROUP BY ${s.key}aggregate_id
    HAVING countIf(${CHARTED}) > 0`

const linesSql = (s: Scope, from: string): string => `
    SELECT ${s.key}line_account AS id,
      argMax(${named(0, 'toString(line_code), toString(line_name), toString(line_class), toString(line_subtype)')}, _position) AS account,
      true AS active,
      sumIf(toDecimal128(debit, 4), posting_date < ${from}) AS opening_debit,
      sumIf(toDecimal128(credit, 4), posting_date < ${from}) AS opening_credit,
      sumIf(toDecimal128(debit, 4), posting_date >= ${from}) AS debited,
      sumIf(toDecimal128(credit, 4), posting_date >= ${from}) AS credited
    FROM finance.event_log
    ARRAY JOIN line_account_ids AS line_account, line_account_codes AS line_code, line_account_names AS line_name,
      line_account_classes AS line_class, line_account_subtypes AS line_subtype, line_debits AS debit, line_credits AS credit
    WHERE ${s.rows} AND ${POSTED} AND posting_date <= ${s.asOf}
    GROUP BY ${s.key}line_account`

/** One row per account (L3): what it stood at before `from`, and what was posted from then up to the day. */
export const accountsOf = (s: Scope, from: string): string => `${s.with}
SELECT ${s.key}id AS account_id, max(account) AS title, title.3 AS account_code, title.4 AS account_name,
  title.5 AS account_class, title.6 AS account_subtype, min(active) AS is_active,
  ${balanceOf('account_class', 'sum(opening_debit)', 'sum(opening_credit)')} AS opening,
  sum(debited) AS total_debit, sum(credited) AS total_credit,
  opening + ${balanceOf('account_class', 'total_debit', 'total_credit')} AS balance
FROM (${chartSql(s)}
    UNION ALL${linesSql(s, from)}
)
GROUP BY ${s.key}id`

/** Earlier than any day: nothing is opening. */
export const EVER = `toDate32('1900-01-01')`

/**
 * One row per posted line up to the day, with what its account stood at after it (L2, by the class of the line). Lines of a
 * day are in the order in which they were posted. Sorts all lines of all accounts: for a page of one, see ledgerKeysOf.
 */
export const ledgerLinesOf = (s: Scope): string => `${s.with}
SELECT ${s.key}line_account, line_code, line_name, line_class, posting_date AS entry_date, aggregate_id AS journal_id,
  document_number AS journal_number, line, kind, description AS entry_description, memo, party_type, party_id,
  source_type, source_id, debit, credit,
  if(line_class IN ('ASSET', 'EXPENSE'), running, -running) AS balance,
  sum(toDecimal128(debit - credit, 4)) OVER account AS running
FROM finance.event_log
ARRAY JOIN line_account_ids AS line_account, line_account_codes AS line_code, line_account_names AS line_name,
  line_account_classes AS line_class, line_debits AS debit, line_credits AS credit, line_memos AS memo,
  line_party_types AS party_type, line_party_ids AS party_id, arrayEnumerate(line_account_ids) AS line
WHERE ${s.rows} AND ${POSTED} AND posting_date <= ${s.asOf}
WINDOW account AS (PARTITION BY ${s.key}line_account ORDER BY posting_date, _position, line ROWS UNBOUNDED PRECEDING)`

/** Condition on an entry and on its line: of the account that is asked for; empty = of any. Entries without it aren't taken apart. */
const OF_ACCOUNT = `({account:String} = '' OR has(line_account_ids, {account:String}) AND line_account = {account:String})`

/** Where the posted lines of a range stand, by account, day and order of posting: little is read for it, so a page is soon found. */
export const ledgerKeysOf = (s: Scope): string => `${s.with}
SELECT ${s.key}line_account AS account_id, posting_date AS entry_date, _position AS position, line, aggregate_id AS journal_id
FROM finance.event_log
ARRAY JOIN line_account_ids AS line_account, arrayEnumerate(line_account_ids) AS line
WHERE ${s.rows} AND ${POSTED} AND posting_date >= {from:Date32} AND posting_date <= ${s.asOf} AND ${OF_ACCOUNT}`

/** Sums of an account up to a line, that one included. */
export const ledgerUpToOf = (s: Scope): string => `${s.with}
SELECT sum(toDecimal128(debit, 4)) AS debits, sum(toDecimal128(credit, 4)) AS credits
FROM finance.event_log
ARRAY JOIN line_account_ids AS line_account, line_debits AS debit, line_credits AS credit,
  arrayEnumerate(line_account_ids) AS line
WHERE ${s.rows} AND ${POSTED} AND ${OF_ACCOUNT}
  AND (posting_date, _position, line) <= ({day:Date32}, {position:UInt64}, {line:UInt32})`
