/**
 * What is in Redis, for the sink that writes it and for everybody who reads it: the one key builder, the JSON in the
 * fields, the entries of the feed. Refuses: knowing how values are written (writer.ts).
 * R1: all keys of a tenant share one slot (literal braces), so that one script or one MULTI sees them whole.
 * R2: a value is replaced only by one of a higher (epoch, revision). R3: each channel's sequence has no gaps; `seq` and
 * values change in one step, so a snapshot read in one MULTI with `seq` plus the feed entries after it is whole.
 * R4: `seq.epoch` is random and made with the key: another epoch = the sequence began anew, read a snapshot.
 * R5: cache entries are written by the API alone (api/reads/answers.ts) and each expires; no sink reads or writes them.
 * Amounts are decimal text, days YYYY-MM-DD, instants milliseconds UTC.
 */
import { createHash } from 'node:crypto'

export const CHANNELS = ['kpi', 'aging', 'alerts'] as const
export type Channel = (typeof CHANNELS)[number]

/** Entries that the feed keeps, about. */
export const FEED_MAX_ENTRIES = 1000

/** Answers that are kept, by what they are about, and for how many seconds at most. */
export const CACHE_SECONDS = { dashboard: 300, report: 3_600, balance: 60, master: 300 } as const
export type CacheKind = keyof typeof CACHE_SECONDS

/** A name that is longer is written as its digest. */
const CACHE_NAME_CHARS_MAX = 160

export interface TenantKeys {
  /** Hash: one field per measure, and META_FIELD. */
  kpi(window: string): string
  /** Hash: fields TOTAL_FIELD and `customer:ID`. */
  readonly aging: string
  /** Hash: fields TOTAL_FIELD and `vendor:ID`. */
  readonly payables: string
  /** Hash: one field per live alert, its id. */
  readonly alerts: string
  /** Hash: `epoch`, and one field per channel: the last sequence number. */
  readonly seq: string
  /** Stream: fields channel, seq, epoch, data. */
  readonly feed: string
  /** String: run id of the server for which the tenant's values are whole. Another value, or none: being rebuilt. */
  readonly sync: string
  /** Hash of the writer: epoch:revision:offset of what was taken away, by field of the aging hashes, or `alert:ID`. Not for readers. */
  readonly fence: string
  /** String: a stamp of what the answer was made of, a line feed, the answer as JSON (R5). E.g. `cache:dashboard:FROM:TO`. */
  cache(kind: CacheKind, parts: readonly string[]): string
}

const prefixOf = (tenantId: string): string => `n:{${tenantId}}`

export const keysOf = (tenantId: string): TenantKeys => keysUnder(prefixOf(tenantId))

/** Where a rebuild writes a tenant's values before they take the place of the live ones, in the same slot. Not for readers. */
export const shadowKeysOf = (tenantId: string): TenantKeys => keysUnder(`${prefixOf(tenantId)}:anew`)

function keysUnder(prefix: string): TenantKeys {
  return {
    kpi: (window) => `${prefix}:kpi:${window}`,
    aging: `${prefix}:aging:receivables`,
    payables: `${prefix}:aging:payables`,
    alerts: `${prefix}:alerts`,
    seq: `${prefix}:seq`,
    feed: `${prefix}:feed`,
    sync: `${prefix}:sync`,
    fence: `${prefix}:fence`,
    cache: (kind, parts) => `${prefix}:cache:${kind}:${cacheName(parts)}`,
  }
}

/** Parts are told apart whatever is in them. */
function cacheName(parts: readonly string[]): string {
  const name = parts.map(encodeURIComponent).join(':')
  return name.length <= CACHE_NAME_CHARS_MAX
    ? name
    : `sha256:${createHash('sha256').update(name).digest('base64url')}`
}

/** Hash: `offset` (next to read), `runId`, `topicId`. Written by the sink after all of a batch. */
export const positionKey = (topic: string, partition: number): string => `n:pos:${topic}-${partition}`

