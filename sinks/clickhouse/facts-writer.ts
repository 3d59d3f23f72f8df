/**
 * Facts: finance.events.v1 -> event_log. Judges each record as the processor does (same accept rules, knowledge from the
 * table instead of from state), so that what it writes is what was folded. Refuses: dead letters of this topic, which
 * are the processor's; here a bad record is counted and skipped.
 * J1: what is known about a record is what the table holds at lower positions plus what came before it in the chunk;
 * so a redone chunk judges as it did at first. J2: a record on a foreign partition is skipped: the processor moves it,
 * and it comes again. J3: a chunk is one insert into one table: all of it is in, or none.
 */
import type { DecodedEvent, RecordCodec } from '../../schemas/codec/event-codec.ts'
import {
  ORDER_FREE,
  aggregateKey,
  idKey,
  isApplied,
  judgeId,
  judgeVersion,
  withVersion,
} from '../../schemas/rules/accept.ts'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { TENANT_ID } from '../../schemas/values/ids.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { RangeWriter } from '../runtime/intents.ts'
import type { Chunk } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import { notRefusedIn } from './as-of.ts'
import { literal, type Row, type Store } from './client.ts'
import { DATABASE } from './contract.ts'
import type { TopicEpochs } from './epochs.ts'
import { entitiesOf, entityOf, factRow } from './facts-mapping.ts'
import type { FactsMemory, Known } from './facts-memory.ts'

const STAGE = 'facts'

export interface FactsOptions {
  readonly store: Store
  readonly codec: RecordCodec
  readonly epochs: TopicEpochs
  readonly partitions: number
  readonly metrics: SinkMetrics
  /** Where the tables are; absent = where readers look. */
  readonly database?: string
  /** Of a writer that goes through the whole partition alone: it need not ask the table. */
  readonly memory?: FactsMemory
}

interface Candidate {
  readonly record: InputRecord
  readonly event: DecodedEvent
}

interface VersionsRow {
  readonly t: string
  readonly k: string
  readonly a: string
  readonly v: readonly number[]
}

interface IdRow {
  readonly t: string
  readonly e: string
}

const KEYS_BYTES_MAX = 160 * 1024

/** Keys as lists with commas, each below a number of bytes (a key alone may be above). */
export function textsOf(keys: Iterable<string>, bytesMax: number): string[] {
  const texts: string[] = []
  let list: string[] = []
  let bytes = 0
  for (const key of keys) {
    const size = Buffer.byteLength(key) + 2
    if (bytes + size > bytesMax && list.length > 0) {
      texts.push(list.join(', '))
      list = []
      bytes = 0
    }
    list.push(key)
    bytes += size
  }
  if (list.length > 0) texts.push(list.join(', '))
  return texts
}

/** Order of an event in the log of its tenant, as the column _position. */
export const positionOf = (epoch: number, offset: number): bigint => (BigInt(epoch) << 48n) | BigInt(offset)

export class FactsWriter implements RangeWriter {
  readonly #options: FactsOptions
  readonly #table: string
  readonly #notRefused: string

  constructor(options: FactsOptions) {
    this.#options = options
    const { database = DATABASE } = options
    this.#table = `${database}.event_log`
    this.#notRefused = notRefusedIn(database)
  }

