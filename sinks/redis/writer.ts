/**
 * Current figures: finance.results.v1 -> Redis. One script per tenant per chunk, then the position of the partition.
 * P1: the position is in Redis and moves after all of a chunk's scripts succeeded, and only from where this writer left
 * it; so it vanishes together with the values, and values without a position are never trusted. P2: a position that is
 * missing, of another run of the server, of another topic, or of an unfinished rebuild = the topic is read again from
 * its start. Values are fenced by (epoch, revision), so that changes nothing but what is missing. P3: a tenant is marked
 * whole only when all of the topic up to the position was applied, and its sequence is still the one written.
 */
import { randomBytes } from 'node:crypto'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { Admin, Consumer, InputRecord } from '../../platform/kafka/port.ts'
import type { DeadLetters, Unreadable } from '../runtime/dead-letters.ts'
import type { Chunk, LaneWriter, Opening } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import { DELTA_MAX_BYTES, FEED_MAX_ENTRIES, keysOf, positionKey, type TenantKeys } from './contract.ts'
import { argumentsOf, type Operation, windowsOf } from './mapping.ts'
import { operationOf } from './operations.ts'
import { RedisLost, type RedisServer } from './server.ts'

const STAGE = 'redis'
/** Commits to Kafka only show the lag: P1 is what counts. */
const COMMIT_EVERY_MS = 1_000

export interface RedisLaneOptions {
  readonly server: RedisServer
  readonly codec: RecordCodec
  readonly admin: Admin
  readonly consumer: Consumer
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly letters: DeadLetters
  readonly metrics: SinkMetrics
}

interface Rebuild {
  /** Position at which everything that was there at the start has been applied. */
  readonly until: number
}

/** Operations of a chunk by tenant, the newest of each key, in the order in which keys first came. */
export function groupByTenant(operations: readonly Operation[]): Map<string, Operation[]> {
  const newest = new Map<string, Map<string, Operation>>()
  for (const operation of operations) {
    const key = operation.kind === 'kpi' ? 'kpi' : `${operation.kind}|${operation.field}`
    const of = newest.get(operation.tenantId) ?? new Map<string, Operation>()
    newest.set(operation.tenantId, of)
    const before = of.get(key)
    if (before === undefined || !isOlder(operation, before)) of.set(key, operation)
  }
  return new Map([...newest].map(([tenantId, of]) => [tenantId, [...of.values()]]))
}

/** KEYS and ARGV of apply.lua for one tenant; `sequence` is the epoch that is expected, or empty. */
export function applyCall(
  keys: TenantKeys,
  operations: readonly Operation[],
  sequence: string,
  { feedEntries = FEED_MAX_ENTRIES, deltaBytes = DELTA_MAX_BYTES } = {},
) {
  const fixed = fixedKeys(keys)
  const windows = windowsOf(operations).map((window) => keys.kpi(window))
  return {
    keys: [...fixed, ...windows],
    given: [
      sequence,
      randomBytes(8).toString('hex'),
      String(feedEntries),
      String(deltaBytes),
      ...argumentsOf(operations, fixed.length + 1),
    ],
  }
}

/** By stamp; a tombstone has none and counts by its place in the topic. */
function isOlder(a: Operation, b: Operation): boolean {
  if (a.result === null || b.result === null) return false
  if (a.result.epoch !== b.result.epoch) return a.result.epoch < b.result.epoch
  return a.result.revision < b.result.revision
}

/** KEYS of apply.lua before the windows. */
const fixedKeys = (keys: TenantKeys): string[] => [
  keys.seq,
  keys.feed,
  keys.fence,
  keys.aging,
  keys.payables,
  keys.alerts,
]

export class RedisLane implements LaneWriter {
  readonly #options: RedisLaneOptions
  readonly #key: string
  #runId = ''
  #offset = 0
  #rebuild: Rebuild | undefined
  #busy = false
  #lettersFrom = 0
  #committedAt = 0
  /** Epoch of each tenant's sequence, as far as written by this run. */
  readonly #sequences = new Map<string, string>()
  readonly #whole = new Set<string>()

  constructor(options: RedisLaneOptions) {
    this.#options = options
    this.#key = positionKey(options.topic, options.partition)
  }