/** As positionKey, of a rebuild that is under way. */
export const shadowPositionKey = (topic: string, partition: number): string =>
  `n:anew:pos:${topic}-${partition}`
/** Set: tenants that a rebuild that is under way has values of, by partition. */
export const shadowTenantsKey = (topic: string, partition: number): string =>
  `n:anew:tenants:${topic}-${partition}`
/** String: `fill` or `switch`. */
export const SHADOW_PHASE_KEY = 'n:anew:phase'

export const META_FIELD = '_meta'
export const TOTAL_FIELD = 'total'
export const customerField = (customerId: string): string => `customer:${customerId}`
export const vendorField = (vendorId: string): string => `vendor:${vendorId}`
/** Customer id of an aging field, or of payables the vendor id; null for the total. */
export const customerOf = (field: string): string | null =>
  /^(?:customer|vendor):(.*)$/s.exec(field)?.[1] ?? null

/** Value of a measure's field. */
export interface KpiValue {
  readonly value: string | null
  readonly unit: string
  readonly reason?: string
  readonly previous?: string
  readonly change?: string
  readonly inputs: Readonly<Record<string, string>>
  readonly lastYear?: string
  readonly changeLastYear?: string
  readonly epoch: number
  readonly revision: number
}

/** Value of META_FIELD. */
export interface KpiMeta {
  readonly tenantId: string
  readonly asOf: string
  readonly from: string
  readonly to: string
  readonly partial: boolean
  readonly currency: string
  readonly logTime: number
  readonly epoch: number
  readonly revision: number
}

/** Value of a field of an aging hash; buckets in the order current, 1-30, 31-60, 61-90, 90+. */
export interface AgingValue {
  readonly asOf: string
  readonly currency: string
  readonly customerName?: string
  /** In its place, of payables. */
  readonly vendorName?: string
  readonly due: readonly string[]
  readonly posting: readonly string[]
  readonly unapplied: string
  readonly disputed: string
  readonly total: string
  readonly openItems: number
  readonly logTime: number
  /** Offset of the record in finance.results.v1. */
  readonly offset: number
  readonly epoch: number
  readonly revision: number
}

/** Value of a field of the hash of alerts. */
export interface AlertValue {
  readonly ruleId: string
  readonly subject: string
  readonly severity: string
  readonly category: string
  readonly impact: string
  readonly measure: string
  readonly window: string
  /** Decimal text. */
  readonly value: string
  readonly threshold: string
  readonly currency: string
  readonly message: string
  readonly recommendation: string
  readonly inputs: Readonly<Record<string, string>>
  readonly asOf: string
  readonly raisedAt: number
  /** OPEN, ACKNOWLEDGED or ESCALATED: others are gone. */
  readonly state: string
  readonly actor: string
  readonly note: string
  readonly escalatedTo: string
  readonly movedAt: number | null
  readonly logTime: number
  /** Offset of the record in finance.results.v1. */
  readonly offset: number
  readonly epoch: number
  readonly revision: number
}

/** `data` on channel kpi: per window its meta and the measures that changed. */
export interface KpiDelta {
  readonly windows: Readonly<
    Record<string, { readonly meta: KpiMeta; readonly measures: Readonly<Record<string, KpiValue>> }>
  >
}

/** `data` on channel aging: the fields of receivables, and of payables, that changed; null = gone. */
export interface AgingDelta {
  readonly slices: Readonly<Record<string, AgingValue | null>>
  /** Absent = none changed. */
  readonly payables?: Readonly<Record<string, AgingValue | null>>
}

/** `data` on channel alerts: the alerts that changed, by id; null = over. */
export interface AlertsDelta {
  readonly alerts: Readonly<Record<string, AlertValue | null>>
}

/** `data` in place of a delta that would be too large for the feed: read a snapshot. */
export interface ResetDelta {
  readonly reset: true
}

