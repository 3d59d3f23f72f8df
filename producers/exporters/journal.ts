/**
 * Owns reading a tenant's journal for export, in the order of days and of posting within them.
 * X1: one snapshot: what is posted meanwhile is not in it, so debits = credits in every export. X2: whole entries are
 *     handed on one by one; memory is bounded whatever the ledger holds.
 */
import pg from 'pg'
import { beginAs, clientConfig } from '../event-store/database.ts'
import { csvText, type ExportedLine, hledgerText } from './journal-text.ts'

const FETCH_ROWS = 5_000
export const FORMATS = { hledger: hledgerText, csv: csvText } as const
export type Format = keyof typeof FORMATS

const LINES = `
  declare journal cursor for
  select l.journal_id as "journalId", l.line, to_char(l.entry_date, 'YYYY-MM-DD') as "entryDate",
         e.journal_number as "journalNumber", l.kind, e.description, a.account_code as "accountCode",
         a.account_name as "accountName", a.account_class as "accountClass", l.debit, l.credit, l.currency, l.amount,
         coalesce(l.party_type, '') as "partyType", coalesce(l.party_id, '') as "partyId",
         coalesce(l.source_type, '') as "sourceType", coalesce(l.source_id, '') as "sourceId"
  from finance.journal_lines l
  join finance.journal_entries e on e.tenant_id = l.tenant_id and e.journal_id = l.journal_id
  join finance.chart_of_accounts a on a.tenant_id = l.tenant_id and a.account_id = l.account_id
  order by l.entry_date, l.position, l.line`

export interface ExportSummary {
  readonly entries: number
  readonly lines: number
}

/** Writes the journal; undefined when there is no such tenant. */
export async function exportJournal(
  databaseUrl: string,
  tenant: string,
  format: Format,
  write: (text: string) => Promise<void> | void,
): Promise<ExportSummary | undefined> {
  const config = clientConfig({ url: databaseUrl, applicationName: 'nikash-export' })
  // A reader of the whole ledger may take its time.
  const client = new pg.Client({ ...config, statement_timeout: 0, query_timeout: 0 })
  await client.connect()
  try {
    await client.query(beginAs(tenant))
    const { rows } = await client.query<{ currency: string }>(
      'select currency from finance.tenants where tenant_id = $1',
      [tenant],
    )
    const base = rows[0]?.currency
    if (base === undefined) return undefined
    const text = FORMATS[format]
    await write(text.head(tenant, base))
    await client.query(LINES)
    let entry: ExportedLine[] = []
    const counted = { entries: 0, lines: 0 }
    const flush = async () => {
      if (entry.length === 0) return
      await write(text.entry(entry, base))
      counted.entries++
      entry = []
    }
    for (;;) {
      const fetched = await client.query<ExportedLine>(`fetch ${FETCH_ROWS} from journal`)
      for (const line of fetched.rows) {
        if (entry[0]?.journalId !== line.journalId) await flush()
        entry.push(line)
        counted.lines++
      }
      if (fetched.rows.length < FETCH_ROWS) break
    }
    await flush()
    await client.query('commit')
    return counted
  } finally {
    await client.end()
  }
}
