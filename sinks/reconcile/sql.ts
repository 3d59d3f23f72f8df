/**
 * What ClickHouse says of a tenant as the log stood at an offset: the same texts as everywhere (as-of.ts), with the rows
 * behind that offset left out. Parameters: tenant, asOf, {revision:UInt64} = the last offset that counts.
 */
import { WINDOWS } from '../../schemas/rules/windows.ts'
import { agingOf, dailyFiguresOf, PARAMETERS, type Scope } from '../clickhouse/as-of.ts'
import { PAYABLES, RECEIVABLES } from '../clickhouse/book-sides.ts'
import { POSTED } from '../clickhouse/ledger.ts'
import { EDGES, type Side, SUMMED } from './figures.ts'

const BOOK_SIDES = { receivables: RECEIVABLES, payables: PAYABLES } as const

const AT_REVISION: Scope = { ...PARAMETERS, rows: `${PARAMETERS.rows} AND _offset <= {revision:UInt64}` }

export interface AgingRow {
  readonly customer_id: string
  readonly due: readonly string[]
  readonly posting: readonly string[]
  readonly unapplied: string
  readonly disputed: string
  readonly total: string
  readonly open_items: number
}

export const agingAtSql = (side: Side): string => `
SELECT customer_id, arrayMap(x -> toString(x), due) AS due, arrayMap(x -> toString(x), posting) AS posting,
  toString(unapplied) AS unapplied, toString(disputed) AS disputed, toString(total) AS total,
  toUInt32(open_items) AS open_items
FROM (${agingOf(AT_REVISION, `[${EDGES.join(', ')}]`, BOOK_SIDES[side])}) AS aging`

export interface WindowSumsRow {
  /** By window, in the order of WINDOWS: sums of its days, in the order of SUMMED. */
  readonly sums: readonly (readonly string[])[]
  /** Balance at the end. */
  readonly receivables: string
}

/** Name of the parameter with the first day of a window. */
export const fromOf = (window: string): string => `from_${window}`

const sumsFrom = (window: string): string =>
  `[${Object.values(SUMMED)
    .map((column) => `toString(sumIf(figures.${column}, figures.day >= {${fromOf(window)}:Date32}))`)
    .join(', ')}]`

/** Besides tenant, asOf and revision takes the first day of each window, by `fromOf`. */
export const windowSumsSql = `
SELECT [${WINDOWS.map(sumsFrom).join(', ')}] AS sums, toString(sum(figures.receivables)) AS receivables
FROM (${dailyFiguresOf(AT_REVISION)}) AS figures`

export interface AccountSumsRow {
  readonly account_id: string
  readonly debit: string
  readonly credit: string
}

/** Debits and credits by account, of all days and up to the newest event; takes the tenant alone. */
export const accountSumsSql = `
SELECT account AS account_id, toString(sum(toDecimal128(line_debit, 4))) AS debit,
  toString(sum(toDecimal128(line_credit, 4))) AS credit
FROM finance.event_log
ARRAY JOIN line_account_ids AS account, line_debits AS line_debit, line_credits AS line_credit
WHERE tenant_id = {tenant:String} AND ${POSTED}
GROUP BY account`

/** How many posted entries there are; takes the tenant alone. */
export const entryCountSql = `
SELECT toUInt32(count()) AS entries FROM finance.event_log WHERE tenant_id = {tenant:String} AND ${POSTED}`