  async write(chunk: Chunk, announce: () => Promise<void>): Promise<void> {
    const { store, metrics, epochs } = this.#options
    const epoch = await epochs.of(chunk.topic)
    const candidates = await this.#candidates(chunk.records)
    if (candidates.length === 0) return
    const { memory } = this.#options
    const known = memory?.recall() ?? (await this.#known(candidates, positionOf(epoch, chunk.first)))
    const rows = this.#judge(candidates, known, epoch)
    if (rows.length === 0) return
    await announce()
    if (chunk.redo && (await this.#isIn(chunk, epoch))) return
    const { topic, partition, first, last } = chunk
    await store.insert({ table: this.#table, rows, token: `${epoch}:${topic}:${partition}:${first}-${last}` })
    metrics.rows.inc({ stage: STAGE, table: 'event_log' }, rows.length)
  }

  async #candidates(records: readonly InputRecord[]): Promise<Candidate[]> {
    const found: Candidate[] = []
    for (const record of records) {
      const event = await this.#eventOf(record)
      if (typeof event === 'string') this.#options.metrics.dropped.inc({ stage: STAGE, reason: event })
      else found.push({ record, event })
    }
    return found
  }

  /** The event, or why it is none of ours. */
  async #eventOf(record: InputRecord): Promise<DecodedEvent | string> {
    const { codec, partitions } = this.#options
    const isForeign = (key: Buffer | string) =>
      key.toString() !== BROADCAST_KEY && partitionOf(key, partitions) !== record.partition
    if (record.key !== null && isForeign(record.key)) return 'foreign_partition'
    const wanted = codec.wants(record.value)
    if (wanted !== undefined) await codec.prepare(wanted)
    const event = codec.decodeEvent(record.value)
    if (!event.ok) return event.code
    const { tenantId } = event.data
    if (record.key === null ? isForeign(tenantId) : record.key.toString() !== tenantId) return 'key_mismatch'
    if (tenantId === BROADCAST_KEY || entityOf(event.type) === null) return 'broadcast'
    return TENANT_ID.test(tenantId) ? event : 'bad_tenant_id'
  }

  /** J1. */
  #judge(candidates: readonly Candidate[], known: Known, epoch: number): Row[] {
    const rows: Row[] = []
    for (const { record, event } of candidates) {
      const { data } = event
      const version = data.aggregateVersion
      const key = version === null ? idKey(data) : aggregateKey(data)
      // The table forgets no id, so it always knows a duplicate (A5 is for those who forget). What the processor puts
      // aside as `late` because it can't tell any more is written here, and left out of the views by its letter.
      const verdict =
        version === null
          ? judgeId(known.ids.has(key), data.recordedAt, Number.NEGATIVE_INFINITY)
          : judgeVersion(known.versions.get(key), version, ORDER_FREE.has(event.type))
      if (!isApplied(verdict)) {
        this.#options.metrics.dropped.inc({ stage: STAGE, reason: verdict })
        continue
      }
      rows.push(factRow(event, record, epoch))
      // A6: what the processor refused is written, and not known.
      if (this.#options.memory?.isRefused(record.offset)) continue
      if (version === null) known.ids.add(key)
      else known.versions.set(key, withVersion(known.versions.get(key), version))
    }
    return rows
  }

  async #known(candidates: readonly Candidate[], before: bigint): Promise<Known> {
    const aggregates = new Set<string>()
    const ids = new Set<string>()
    for (const { event } of candidates) {
      const { data, type } = event
      if (data.aggregateVersion === null) ids.add(`(${literal(data.tenantId)}, ${literal(data.eventId)})`)
      else {
        const [tenant, id] = [literal(data.tenantId), literal(data.aggregateId)]
        for (const entity of entitiesOf(type)) aggregates.add(`(${tenant}, ${literal(entity)}, ${id})`)
      }
    }
    const known: Known = { versions: new Map(), ids: new Set() }
    const [versions, seen] = await Promise.all([
      this.#versionsBefore(aggregates, before),
      this.#idsBefore(ids, before),
    ])
    for (const row of versions) {
      const key = aggregateKey({ tenantId: row.t, aggregateType: row.k, aggregateId: row.a })
      for (const version of row.v) known.versions.set(key, withVersion(known.versions.get(key), version))
    }
    for (const row of seen) known.ids.add(idKey({ tenantId: row.t, eventId: row.e }))
    return known
  }

  /** What the processor refused is not known to the accept rules. */
  #versionsBefore(aggregates: ReadonlySet<string>, before: bigint): Promise<VersionsRow[]> {
    return this.#lookUp(
      aggregates,
      (keys) => `
SELECT tenant_id AS t, aggregate_type AS k, aggregate_id AS a,
  arrayMap(x -> x.2, arraySort(groupArray((_position, aggregate_version)))) AS v
FROM ${this.#table}
WHERE (tenant_id, entity, aggregate_id) IN (${keys})
  AND _position < ${before} AND aggregate_version > 0 AND ${this.#notRefused}
GROUP BY t, k, a`,
    )
  }

  #idsBefore(ids: ReadonlySet<string>, before: bigint): Promise<IdRow[]> {
    return this.#lookUp(
      ids,
      (keys) => `
SELECT tenant_id AS t, event_id AS e FROM ${this.#table}
WHERE (tenant_id, event_id) IN (${keys}) AND _position < ${before} AND ${this.#notRefused}`,
    )
  }

  /** One query, or as many as keep each text below the limit of servers (max_query_size, 256 KB by default). */
  async #lookUp<R>(keys: ReadonlySet<string>, queryOf: (keys: string) => string): Promise<R[]> {
    const found: R[] = []
    for (const part of textsOf(keys, KEYS_BYTES_MAX)) {
      found.push(...(await this.#options.store.query<R>(queryOf(part))))
    }
    return found
  }

  /** J3: one row of the range there = all of it is. Holds however long ago the insert was. */
  async #isIn(chunk: Chunk, epoch: number): Promise<boolean> {
    const [found] = await this.#options.store.query<{ readonly n: number }>(`
SELECT count() AS n FROM ${this.#table}
WHERE _epoch = ${epoch} AND _partition = ${chunk.partition} AND _offset BETWEEN ${chunk.first} AND ${chunk.last}`)
    return (found?.n ?? 0) > 0
  }
}
