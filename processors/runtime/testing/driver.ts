/**
 * Runs topologies on one partition without a broker, on the engine's own task, cut, checkpoint and restore code.
 *
 *   const driver = new TestDriver({ topologies: [aging] })
 *   driver.pipe({ type: 'InvoiceCreated', data }, { timestamp: Date.UTC(2026, 0, 5) })   // append time, optional
 *   driver.tick(Date.UTC(2026, 0, 6))          // log time moves; timers fire
 *   driver.results().get('acme|kpi|')          // { type, data } decoded; a tombstone is absent
 *   driver.history(), driver.alerts(), driver.dlq(), driver.late(), driver.emitted(topic)
 *   driver.state(STORE, key)                   // a value in a store, now
 *   driver.digest()                            // of all state: equal = byte-equal
 *
 * Reading outputs cuts and commits first when there is work (`cut()` does it by hand; option autoCut: false leaves it
 * to you). Without a `timestamp` a record is appended at the clock: start, then the newest timestamp or tick.
 * Values that handlers put in stores are frozen, so a handler that changes one in place throws (P3).
 *
 * Failures: `crashAt(step)` makes the next cut die there (steps of README.md) and restarts; `restart()` dies now: what
 * was not cut is folded again from the log. `checkpoint()` writes one with the next cut (the first cut always does);
 * `failAfterWrites(n)` makes the write after the next n throw inside its handler. `singlePass()` gives a new driver that
 * folded the same records with one cut at the end: compare its digest(), results() and history() with this one's.
 * `stopTenant(id)` and `rebuildTenant(id)` append the events of an operator; `rebuild()` does what a worker does beside
 * the fold: carries out the rebuilds that were asked for, at this place.
 * `pipeBytes(key, bytes)` appends anything. `new TestDriver({..., partition, partitions})` for records of other partitions.
 */
