/**
 * What the ledger says of a tenant's accounts: the events as the command service stored them, the lines that it wrote
 * beside them, and ClickHouse. Owns the moment: all are read while both sides have equally many posted entries.
 */
import type pg from 'pg'
import type { Opinion } from './opinions.ts'
import type { ReconcileParts } from './told.ts'
import { accountSumsSql, type AccountSumsRow, entryCountSql } from './sql.ts'

const EVENT_LINES = `
select line->>'accountId' as account_id, sum((line->>'debit')::numeric)::text as debit,
  sum((line->>'credit')::numeric)::text as credit
from finance.event_store e, jsonb_array_elements(e.event_data->'lines') as line
where e.tenant_id = $1 and e.event_type = 'JournalEntryPosted'
group by 1`
const LINES = `
select account_id, sum(debit)::text as debit, sum(credit)::text as credit
from finance.journal_lines where tenant_id = $1 group by 1`
const ENTRIES = `
select count(*)::int as entries from finance.event_store where tenant_id = $1 and event_type = 'JournalEntryPosted'`

/** What is said of the accounts with equally many entries on both sides, or why that is not so yet. */
export type LedgerTold =
  | { readonly entries: number; readonly opinions: readonly Opinion[] }
  | { readonly reason: string }

/** One look. No entries of ours = nothing is said. */
export async function ledgerAt(
  { database, clickhouse }: Pick<ReconcileParts, 'database' | 'clickhouse'>,
  tenantId: string,
): Promise<LedgerTold> {
  if (database === undefined) return { entries: 0, opinions: [] }
  const entriesThere = async (): Promise<number> =>
    (await clickhouse.query<{ readonly entries: number }>(entryCountSql, { tenant: tenantId }))[0]?.entries ??
    0
  const before = await entriesThere()
  const books = await inBooks(database, tenantId)
  const sums = await clickhouse.query<AccountSumsRow>(accountSumsSql, { tenant: tenantId })
  // A tenant whose entries all come from other services has no books of ours to compare with.
  if (books.entries === 0) return { entries: 0, opinions: [] }
  if (before !== books.entries || (await entriesThere()) !== before)
    return { reason: `the ledger has ${books.entries} entries in Postgres, ${before} in ClickHouse` }
  return {
    entries: books.entries,
    opinions: [
      { store: 'event_store', figures: accountFigures(books.events) },
      { store: 'journal_lines', figures: accountFigures(books.lines) },
      { store: 'clickhouse', figures: accountFigures(sums) },
    ],
  }
}

function accountFigures(rows: readonly AccountSumsRow[]): Map<string, string> {
  const figures = new Map<string, string>()
  for (const { account_id: id, debit, credit } of rows) {
    figures.set(`account ${id} debit`, debit)
    figures.set(`account ${id} credit`, credit)
  }
  return figures
}

/** The books at one instant. */
async function inBooks(database: pg.Pool, tenantId: string) {
  const client = await database.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    await client.query(`select set_config('app.current_tenant', $1, true)`, [tenantId])
    const [count] = (await client.query<{ entries: number }>(ENTRIES, [tenantId])).rows
    const events = (await client.query<AccountSumsRow>(EVENT_LINES, [tenantId])).rows
    const lines = (await client.query<AccountSumsRow>(LINES, [tenantId])).rows
    return { entries: count?.entries ?? 0, events, lines }
  } finally {
    await client.query('rollback').catch(() => undefined)
    client.release()
  }
}