/** A delta above this many bytes is replaced by ResetDelta. */
export const DELTA_MAX_BYTES = 256 * 1024

export type FeedEntry =
  | {
      readonly channel: 'kpi'
      readonly seq: number
      readonly epoch: string
      readonly data: KpiDelta | ResetDelta
    }
  | {
      readonly channel: 'aging'
      readonly seq: number
      readonly epoch: string
      readonly data: AgingDelta | ResetDelta
    }
  | {
      readonly channel: 'alerts'
      readonly seq: number
      readonly epoch: string
      readonly data: AlertsDelta | ResetDelta
    }

export const isReset = (data: FeedEntry['data']): data is ResetDelta => 'reset' in data

export interface KpiWindowValues {
  readonly meta: KpiMeta
  readonly measures: Readonly<Record<string, KpiValue>>
}

/** HGETALL of `kpi(window)` -> values; null when there is nothing yet. */
export function parseKpiWindow(hash: Readonly<Record<string, string>>): KpiWindowValues | null {
  const meta = hash[META_FIELD]
  if (meta === undefined) return null
  const measures: Record<string, KpiValue> = {}
  for (const [field, json] of Object.entries(hash)) {
    if (field !== META_FIELD) measures[field] = JSON.parse(json) as KpiValue
  }
  return { meta: JSON.parse(meta) as KpiMeta, measures }
}

export interface AgingValues {
  readonly total: AgingValue
  /** By customer id; of payables by vendor id. */
  readonly customers: ReadonlyMap<string, AgingValue>
}

/** HGETALL of `aging` or `payables` -> values; null when there is nothing yet. */
export function parseAging(hash: Readonly<Record<string, string>>): AgingValues | null {
  const total = hash[TOTAL_FIELD]
  if (total === undefined) return null
  const customers = new Map<string, AgingValue>()
  for (const [field, json] of Object.entries(hash)) {
    const id = customerOf(field)
    if (id !== null) customers.set(id, JSON.parse(json) as AgingValue)
  }
  return { total: JSON.parse(total) as AgingValue, customers }
}

/** HGETALL of `alerts` -> live alerts by id. */
export const parseAlerts = (hash: Readonly<Record<string, string>>): Readonly<Record<string, AlertValue>> =>
  Object.fromEntries(Object.entries(hash).map(([id, json]) => [id, JSON.parse(json) as AlertValue]))

export interface Sequences {
  readonly epoch: string
  readonly last: Readonly<Record<Channel, number>>
}

/** HGETALL of `seq`; null when there is nothing yet. */
export function parseSequences(hash: Readonly<Record<string, string>>): Sequences | null {
  const epoch = hash['epoch']
  if (epoch === undefined) return null
  const lastOf = (channel: Channel): number => Number(hash[channel] ?? 0)
  return { epoch, last: { kpi: lastOf('kpi'), aging: lastOf('aging'), alerts: lastOf('alerts') } }
}

/** Fields of a stream entry, as [name, value, name, value, ...]; null when it is not one of ours. */
export function parseFeedEntry(fields: readonly string[]): FeedEntry | null {
  const by = new Map<string, string>()
  for (let i = 0; i + 1 < fields.length; i += 2) by.set(fields[i] ?? '', fields[i + 1] ?? '')
  const channel = by.get('channel')
  const seq = Number(by.get('seq'))
  const epoch = by.get('epoch')
  const data = by.get('data')
  if (!(CHANNELS as readonly unknown[]).includes(channel) || !Number.isSafeInteger(seq)) return null
  if (epoch === undefined || data === undefined) return null
  return { channel, seq, epoch, data: JSON.parse(data) } as FeedEntry
}

/** Run id in the answer to INFO server. Throws when there is none. */
export function parseRunId(info: string): string {
  const match = /^run_id:([0-9a-f]+)/m.exec(info)
  if (match?.[1] === undefined) throw new Error('Redis answered INFO server without a run_id')
  return match[1]
}
