/**
 * What stream, Redis and ClickHouse say of a tenant's figures at one place in the log (R1 and R2 of reconcile.ts). Owns
 * that place. Refuses: judging what they say.
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
import type { Opinion } from './opinions.ts'
import type { ResultsTable, TenantResults } from './results-table.ts'
import { agingAtSql, type AgingRow, fromOf, windowSumsSql, type WindowSumsRow } from './sql.ts'

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

/** Figures of one store, or why they can't be compared yet. */
type Told = { readonly figures: Map<string, string> } | { readonly reason: string }

export interface Place {
  readonly asOf: string
  readonly revision: number
  readonly kpi: KpiResult
  readonly aging: Readonly<Record<Side, ReadonlyMap<string, AgingResult>>>
}

/** Opinions of one place, or why there is none yet. */
export type ToldAt =
  | { readonly place: Place; readonly opinions: readonly Opinion[] }
  | { readonly reason: string }

/** One look. */
export async function toldAt(parts: ReconcileParts, tenantId: string): Promise<ToldAt> {
  const partition = partitionOf(tenantId, parts.partitions)
  const redis = await redisValues(parts.redis, tenantId)
  await parts.results.look(partition)
  const place = placeOf(await parts.results.of(tenantId))
  if (place === undefined) return { reason: 'the stream has no results, or of two days' }
  const fromRedis = toldByRedis(redis, place)
  if ('reason' in fromRedis) return fromRedis
  const [facts] = await parts.admin.committed(parts.factsGroup ?? 'nikash-sink-facts', parts.eventsTopic, [
    partition,
  ])
  if ((facts?.offset ?? -1) <= place.revision)
    return {
      reason: `facts are in ClickHouse up to ${facts?.offset ?? -1}, results are of ${place.revision}`,
    }
  return {
    place,
    opinions: [
      { store: 'stream', figures: toldByStream(place) },
      { store: 'redis', figures: fromRedis.figures },
      { store: 'clickhouse', figures: await toldByClickHouse(parts.clickhouse, tenantId, place) },
    ],
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
