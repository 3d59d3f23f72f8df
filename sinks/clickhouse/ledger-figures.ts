/**
 * Figures of the general ledger by day in SQL over fct_journal_lines: the second opinion to the fold of the processors. Only
 * the tables of schemas/rules/ledger-groups.ts are shared (which account is in which group); how lines become figures is
 * said here again (its G2-G4), and sums are the database's. Takes {tenant:String}.
 */
import {
  CLASS_GROUPS,
  DEBT_GROUPS,
  GROUP_ACTIVITIES,
  type LedgerFigure,
  PROFIT_GROUPS,
  SUBTYPE_GROUPS,
  UNKNOWN_GROUP,
} from '../../schemas/rules/ledger-groups.ts'

const quoted = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ')

/** `value` looked up in a table; `other` where it is not there. */
function lookup(value: string, table: Readonly<Record<string, string>>, other: string): string {
  return `transform(${value}, [${quoted(Object.keys(table))}], [${quoted(Object.values(table))}], ${other})`
}

/** By class and subtype; a line without a class goes by its subtype alone. */
const BY_SUBTYPE = Object.fromEntries(
  Object.entries(SUBTYPE_GROUPS).flatMap(([accountClass, groups]) =>
    Object.entries(groups).flatMap(([subtype, group]) => [
      [`${accountClass}|${subtype}`, group],
      [`|${subtype}`, group],
    ]),
  ),
)

const GROUP = lookup(
  `concat(toString(account_class), '|', toString(account_subtype))`,
  BY_SUBTYPE,
  `if(cash_flow = 'CASH' AND account_class IN ('ASSET', ''), 'cash',
    ${lookup('toString(account_class)', CLASS_GROUPS, `'${UNKNOWN_GROUP}'`)})`,
)

const ACTIVITY = `multiIf(kind = 'OPENING', 'financing', cash_flow IN ('OPERATING', 'INVESTING', 'FINANCING'),
    lower(toString(cash_flow)), ${lookup('grp', GROUP_ACTIVITIES, `'operating'`)})`

/**
 * One row per line and figure that it moves, with the amount: a line of an entry with cash moves a balance and a flow. Days
 * are chosen by `days`, a condition on entry_date.
 */
export const ledgerMovesSql = (days: string): string => {
  const where = `tenant_id = {tenant:String} AND ${days}`
  return `
  SELECT entry_date, journal_id, journal_number, line_number, account_name, move.1 AS figure, move.2 AS amount
  FROM (
    SELECT entry_date, journal_id, journal_number, line_number, account_name, toString(kind) AS kind, cash_flow, ${GROUP} AS grp,
      toDecimal128(debit, 4) AS debited, toDecimal128(credit, 4) AS credited, debited - credited AS change,
      event_id IN (SELECT event_id FROM finance.fct_journal_lines WHERE ${where} AND ${GROUP} = 'cash') AS paid
    FROM finance.fct_journal_lines
    WHERE ${where}
  )
  ARRAY JOIN [
    (if(kind = 'CLOSING' AND grp IN (${quoted(PROFIT_GROUPS)}), 'equity', grp), change),
    (if(paid AND grp != 'cash', ${ACTIVITY}, ''), -change),
    (if(NOT paid AND grp = 'payables' AND kind != 'OPENING', 'purchases', ''), -change),
    (if(paid AND grp IN (${quoted(DEBT_GROUPS)}) AND kind != 'OPENING', 'principal', ''),
      if(kind = 'REVERSAL', -credited, debited))
  ] AS move
  WHERE figure != '' AND amount != 0`
}

/** Rows of ledgerDaysSql: parallel arrays, amounts as decimal text. */
export interface LedgerDayRow {
  readonly day: string
  readonly figures: readonly LedgerFigure[]
  readonly amounts: readonly string[]
}

/** Movements of the ledger by day, up to and including {asOf:Date32}. */
export const ledgerDaysSql = `
SELECT toString(entry_date) AS day, sums.1 AS figures, arrayMap(x -> toString(x), sums.2) AS amounts
FROM (
  SELECT entry_date, sumMap([figure], [amount]) AS sums
  FROM (${ledgerMovesSql('entry_date <= {asOf:Date32}')})
  GROUP BY entry_date
)
ORDER BY entry_date`
