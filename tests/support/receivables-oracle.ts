/**
 * The independent opinion on receivables aging: SQL in PostgreSQL over the raw lines of the source file, for every day
 * of a range at once. Shares no code, no language and no store with the pipeline that it checks; the lines are read
 * with a split, since the sample layout quotes nothing (asserted).
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'

/** Cents by bucket: current, 1-30, 31-60, 61-90, over 90. */
export type Cents = readonly [bigint, bigint, bigint, bigint, bigint]

/** Path of a file of real input, or undefined with the reason to skip. */
export function realInput(name: string): { path?: string; reason: string } {
  const folder = process.env['NIKASH_DATA_DIR'] ?? path.resolve(import.meta.dirname, '../../../shared/data')
  const file = path.join(folder, name)
  return existsSync(file) ? { path: file, reason: '' } : { reason: `${name} is not in NIKASH_DATA_DIR` }
}

const BUCKETS = (anchor: string) => `
  sum(cents) filter (where d - ${anchor} <= 0),
  sum(cents) filter (where d - ${anchor} between 1 and 30),
  sum(cents) filter (where d - ${anchor} between 31 and 60),
  sum(cents) filter (where d - ${anchor} between 61 and 90),
  sum(cents) filter (where d - ${anchor} >= 91)`

/**
 * Aging by day and basis from the text of a file in the IBM sample layout. An invoice is open on day d when it was
 * written on or before d and settled after d or not at all.
 */
export async function agingByDay(
  databaseUrl: string,
  csv: string,
  from: string,
  to: string,
): Promise<Map<string, { due: Cents; posting: Cents }>> {
  if (csv.includes('"')) throw new Error('the oracle reads only files without quotes')
  const [header, ...lines] = csv.split(/\r?\n/).filter((line) => line !== '')
  const names = (header ?? '').split(',')
  const column = (name: string) => lines.map((line) => line.split(',')[names.indexOf(name)] ?? '')
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('create temp table raw_lines (invoiced date, due date, settled date, cents bigint)')
    await client.query(
      `insert into raw_lines
       select to_date(i, 'MM/DD/YYYY'), to_date(u, 'MM/DD/YYYY'), to_date(nullif(s, ''), 'MM/DD/YYYY'), (a::numeric * 100)::bigint
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as t(i, u, s, a)`,
      [column('InvoiceDate'), column('DueDate'), column('SettledDate'), column('InvoiceAmount')],
    )
    const answer = await client.query<string[]>({
      rowMode: 'array',
      text: `select to_char(d, 'YYYY-MM-DD'), ${BUCKETS('due')}, ${BUCKETS('invoiced')}
             from (select generate_series($1::date, $2::date, interval '1 day')::date as d) days
             left join raw_lines on invoiced <= d and (settled is null or settled > d)
             group by d order by d`,
      values: [from, to],
    })
    const cents = (row: string[], at: number) =>
      row.slice(at, at + 5).map((c) => BigInt(c ?? 0)) as unknown as Cents
    return new Map(answer.rows.map((row) => [row[0] ?? '', { due: cents(row, 1), posting: cents(row, 6) }]))
  } finally {
    await client.end()
  }
}
