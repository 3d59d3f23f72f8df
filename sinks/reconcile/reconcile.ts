/**
 * Whether the stores agree on a tenant's figures, to the poisha. Owns the moment at which they are compared. Refuses:
 * mending anything, and calling a store wrong that is only behind.
 *
 * R1: one place in the log. The results of the stream and the values of Redis say at which offset of the log they were
 *     made (revision) and for which day; ClickHouse computes the same day from the facts up to that offset. Nothing that
 *     moves these figures lies between the older and the newer of a tenant's revisions, else both would be newer.
 * R2: stores that are not at one place yet (Redis behind the stream, facts behind the revision, another day) are looked
 *     at again, `tries` times. What is not at one place then is `unsettled`: behind, not wrong.
 * R3: the ledger is compared account by account when both sides have equally many posted entries: the events as the
 *     command service stored them, the lines that it wrote beside them, and ClickHouse.
 * R4: the control account: buckets + unapplied = total, for the tenant and each party, and parties sum to the tenant.
 */
import type { Redis } from 'ioredis'
import type pg from 'pg'
import type { Admin } from '../../platform/kafka/port.ts'
import type { AgingResult, KpiResult } from '../../schemas/generated/records.ts'
import { formatDecimal, parseDecimal, SCALE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { WINDOWS } from '../../schemas/rules/windows.ts'
import type { Store } from '../clickhouse/client.ts'
import { keysOf, parseAging, parseKpiWindow } from '../redis/contract.ts'
import {
  agingOfResult,
  agingOfValue,
  BALANCE,
  BUCKETS,
  putAging,
  putKpis,
  putWindow,
  type Side,
  SIDES,
  SUMMED,
} from './figures.ts'
import { compareOpinions, type Mismatch, type Opinion } from './opinions.ts'
import type { ResultsTable, TenantResults } from './results-table.ts'
import {
  accountSumsSql,
  type AccountSumsRow,
  agingAtSql,
  type AgingRow,
  entryCountSql,
  fromOf,
  windowSumsSql,
  type WindowSumsRow,
} from './sql.ts'

export interface Verdict {
  readonly tenantId: string
  /** Day and offset that were compared; null while unsettled. */
  readonly asOf: string | null
  readonly revision: number | null
  readonly figures: number
  readonly mismatches: readonly Mismatch[]
  /** R4, in words. */
  readonly broken: readonly string[]
  /** R2: why nothing, or not everything, could be compared. */
  readonly unsettled: readonly string[]
}

export interface ReconcileParts {
  readonly results: ResultsTable
  readonly redis: Redis
  readonly clickhouse: Store
  /** Read-only; absent = the ledger is not compared. */
  readonly database?: pg.Pool
  readonly admin: Admin
  readonly eventsTopic: string
  readonly partitions: number
  /** Group that writes the facts. */
  readonly factsGroup?: string
  readonly tries?: number
  readonly pauseMs?: number
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Figures of one store, or why they can't be compared yet. */
type Told = { readonly figures: Map<string, string> } | { readonly reason: string }

interface Place {
  readonly asOf: string
  readonly revision: number
  readonly kpi: KpiResult
  readonly aging: Readonly<Record<Side, ReadonlyMap<string, AgingResult>>>
}

export async function reconcileTenant(parts: ReconcileParts, tenantId: string): Promise<Verdict> {
  const { tries = 20, pauseMs = 500 } = parts
  let verdict = await figuresOf(parts, tenantId)
  // A store that was read between two steps of another looks wrong: only what stays is a finding.
  for (let i = 1; i < tries && !isFine(verdict); i++) {
    await pause(pauseMs)
    const again = await figuresOf(parts, tenantId)
    if (isWrong(verdict) && isWrong(again) && again.revision === verdict.revision) {
      verdict = again
      break
    }
    verdict = again
  }
  const ledger = await ledgerOf(parts, tenantId, tries, pauseMs)
  return {
    ...verdict,
    figures: verdict.figures + ledger.figures,
    mismatches: [...verdict.mismatches, ...ledger.mismatches],
    unsettled: [...verdict.unsettled, ...ledger.unsettled],
  }
}

const isWrong = (verdict: Verdict): boolean => verdict.mismatches.length > 0 || verdict.broken.length > 0
const isFine = (verdict: Verdict): boolean => !isWrong(verdict) && verdict.unsettled.length === 0

async function figuresOf(parts: ReconcileParts, tenantId: string): Promise<Verdict> {
  const unsettled = (reason: string): Verdict => ({
    tenantId,
    asOf: null,
    revision: null,
    figures: 0,
    mismatches: [],
    broken: [],
    unsettled: [reason],
  })
  const partition = partitionOf(tenantId, parts.partitions)
  const redis = await redisValues(parts.redis, tenantId)
  await parts.results.look(partition)
  const place = placeOf(await parts.results.of(tenantId))
  if (place === undefined) return unsettled('the stream has no results, or of two days')
  const fromRedis = toldByRedis(redis, place)
  if ('reason' in fromRedis) return unsettled(fromRedis.reason)
  const [facts] = await parts.admin.committed(parts.factsGroup ?? 'nikash-sink-facts', parts.eventsTopic, [
    partition,
  ])
  if ((facts?.offset ?? -1) <= place.revision)
    return unsettled(`facts are in ClickHouse up to ${facts?.offset ?? -1}, results are of ${place.revision}`)
  const opinions: Opinion[] = [
    { store: 'stream', figures: toldByStream(place) },
    { store: 'redis', figures: fromRedis.figures },
    { store: 'clickhouse', figures: await toldByClickHouse(parts.clickhouse, tenantId, place) },
  ]
  return {
    tenantId,
    asOf: place.asOf,
    revision: place.revision,
    figures: new Set(opinions.flatMap(({ figures }) => [...figures.keys()])).size,
    mismatches: compareOpinions(opinions),
    broken: opinions.flatMap(({ store, figures }) => brokenIn(figures).map((what) => `${store}: ${what}`)),
    unsettled: [],
  }
}

/** R1. A side of which nothing ever was has no results. */
function placeOf({ kpi, aging }: TenantResults): Place | undefined {
  if (kpi === undefined || !aging.receivables.has('')) return undefined
  const totals = SIDES.map((side) => aging[side].get('')).filter((total) => total !== undefined)
  if (totals.some(({ asOf, epoch }) => asOf !== kpi.asOf || epoch !== kpi.epoch)) return undefined
  const revision = Math.max(kpi.revision, ...totals.map((total) => total.revision))
  return { asOf: formatDay(kpi.asOf), revision, kpi, aging }
}

function toldByStream({ kpi, aging }: Place): Map<string, string> {
  const figures = new Map<string, string>()
  for (const side of SIDES)
    for (const [partyId, result] of aging[side]) putAging(figures, side, partyId, agingOfResult(result))
  putKpis(figures, kpi)
  return figures
}

interface RedisValues {
  readonly aging: Readonly<Record<Side, ReturnType<typeof parseAging>>>
  readonly windows: readonly (readonly [string, ReturnType<typeof parseKpiWindow>])[]
}

/** All of a tenant's values at one instant. */
async function redisValues(redis: Redis, tenantId: string): Promise<RedisValues> {
  const keys = keysOf(tenantId)
  const multi = redis.multi().hgetall(keys.aging).hgetall(keys.payables)
  for (const window of WINDOWS) multi.hgetall(keys.kpi(window))
  const replies = ((await multi.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error
    return reply as Record<string, string>
  })
  return {
    aging: { receivables: parseAging(replies[0] ?? {}), payables: parseAging(replies[1] ?? {}) },
    windows: WINDOWS.map((window, i) => [window, parseKpiWindow(replies[i + 2] ?? {})] as const),
  }
}

/** R2. */
function toldByRedis({ aging, windows }: RedisValues, place: Place): Told {
  const figures = new Map<string, string>()
  for (const side of SIDES) {
    const there = aging[side]
    const total = place.aging[side].get('')
    if (there?.total.revision !== total?.revision || there?.total.epoch !== total?.epoch) {
      const [inRedis, inStream] = [there?.total.revision ?? 'none', total?.revision ?? 'none']
      return { reason: `Redis has ${side} of ${inRedis}, the stream of ${inStream}` }
    }
    if (there === null) continue
    putAging(figures, side, '', agingOfValue(there.total))
    for (const [partyId, value] of there.customers) putAging(figures, side, partyId, agingOfValue(value))
  }
  for (const [window, values] of windows) {
    if (values === null || values.meta.revision !== place.kpi.revision)
      return {
        reason: `Redis has ${window} of ${values?.meta.revision ?? 'none'}, the stream of ${place.kpi.revision}`,
      }
    putWindow(figures, window, values)
  }
  return { figures }
}

async function toldByClickHouse(store: Store, tenantId: string, place: Place): Promise<Map<string, string>> {
  const { asOf, revision, kpi } = place
  const figures = new Map<string, string>()
  const at = { tenant: tenantId, asOf, revision }
  for (const side of SIDES) {
    const rows = await store.query<AgingRow>(agingAtSql(side), at)
    for (const row of rows) putAging(figures, side, row.customer_id, { ...row, openItems: row.open_items })
    putAging(figures, side, '', sumOf(rows))
  }
  const froms = kpi.windows.map(({ window, fromDate }) => [fromOf(window), formatDay(fromDate)])
  const [sums] = await store.query<WindowSumsRow>(windowSumsSql, { ...at, ...Object.fromEntries(froms) })
  WINDOWS.forEach((window, w) => {
    Object.keys(SUMMED).forEach((name, i) => figures.set(`${name} ${window}`, sums?.sums[w]?.[i] ?? '0'))
    figures.set(`${BALANCE} ${window}`, sums?.receivables ?? '0')
  })
  return figures
}

const sumText = (texts: readonly string[]): string =>
  formatDecimal(
    texts.reduce((sum, text) => sum + parseDecimal(text), 0n),
    SCALE,
  )

function sumOf(rows: readonly AgingRow[]) {
  const bucket = (of: (row: AgingRow) => readonly string[]) =>
    BUCKETS.map((_, i) => sumText(rows.map((row) => of(row)[i] ?? '0')))
  return {
    due: bucket((row) => row.due),
    posting: bucket((row) => row.posting),
    unapplied: sumText(rows.map((row) => row.unapplied)),
    disputed: sumText(rows.map((row) => row.disputed)),
    total: sumText(rows.map((row) => row.total)),
    openItems: rows.reduce((sum, row) => sum + row.open_items, 0),
  }
}

/** R4. */
function brokenIn(figures: ReadonlyMap<string, string>): string[] {
  const broken: string[] = []
  const of = (name: string): bigint => parseDecimal(figures.get(name) ?? '0')
  for (const side of SIDES) {
    const parties: string[] = []
    for (const name of figures.keys()) {
      if (!name.startsWith(side) || !name.endsWith(' total')) continue
      const whose = name.slice(0, -' total'.length)
      if (whose !== side) parties.push(whose)
      for (const basis of ['due', 'posting']) {
        const buckets = BUCKETS.map((bucket) => of(`${whose} ${basis} ${bucket}`))
        const sum = buckets.reduce((all, amount) => all + amount, of(`${whose} unapplied`))
        if (sum === of(name)) continue
        const said = `${formatDecimal(sum, 2)}, the total is ${figures.get(name)}`
        broken.push(`buckets by ${basis} + unapplied of ${whose} are ${said}`)
      }
    }
    const sum = parties.reduce((all, whose) => all + of(`${whose} total`), 0n)
    if (sum !== of(`${side} total`))
      broken.push(
        `parties of ${side} sum to ${formatDecimal(sum, 2)}, the total is ${figures.get(`${side} total`)}`,
      )
  }
  return broken
}

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

interface LedgerVerdict {
  readonly figures: number
  readonly mismatches: readonly Mismatch[]
  readonly unsettled: readonly string[]
}

/** R3. */
async function ledgerOf(
  { database, clickhouse }: ReconcileParts,
  tenantId: string,
  tries: number,
  pauseMs: number,
): Promise<LedgerVerdict> {
  if (database === undefined) return { figures: 0, mismatches: [], unsettled: [] }
  const entriesThere = async (): Promise<number> =>
    (await clickhouse.query<{ readonly entries: number }>(entryCountSql, { tenant: tenantId }))[0]?.entries ??
    0
  let reason = ''
  for (let i = 0; i < tries; i++) {
    if (i > 0) await pause(pauseMs)
    const before = await entriesThere()
    const books = await inBooks(database, tenantId)
    const sums = await clickhouse.query<AccountSumsRow>(accountSumsSql, { tenant: tenantId })
    // A tenant whose entries all come from other services has no books of ours to compare with.
    if (books.entries === 0) return { figures: 0, mismatches: [], unsettled: [] }
    if (before !== books.entries || (await entriesThere()) !== before) {
      reason = `the ledger has ${books.entries} entries in Postgres, ${before} in ClickHouse`
      continue
    }
    const opinions: Opinion[] = [
      { store: 'event_store', figures: accountFigures(books.events) },
      { store: 'journal_lines', figures: accountFigures(books.lines) },
      { store: 'clickhouse', figures: accountFigures(sums) },
    ]
    const figures = new Set(opinions.flatMap((opinion) => [...opinion.figures.keys()])).size
    return { figures, mismatches: compareOpinions(opinions), unsettled: [] }
  }
  return { figures: 0, mismatches: [], unsettled: [reason] }
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