import { createHash } from 'node:crypto'
import type { InputRecord, OutputRecord } from '../../../platform/kafka/port.ts'
import { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../../schemas/codec/memory-registry.ts'
import type { FinanceEvent, FinanceResult } from '../../../schemas/generated/records.ts'
import { BROADCAST_KEY, DLQ_HEADERS, TOPICS } from '../../../schemas/topics.ts'
import { Checkpointer } from '../checkpoint.ts'
import { CheckpointImage, type Loaded } from '../restore-image.ts'
import { COMMIT_STEPS, type CommitStep } from '../steps.ts'
import type { Cut } from '../cut.ts'
import { FIRST_EPOCH, Task } from '../task.ts'
import { nothingPublished, seeLetter, seeResult } from '../tenants/published.ts'
import { shadowTask } from '../tenants/shadow-task.ts'
import { type RuntimeTopics, runtimeTopics } from '../topics.ts'
import type { StoreSpec, Topology } from '../topology.ts'

/** Encodes and decodes without a registry: ids are the same in every process, so any codec opened alike agrees. */
export const TEST_CODEC = await RecordCodec.open(new MemoryRegistry())

export interface DriverOptions {
  readonly topologies: readonly Topology[]
  readonly codec?: RecordCodec
  readonly partition?: number
  readonly partitions?: number
  readonly startMs?: number
  readonly autoCut?: boolean
  readonly idHorizonMs?: number
  readonly topics?: Partial<RuntimeTopics>
}

export interface OutRecord {
  readonly topic: string
  readonly partition: number | undefined
  readonly key: string
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

export interface DeadLetter extends OutRecord {
  readonly code: string
  readonly message: string
  readonly offset: number
}

/** What is on the history topic. */
type HistoryRecord = Extract<FinanceResult, { readonly type: 'KpiResult' | 'AgingResult' }>

export interface DecodedHistory {
  readonly key: string
  readonly type: HistoryRecord['type']
  readonly data: HistoryRecord['data']
}

const GROUP = 'driver'
const START_MS = Date.UTC(2026, 0, 1)

export class TestDriver {
  readonly codec: RecordCodec
  readonly topics: RuntimeTopics
  readonly #options: DriverOptions
  /** The input topic. */
  readonly log: InputRecord[] = []
  readonly #out: OutRecord[] = []
  #checkpoints: OutRecord[] = []
  #task!: Task
  #checkpointer!: Checkpointer
  #committed = -1
  #nowMs: number
  #crash: CommitStep | undefined
  #wantCheckpoint = false
  #writesLeft = Number.POSITIVE_INFINITY
  #started = false
  #orders = 0

  constructor(options: DriverOptions) {
    this.#options = options
    this.codec = options.codec ?? TEST_CODEC
    this.topics = runtimeTopics(options.topics)
    this.#nowMs = options.startMs ?? START_MS
    this.#restore()
  }

  /** Appends an event and folds it. */
  pipe(event: FinanceEvent, options: { readonly timestamp?: number; readonly key?: string } = {}): void {
    const bytes = this.codec.encode(event.type, event.data as never)
    this.pipeBytes(options.key ?? event.data.tenantId, bytes, options)
  }

  pipeBytes(
    key: string | null,
    value: Buffer | null,
    options: { readonly timestamp?: number; readonly headers?: Readonly<Record<string, Buffer>> } = {},
  ): void {
    if (options.timestamp !== undefined) this.#nowMs = options.timestamp
    const record: InputRecord = {
      topic: this.topics.events,
      partition: this.#options.partition ?? 0,
      offset: this.log.length,
      timestamp: this.#nowMs,
      key: key === null ? null : Buffer.from(key),
      value,
      headers: options.headers ?? {},
    }
    this.log.push(record)
    this.#task.fold(record)
  }

  /** A tick for `instant`, appended then (or at `timestamp`). */
  tick(instant: number, options: { readonly timestamp?: number } = {}): void {
    const data: Extract<FinanceEvent, { type: 'Tick' }>['data'] = {
      eventId: `tick-${instant}`,
      tenantId: BROADCAST_KEY,
      aggregateType: 'clock',
      aggregateId: 'clock',
      aggregateVersion: null,
      schemaVersion: 1,
      occurredAt: instant,
      recordedAt: instant,
      actor: 'service:clock',
      correlationId: null,
      causationId: null,
      instant,
    }
    this.pipe({ type: 'Tick', data }, { timestamp: options.timestamp ?? Math.max(instant, this.#nowMs) })
  }

  get logTime(): number {
    return this.#task.logTime
  }

  state<V>(spec: StoreSpec<V>, key: string): V | undefined {
    return this.#task.state.stores.get(spec.name)?.get(key) as V | undefined
  }

  /** Every entry of a store, sorted by key. */
  entries<V>(spec: StoreSpec<V>): ReadonlyMap<string, V> {
    const all = [...(this.#task.state.stores.get(spec.name)?.entries() ?? [])] as [string, V][]
    return new Map(all.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The newest committed value of each result, decoded. */
  results(): ReadonlyMap<string, FinanceResult> {
    const results = new Map<string, FinanceResult>()
    for (const [key, value] of this.rawResults()) results.set(key, this.#decode(value))
    return results
  }

  rawResults(): ReadonlyMap<string, Buffer> {
    const results = new Map<string, Buffer>()
    for (const { key, value } of this.emitted(this.topics.results)) {
      if (value === null) results.delete(key)
      else results.set(key, value)
    }
    return results
  }

  history(): readonly DecodedHistory[] {
    return this.emitted(TOPICS.history).map(({ key, value }) => {
      const { type, data } = this.#decode(value as Buffer) as HistoryRecord
      return { key, type, data }
    })
  }

  /** What is on the topic of alerts, in order. */
  alerts(): readonly FinanceResult[] {
    return this.emitted(TOPICS.alerts).map(({ value }) => this.#decode(value as Buffer))
  }

  dlq(): readonly DeadLetter[] {
    return this.emitted(this.topics.eventsDlq).map((record) => ({
      ...record,
      code: record.headers[DLQ_HEADERS.code] ?? '',
      message: record.headers[DLQ_HEADERS.message] ?? '',
      offset: Number(record.headers[DLQ_HEADERS.offset]),
    }))
  }

  late(): readonly OutRecord[] {
    return this.emitted(this.topics.late)
  }

  /** Committed records of a topic, in order. */
  emitted(topic: string): readonly OutRecord[] {
    if (this.#options.autoCut ?? true) this.cut()
    return this.#out.filter((record) => record.topic === topic)
  }

  #decode(value: Buffer): FinanceResult {
    const decoded = this.codec.decode(value)
    if (!decoded.ok) throw new Error(`an output does not decode: ${decoded.code}: ${decoded.message}`)
    return { type: decoded.type, data: decoded.data } as FinanceResult
  }

  /** Cuts and commits when there is work. */
  cut(): void {
    if (!this.#task.hasWork && !this.#wantCheckpoint && this.#crash === undefined) return
    const cut = this.#task.cut()
    if (this.#wantCheckpoint || this.#checkpointer.last === undefined) {
      this.#checkpointer.begin()
      this.#checkpointer.encode()
      this.#wantCheckpoint = false
    }
    const crash = this.#crash
    this.#crash = undefined
    if (crash !== undefined && COMMIT_STEPS.indexOf(crash) < COMMIT_STEPS.indexOf('committed')) {
      this.#restore()
      return
    }
    this.#commit(cut)
    if (crash === undefined) this.#checkpointer.confirmed()
    else this.#restore()
  }

  #commit(cut: Cut): void {
    const checkpoints = [
      ...this.#checkpointer.refusals(cut.refused),
      ...(this.#checkpointer.part?.records ?? []),
    ]
    for (const record of [...cut.once, ...cut.results]) this.#out.push(outRecord(record))
    for (const record of checkpoints) this.#checkpoints.push(outRecord(record))
    this.#committed = cut.offset
  }

  /** An operator's event; each has a version of the tenant's aggregate unless told. */
  stopTenant(tenantId: string, reason = 'test', version?: number | null): void {
    this.pipe({ type: 'TenantProcessingStopped', data: this.#operators(tenantId, reason, version) })
  }

  rebuildTenant(tenantId: string, reason = '', version?: number | null): void {
    this.pipe({ type: 'TenantRebuildRequested', data: this.#operators(tenantId, reason, version) })
  }

  #operators(tenantId: string, reason: string, version: number | null = ++this.#orders) {
    return {
      eventId: `order-${tenantId}-${version ?? ++this.#orders}`,
      tenantId,
      aggregateType: 'tenant',
      aggregateId: tenantId,
      aggregateVersion: version,
      schemaVersion: 1,
      occurredAt: this.#nowMs,
      recordedAt: this.#nowMs,
      actor: 'user:operator',
      correlationId: null,
      causationId: null,
      reason,
    }
  }

  /** Carries out the rebuilds that were asked for. What they change goes out with the next cut. Gives their tenants. */
  rebuild(): readonly string[] {
    this.cut()
    const done: string[] = []
    for (const [tenant, record] of this.#task.tenants.held()) {
      if (record.mode !== 'rebuilding' || this.#committed <= (record.requested ?? 0)) continue
      const published = nothingPublished()
      for (const { topic, partition, key, value, headers } of this.#out) {
        const bytes = { key: Buffer.from(key), value, partition: partition ?? 0 }
        if (topic === this.topics.results) seeResult(published, tenant, bytes)
        if (topic === this.topics.eventsDlq)
          seeLetter(published, this.topics.events, {
            ...bytes,
            headers: Object.fromEntries(
              Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]),
            ),
          })
      }
      this.#started = false
      const shadow = shadowTask(this.#taskOptions(), this.#task, tenant, record, published)
      for (const one of this.log.slice(0, this.#task.offset)) shadow.fold(one)
      Array.from(this.#task.replace(shadow))
      this.#task.adopt(shadow, published.results)
      this.#started = true
      this.#wantCheckpoint = true
      done.push(tenant)
    }
    return done
  }

  /** A checkpoint goes with the next cut. */
  checkpoint(): void {
    this.#wantCheckpoint = true
    this.cut()
  }

  /** Dies now and starts again from the last checkpoint; what was not committed is folded again. */
  restart(): void {
    this.#restore()
  }

  /** The next cut dies when this step is done, and the driver starts again. */
  crashAt(step: CommitStep): void {
    this.#crash = step
  }

  /** The write after the next n throws inside its handler. */
  failAfterWrites(n: number): void {
    this.#writesLeft = n
  }

  /** Writes go well again. */
  failNever(): void {
    this.#writesLeft = Number.POSITIVE_INFINITY
  }

  readonly #guard = (value: unknown): void => {
    if (this.#started && --this.#writesLeft < 0) throw new Error('a write was made to fail')
    deepFreeze(value)
  }

  #taskOptions() {
    const { topologies, partition = 0, partitions = 1, idHorizonMs } = this.#options
    return {
      topologies,
      // Schemas come from memory: an id that is not there will never be.
      codec: {
        decodeEvent: (bytes: Buffer | null) => this.codec.decodeEvent(bytes),
        wants: () => undefined,
        prepare: () => Promise.resolve(false),
      },
      topics: this.topics,
      partition,
      partitions,
      idHorizonMs,
      guard: this.#guard,
    }
  }

  #restore(): void {
    const { topologies } = this.#options
    this.#started = false
    this.#task = new Task(this.#taskOptions())
    const image = new CheckpointImage(GROUP)
    for (const { key, value } of this.#checkpoints) image.apply(key, value)
    const { manifest } = image
    const loaded: Loaded | undefined = manifest && image.load(this.#task, topologies, manifest, 'driver')
    const options = {
      group: GROUP,
      topic: this.topics.checkpoints,
      topologies,
      topicId: 'driver',
      transactionalId: 'driver',
    }
    this.#checkpointer = new Checkpointer(this.#task, options, { ...loaded, offset: manifest?.offset })
    this.#task.replaying(true)
    for (const record of this.log.slice(this.#task.offset, Math.max(0, this.#committed)))
      this.#task.fold(record)
    this.#task.replaying(false)
    for (const record of this.log.slice(this.#task.offset)) this.#task.fold(record)
    this.#started = true
  }

  /** Hash of all state and of the place in the log. */
  digest(): string {
    const hash = createHash('sha256').update(JSON.stringify(this.#task.place))
    for (const [store, bytes] of this.#task.state.canonical())
      hash.update(`${store}|${bytes.length}|`).update(bytes)
    return hash.digest('hex')
  }

  /** A new driver that folded this one's log with one cut at the end. */
  singlePass(): TestDriver {
    const other = new TestDriver(this.#options)
    for (const record of this.log) {
      other.log.push(record)
      other.#task.fold(record)
    }
    other.cut()
    return other
  }

  get epoch(): number {
    return this.#task.place.epoch ?? FIRST_EPOCH
  }
}

function outRecord(record: OutputRecord): OutRecord {
  const headers = Object.entries(record.headers ?? {}).map(([name, value]) => [name, String(value)])
  return {
    topic: record.topic,
    partition: record.partition,
    key: String(record.key),
    value: record.value,
    headers: Object.fromEntries(headers) as Record<string, string>,
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value))
    return
  Object.freeze(value)
  for (const field of Object.values(value)) deepFreeze(field)
}
