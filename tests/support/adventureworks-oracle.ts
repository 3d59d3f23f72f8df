/**
 * The independent opinion on AdventureWorks as books: SQL in PostgreSQL over the raw lines of its files, which are read
 * with a split. Income and expenses are flows of their date, carried to the result; balances are snapshots: a date on
 * which an organisation has assets is a whole one, any other is an adjustment of the last; scenario Actual alone, no
 * statistical accounts. What is there on a day is the last snapshot and the adjustments since: no differences are taken.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import type { Nets } from './hledger.ts'

const RAW = `
  create temp table accounts as
    select a[1] as key, 'AW-' || a[3] as code, a[6] as type from (select string_to_array(line, '|') as a from unnest($1::text[]) as line) t
    where a[6] in ('Assets', 'Liabilities', 'Revenue', 'Expenditures')`
const FACTS = `
  create temp table facts as
    select to_date(a[2], 'YYYYMMDD') as day, a[3] as org, code, type in ('Revenue', 'Expenditures') as flow, type = 'Assets' as asset,
           case when type in ('Assets', 'Expenditures') then 1 else -1 end * a[7]::numeric as net
    from (select string_to_array(line, '|') as a from unnest($1::text[]) as line) t join accounts on key = a[6]
    where a[5] = '1'`
const BALANCES = `
  with dates as (select distinct day from facts),
  flows as (select day, code, round(net, 2) as net from facts where flow),
  results as (select day, 'AW-RESULT' as code, -round(sum(net), 2) as net from facts where flow group by day, org),
  wholes as (select distinct org, day from facts where asset),
  standing as (
    select d.day, f.code, round(f.net, 2) as net
    from dates d
    join (select distinct org from facts) o on true
    cross join lateral (select max(w.day) as last from wholes w where w.org = o.org and w.day <= d.day) s
    join facts f on f.org = o.org and not f.flow and f.day <= d.day and (s.last is null or f.day >= s.last)),
  stated as (
    select d.day, m.code, m.net from dates d join (select * from flows union all select * from results) m on m.day <= d.day
    union all select * from standing),
  sums as (select day, code, sum(net) as net from stated group by day, code)
  select to_char(day, 'YYYY-MM-DD') as day, code, net::numeric(18, 4)::text as net from sums where net <> 0
  union all
  select to_char(day, 'YYYY-MM-DD'), 'AW-ROUNDING', (-sum(net))::numeric(18, 4)::text from sums group by day having sum(net) <> 0`

/** Net amounts of every account that is not at zero, by each date of the file. */
export async function adventureWorksBalances(
  databaseUrl: string,
  folder: string,
): Promise<ReadonlyMap<string, Nets>> {
  const lines = (name: string) => readFileSync(path.join(folder, name), 'utf8').trim().split(/\r?\n/)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(RAW, [lines('aw_DimAccount.csv')])
    await client.query(FACTS, [lines('aw_FactFinance.csv')])
    const { rows } = await client.query<{ day: string; code: string; net: string }>(BALANCES)
    const days = new Map<string, Record<string, string>>()
    for (const { day, code, net } of rows) days.set(day, { ...days.get(day), [code]: net })
    return days
  } finally {
    await client.end()
  }
}
