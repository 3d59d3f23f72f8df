/**
 * One partition: the deterministic fold of its records (R1), and the cut. Synchronous: no I/O, no clock, no promise.
 * Owns the order of things per record: log time and timers (R10), whose record it is (reroute), decoding, accept rules,
 * handlers under undo (R2). Refuses to judge a record whose schema was not fetched yet: it names the id and changes
 * nothing.
 */
import type { DecodedEvent, DecodeFailure } from '../../schemas/codec/event-codec.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import {
  aggregateKey,
  idKey,
  isApplied,
  judgeId,
  judgeVersion,
  type Verdict,
  withVersion,
} from '../../schemas/rules/accept.ts'
import { BROADCAST_KEY, REROUTED_HEADER } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import type { InputRecord, OutputRecord } from '../../platform/kafka/port.ts'
import { type MutableMeta, type Outbox, TopologyContext } from './context.ts'
import { messageOf, RuntimeError } from './errors.ts'
import { type Cut, renderKeys } from './cut.ts'
import { deadLetter, lateLetter, reroute, timerLetter } from './letters.ts'
import { orderFreeTypes, sameText } from './judging.ts'
import { METRICS, NO_METRICS, type RuntimeMetrics } from './metrics.ts'
import { TaskState } from './state/task-state.ts'
import { Timers } from './timers.ts'
import type { RuntimeTopics } from './topics.ts'
import { RefusedEvent, type Topology } from './topology.ts'

/** What the engine needs of schemas/codec. */
export interface EventCodec {
  decodeEvent(bytes: Buffer | null): DecodedEvent | DecodeFailure
  wants(bytes: Buffer | null): number | undefined
  prepare(schemaId: number): Promise<boolean>
}

export interface TaskOptions {
  readonly topologies: readonly Topology[]
  readonly codec: EventCodec
  readonly topics: RuntimeTopics
  readonly partition: number
  readonly partitions: number
  readonly metrics?: RuntimeMetrics | undefined
  readonly idHorizonMs?: number | undefined
  /** Sees every value that is set in a store. */
  readonly guard?: ((value: unknown) => void) | undefined
}

/** Where a task stands: with its cells, all that a checkpoint holds. */
export interface TaskPlace {
  readonly epoch: number
  /** Next offset to fold. */
  readonly offset: number
  /** Last offset folded; -1 = none. */
  readonly revision: number
  readonly logTime: number
  readonly lastTick: number
  /** A5; null = nothing was forgotten. */
  readonly forgottenBefore: number | null
  readonly nextSegment: number
}

export const TICK_AHEAD_MAX_MS = 60_000
export const FIRST_EPOCH = 1

type Outcome = Verdict | 'refused' | 'rerouted' | 'tick_old'

export class Task {
  readonly partition: number
  readonly state: TaskState
  readonly timers: Timers
  readonly contexts: readonly TopologyContext[]
  readonly #options: TaskOptions
  readonly #metrics: RuntimeMetrics
  readonly #meta: MutableMeta
  readonly #outbox: Outbox = { records: [], muted: false }
  readonly #orderFree: ReadonlySet<string>
  readonly #outcomes = new Map<Outcome, number>()
  #offset = 0
  #revision = -1
  #lastTick = 0
  #refused: number[] = []
  /** Offsets that an earlier run refused (R9). */
  #refusedBefore: ReadonlySet<number> = new Set()
  #records = 0
  #oldestMs = Number.POSITIVE_INFINITY
  #cutOffset = 0

  constructor(options: TaskOptions) {
    this.#options = options
    this.#metrics = options.metrics ?? NO_METRICS
    this.partition = options.partition
    this.state = new TaskState(options.topologies, options)
    this.timers = new Timers(this.state.timers)
    this.#meta = { partition: options.partition, epoch: FIRST_EPOCH, offset: -1, logTime: 0 }
    this.contexts = options.topologies.map(
      ({ name }, number) =>
        new TopologyContext({
          number,
          name,
          meta: this.#meta,
          state: this.state,
          timers: this.timers,
          outbox: this.#outbox,
          metrics: this.#metrics,
        }),
    )
    this.#orderFree = orderFreeTypes(options.topologies)
  }

  get place(): TaskPlace {
    const { forgottenBefore, nextSequence } = this.state.ids
    return {
      epoch: this.#meta.epoch,
      offset: this.#offset,
      revision: this.#revision,
      logTime: this.#meta.logTime,
      lastTick: this.#lastTick,
      forgottenBefore: Number.isFinite(forgottenBefore) ? forgottenBefore : null,
      nextSegment: nextSequence,
    }
  }

  get offset(): number {
    return this.#offset
  }

  get logTime(): number {
    return this.#meta.logTime
  }

  /** Takes its place after its cells were loaded. `refused`: R9. */
  enter(place: TaskPlace, refused: ReadonlySet<number>): void {
    this.#meta.epoch = place.epoch
    this.#offset = place.offset
    this.#cutOffset = place.offset
    this.#revision = place.revision
    this.#meta.offset = place.revision
    this.#meta.logTime = place.logTime
    this.#lastTick = place.lastTick
    this.#refusedBefore = refused
    this.state.ids.settle(place.forgottenBefore ?? Number.NEGATIVE_INFINITY, place.nextSegment)
    this.timers.rebuild()
  }