  async open(): Promise<Opening> {
    const { server, admin, groupId, topic, partition, metrics } = this.#options
    this.#sequences.clear()
    this.#whole.clear()
    const [[description], [bounds], [committed], runId, position] = await Promise.all([
      admin.describeTopics([topic]),
      admin.bounds(topic, [partition]),
      admin.committed(groupId, topic, [partition]),
      server.runId(),
      server.position(this.#key),
    ])
    if (!description || !bounds) throw new Error(`the broker does not describe ${topic}-${partition}`)
    const { topicId } = description
    const { low, high } = bounds
    this.#runId = runId
    this.#lettersFrom = Math.max(0, committed?.offset ?? 0)
    const usable =
      position?.whole === true &&
      position.runId === runId &&
      position.topicId === topicId &&
      position.offset >= low &&
      position.offset <= high
    if (usable) {
      this.#rebuild = undefined
      this.#offset = position.offset
      return { from: position.offset }
    }
    metrics.rebuilds.inc({ stage: STAGE })
    this.#offset = low
    this.#rebuild = { until: high }
    await server.setPosition(this.#key, { offset: low, runId, topicId, whole: false })
    if (low >= high) await this.#finishRebuild(low)
    return { from: low }
  }

  async write(chunk: Chunk): Promise<void> {
    this.#busy = true
    try {
      const { operations, unreadable } = await this.#read(chunk.records)
      await this.#options.letters.send(unreadable.filter(({ record }) => record.offset >= this.#lettersFrom))
      const tenants = groupByTenant(operations)
      await Promise.all([...tenants].map(([tenantId, list]) => this.#apply(tenantId, list)))
      await this.#advance(chunk.next)
      if (this.#rebuild !== undefined) {
        if (chunk.next >= this.#rebuild.until) await this.#finishRebuild(chunk.next)
      } else await this.#markWhole([...tenants.keys()].filter((id) => !this.#whole.has(id)))
    } finally {
      this.#busy = false
    }
  }

  async idle(next: number): Promise<void> {
    if (this.#rebuild !== undefined && next >= this.#rebuild.until) {
      this.#busy = true
      await this.#finishRebuild(next).finally(() => {
        this.#busy = false
      })
    }
    const now = performance.now()
    if (now - this.#committedAt < COMMIT_EVERY_MS) return
    this.#committedAt = now
    const { consumer, topic, partition } = this.#options
    await consumer.commit([{ topic, partition, offset: next }])
  }

  /** Rejects with RedisLost when Redis was flushed, restarted or replaced while nothing was written. */
  async check(): Promise<void> {
    if (this.#busy || this.#runId === '') return
    const { server } = this.#options
    const offset = this.#offset
    const [runId, position] = await Promise.all([server.runId(), server.position(this.#key)])
    if (this.#busy || offset !== this.#offset) return
    if (runId !== this.#runId || position?.runId !== runId || position.offset !== offset) {
      throw new RedisLost(`Redis no longer holds ${this.#key} at ${offset}`)
    }
  }

  async #read(
    records: readonly InputRecord[],
  ): Promise<{ operations: Operation[]; unreadable: Unreadable[] }> {
    const operations: Operation[] = []
    const unreadable: Unreadable[] = []
    for (const record of records) {
      const read = await operationOf(this.#options.codec, record)
      if ('code' in read) {
        unreadable.push({ record, ...read })
        this.#options.metrics.dropped.inc({ stage: STAGE, reason: read.code })
      } else operations.push(read)
    }
    return { operations, unreadable }
  }

  async #apply(tenantId: string, operations: readonly Operation[]): Promise<void> {
    const { server, metrics } = this.#options
    const { keys, given } = applyCall(keysOf(tenantId), operations, this.#sequences.get(tenantId) ?? '')
    const applied = await server.apply(keys, given)
    if (applied.lost) throw new RedisLost(`the sequence of a tenant on ${this.#key} is not the one written`)
    if (applied.seqEpoch !== '') this.#sequences.set(tenantId, applied.seqEpoch)
    metrics.rows.inc({ stage: STAGE, table: 'values' }, applied.written)
    if (applied.refused > 0) metrics.dropped.inc({ stage: STAGE, reason: 'not_newer' }, applied.refused)
  }

  /** P1. */
  async #advance(next: number): Promise<void> {
    const whole = this.#rebuild === undefined
    const from = { offset: this.#offset, runId: this.#runId }
    const moved = await this.#options.server.advance(this.#key, from, { offset: next, whole })
    if (!moved) throw new RedisLost(`Redis no longer holds ${this.#key} at ${this.#offset}`)
    this.#offset = next
  }

  /** P3. */
  async #finishRebuild(next: number): Promise<void> {
    this.#rebuild = undefined
    await this.#advance(next)
    await this.#markWhole([...this.#sequences.keys()])
  }

  async #markWhole(tenants: readonly string[]): Promise<void> {
    const { server } = this.#options
    await Promise.all(
      tenants.map(async (tenantId) => {
        const seqEpoch = this.#sequences.get(tenantId)
        if (seqEpoch === undefined) return
        if (!(await server.markWhole(keysOf(tenantId), seqEpoch, this.#runId))) {
          throw new RedisLost(`the sequence of a tenant on ${this.#key} is not the one written`)
        }
        this.#whole.add(tenantId)
      }),
    )
  }
}