  /** Between `true` and `false` nothing goes out: it went out before (R8). Dirty keys are kept. */
  replaying(on: boolean): void {
    this.#outbox.muted = on
    if (on) return
    this.#refusedBefore = new Set()
    this.#cutOffset = this.#offset
    this.#records = 0
    this.#oldestMs = Number.POSITIVE_INFINITY
  }

  /** Moves over offsets that hold no record for us (control records, aborted ones). */
  skipTo(offset: number): void {
    if (offset > this.#offset) this.#offset = offset
  }

  /** Folds one record. Gives a schema id when that must be prepared first: then nothing has changed. */
  fold(record: InputRecord): number | undefined {
    if (record.offset < this.#offset) return undefined
    let decoded: DecodedEvent | DecodeFailure | undefined
    const foreign = record.key !== null && this.#isForeign(record.key)
    const known = this.#outbox.muted && this.#refusedBefore.has(record.offset)
    if (!foreign && !known) {
      decoded = this.#options.codec.decodeEvent(record.value)
      if (!decoded.ok && decoded.code === 'unknown_schema') {
        const wanted = this.#options.codec.wants(record.value)
        if (wanted !== undefined) return wanted
      }
    }
    this.#meta.offset = record.offset
    if (record.timestamp < this.#oldestMs) this.#oldestMs = record.timestamp
    if (known) this.#advance(record.timestamp, record)
    else if (decoded === undefined) this.#foreign(record, record.key as Buffer)
    else if (decoded.ok) this.#event(record, decoded)
    else {
      this.#advance(record.timestamp, record)
      this.#refuse(record, decoded.code, decoded.message)
    }
    this.#offset = record.offset + 1
    this.#revision = record.offset
    this.#records++
    return undefined
  }

  #isForeign(key: Buffer): boolean {
    if (key.length === 1 && key[0] === 0x7e) return false
    return partitionOf(key, this.#options.partitions) !== this.partition
  }

  #foreign(record: InputRecord, key: Buffer): void {
    this.#advance(record.timestamp, record)
    if (record.headers[REROUTED_HEADER] !== undefined) {
      this.#refuse(record, 'reroute_loop', 'moved once already, and still not on the partition of its key')
      return
    }
    this.#send(reroute(record, partitionOf(key, this.#options.partitions), key))
    this.#counted('rerouted')
  }

  #event(record: InputRecord, event: DecodedEvent): void {
    const { data } = event
    if (record.key === null) {
      const key = Buffer.from(data.tenantId)
      if (this.#isForeign(key)) return this.#foreign(record, key)
    } else if (!sameText(record.key, data.tenantId)) {
      this.#advance(record.timestamp, record)
      return this.#refuse(record, 'key_mismatch', 'the record key is not the tenant of the event')
    }
    if (event.type === 'Tick') return this.#tick(record, event, event.data.instant)
    this.#advance(record.timestamp, record)
    this.#accept(record, event)
  }

  #tick(record: InputRecord, event: DecodedEvent, instant: number): void {
    const ahead = instant > record.timestamp + TICK_AHEAD_MAX_MS
    if (ahead || event.data.tenantId !== BROADCAST_KEY) {
      this.#advance(record.timestamp, record)
      if (ahead) return this.#refuse(record, 'tick_ahead', 'more than a minute ahead of its append time')
      return this.#refuse(record, 'tick_key', `a tick belongs under the key ${BROADCAST_KEY}`)
    }
    if (instant <= this.#lastTick) {
      this.#advance(record.timestamp, record)
      return this.#counted('tick_old')
    }
    this.#lastTick = instant
    this.#advance(Math.max(instant, record.timestamp), record)
    if (this.#handle(record, event)) this.#counted('applied')
  }

  #accept(record: InputRecord, event: DecodedEvent): void {
    const { data } = event
    const { versions, ids } = this.state
    const version = data.aggregateVersion
    const key = version === null ? idKey(data) : aggregateKey(data)
    const known = version === null ? undefined : versions.get(key)
    const verdict =
      version === null
        ? judgeId(ids.has(key), data.recordedAt, ids.forgottenBefore)
        : judgeVersion(known, version, this.#orderFree.has(event.type))
    if (isApplied(verdict)) {
      if (version === null) ids.add(key, this.#meta.logTime)
      else versions.set(key, withVersion(known, version))
      if (!this.#handle(record, event)) return
    } else if (verdict === 'late') {
      this.#send(lateLetter(this.#options.topics, record, 'recorded before the horizon of known ids'))
    } else if (verdict !== 'duplicate') {
      return this.#refuse(record, verdict, `version ${version} of ${data.aggregateType} ${data.aggregateId}`)
    }
    this.#counted(verdict)
  }

  /** R2. The accept state of the event is already in the undo log. */
  #handle(record: InputRecord, event: FinanceEvent): boolean {
    const { undo } = this.state
    const sent = this.#outbox.records.length
    const { topologies } = this.#options
    try {
      for (let i = 0; i < topologies.length; i++) {
        ;(topologies[i] as Topology).onEvent(event, this.contexts[i] as TopologyContext)
      }
    } catch (error) {
      undo.rollback()
      this.#outbox.records.length = sent
      if (error instanceof RuntimeError) throw error
      const code = error instanceof RefusedEvent ? error.code : 'handler_failed'
      // A tick moved log time before its handlers ran; a replay must go through it again (R9 is for whole refusals).
      this.#refuse(record, code, messageOf(error), event.type !== 'Tick')
      return false
    }
    undo.forget()
    if (this.timers.next <= this.#meta.logTime) this.#fire(this.#meta.logTime, record)
    return true
  }

  /** R10. Evicts ids and fires timers on the way. */
  #advance(toMs: number, record: InputRecord): void {
    if (toMs <= this.#meta.logTime) return
    if (this.timers.next <= toMs) this.#fire(toMs, record)
    this.#meta.logTime = toMs
    this.state.ids.evict(toMs)
  }

  #fire(upTo: number, record: InputRecord): void {
    const { undo } = this.state
    this.timers.begin()
    for (let due = this.timers.take(upTo); due !== undefined; due = this.timers.take(upTo)) {
      undo.forget()
      const { topology, name, atMs } = due
      const number = this.#options.topologies.findIndex((one) => one.name === topology)
      const context = this.contexts[number]
      if (context === undefined) continue
      if (atMs > this.#meta.logTime) this.#meta.logTime = atMs
      const sent = this.#outbox.records.length
      try {
        this.#options.topologies[number]?.onTimer?.(name, atMs, context)
        undo.forget()
      } catch (error) {
        undo.rollback()
        this.#outbox.records.length = sent
        if (error instanceof RuntimeError) throw error
        this.#send(timerLetter(this.#options.topics, record, `${topology}/${name}`, messageOf(error)))
        if (!this.#outbox.muted) this.#metrics.count(METRICS.deadLetters, { reason: 'timer_failed' })
      }
    }
  }

  #refuse(record: InputRecord, code: string, message: string, remember = true): void {
    this.#send(deadLetter(this.#options.topics, record, code, message))
    if (!this.#outbox.muted) {
      if (remember) this.#refused.push(record.offset)
      this.#metrics.count(METRICS.deadLetters, { reason: code })
    }
    this.#counted('refused')
  }

  #send(record: OutputRecord): void {
    if (!this.#outbox.muted) this.#outbox.records.push(record)
  }

  #counted(outcome: Outcome): void {
    if (this.#outbox.muted) return
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
  }

  /** Records folded since the last cut. */
  get uncut(): number {
    return this.#records
  }

  get hasWork(): boolean {
    return this.#records > 0 || this.#outbox.records.length > 0 || this.hasDirty
  }

  get hasDirty(): boolean {
    for (const context of this.contexts) if (context.dirtyKeys.size > 0) return true
    return false
  }

  /** The position moved over offsets without records only. */
  get movedSilently(): boolean {
    return this.#offset > this.#cutOffset
  }

  /** R3. Everything in it is taken out of the task; `takeBack` is its opposite. */
  cut(): Cut {
    const once = this.#outbox.records
    const dirty = this.contexts.map((context) => context.dirtyKeys)
    const results: OutputRecord[] = []
    const { topics, topologies } = this.#options
    const place = { ...this.#meta, offset: this.#revision }
    this.contexts.forEach((context, i) =>
      renderKeys(topologies[i] as Topology, context, { topics, place, metrics: this.#metrics }, results),
    )
    const cut: Cut = {
      offset: this.#offset,
      revision: this.#revision,
      once,
      results,
      dirty,
      refused: this.#refused,
      records: this.#records,
      oldestMs: this.#oldestMs,
    }
    this.#outbox.records = []
    for (const context of this.contexts) context.dirtyKeys = new Set()
    this.#refused = []
    this.#records = 0
    this.#oldestMs = Number.POSITIVE_INFINITY
    this.#cutOffset = this.#offset
    this.#flushOutcomes()
    return cut
  }

  /** The cut was not committed: its keys and once-only records go out with the next one, before what came since. */
  takeBack(cut: Cut): void {
    cut.dirty.forEach((keys, number) => {
      const context = this.contexts[number] as TopologyContext
      if (context.dirtyKeys.size === 0) context.dirtyKeys = new Set(keys)
      else for (const key of keys) context.dirtyKeys.add(key)
    })
    this.#outbox.records = [...cut.once, ...this.#outbox.records]
    this.#refused = [...cut.refused, ...this.#refused]
    this.#records += cut.records
    this.#cutOffset = Math.min(this.#cutOffset, cut.offset - 1)
    this.#oldestMs = Math.min(this.#oldestMs, cut.oldestMs)
  }

  #flushOutcomes(): void {
    for (const [outcome, count] of this.#outcomes) this.#metrics.count(METRICS.records, { outcome }, count)
    this.#outcomes.clear()
  }
}
