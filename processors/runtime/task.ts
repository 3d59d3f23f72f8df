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
import { checkRefusal, DEAD_LETTERS, type ErrorHandling } from './error-handling.ts'
import { orderFreeTypes, sameText } from './judging.ts'
import { LateEvents } from './late.ts'
import { METRICS, NO_METRICS, type RuntimeMetrics } from './metrics.ts'
import { TaskState } from './state/task-state.ts'
import { markAll, type Replaced, replaceEntries, settleReplaced } from './tenants/adopt.ts'
import { type ControlEvent, isControl, TenantControl } from './tenants/control.ts'
import { FailingTenants } from './tenants/failing.ts'
import type { KnownIds } from './tenants/ids.ts'
import type { Shadow } from './tenants/shadow.ts'
import { REBUILT } from './tenants/stores.ts'
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
  /** This is the second task of a rebuild. */
  readonly shadow?: Shadow | undefined
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
const NO_KEYS: ReadonlySet<string> = new Set()

type Outcome = Verdict | 'refused' | 'rerouted' | 'tick_old' | 'stopped'

export class Task {
  readonly partition: number
  readonly state: TaskState
  readonly timers: Timers
  readonly contexts: readonly TopologyContext[]
  readonly tenants: TenantControl
  #handling: ErrorHandling = DEAD_LETTERS
  readonly #shadow: Shadow | undefined
  #replaced: readonly Replaced[] = []
  readonly #options: TaskOptions
  readonly #metrics: RuntimeMetrics
  readonly #meta: MutableMeta
  readonly #outbox: Outbox = { records: [], muted: false, bytesMax: DEAD_LETTERS.outputBytesMax }
  readonly #late: LateEvents
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
  /** The record at hand is that of the tenant for whom this is a shadow. */
  #mine = false
  /** Tenants whose handlers throw one event after the other. */
  readonly failing = new FailingTenants()

  constructor(options: TaskOptions) {
    this.#options = options
    this.#metrics = options.metrics ?? NO_METRICS
    this.partition = options.partition
    this.state = new TaskState(options.topologies, options)
    this.timers = new Timers(this.state.timers)
    this.#meta = { partition: options.partition, epoch: FIRST_EPOCH, offset: -1, logTime: 0 }
    this.#late = new LateEvents(options.topics, this.#outbox)
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
          late: this.#late,
        }),
    )
    this.#orderFree = orderFreeTypes(options.topologies)
    this.tenants = new TenantControl(this.state, options.topologies, options.idHorizonMs)
    this.#shadow = options.shadow
    if (options.shadow) {
      this.state.stopped.set(options.shadow.tenant, REBUILT)
      this.state.undo.forget()
      this.tenants.entered(0)
    }
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

  /** How errors are handled; of the process, not of the state. */
  set handling(handling: ErrorHandling) {
    this.#handling = handling
    this.#outbox.bytesMax = handling.outputBytesMax
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
    this.tenants.entered(place.logTime)
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
    if (this.#shadow?.passes(record.key)) return this.#pass(record)
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
    else if (this.#shadow !== undefined && !this.#takes(this.#shadow, record, decoded))
      this.#advance(record.timestamp, record)
    else if (this.tenants.size > 0 && this.tenants.holds(record.key, decoded)) this.#held(record, decoded)
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

  /** T4: of a record that is not the tenant's, only the time counts. */
  #pass(record: InputRecord): undefined {
    this.#meta.offset = record.offset
    this.#advance(record.timestamp, record)
    this.#offset = record.offset + 1
    this.#revision = record.offset
  }

  /** T4, T5. */
  #takes(shadow: Shadow, record: InputRecord, decoded: DecodedEvent | DecodeFailure): boolean {
    const owner = shadow.ownerOf(record.key, decoded)
    this.#outbox.muted = owner !== 'tenant' || !shadow.counts(record.offset)
    this.#mine = owner === 'tenant'
    return owner !== 'other'
  }

  /** T2: a stopped tenant's record. Its control events are obeyed; all else is for the rebuild. */
  #held(record: InputRecord, decoded: DecodedEvent | DecodeFailure): void {
    this.#advance(record.timestamp, record)
    if (!decoded.ok || !isControl(decoded)) this.#counted('stopped')
    else if (record.key !== null && !sameText(record.key, decoded.data.tenantId)) this.#counted('stopped')
    else this.#accept(record, decoded, true)
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

  #accept(record: InputRecord, event: DecodedEvent, held = false): void {
    const { data } = event
    const { versions } = this.state
    const control = isControl(event)
    if (control && data.tenantId === BROADCAST_KEY)
      return this.#refuse(record, 'control_key', 'only a tenant can be stopped or rebuilt')
    const apart = this.tenants.size > 0 || control ? this.tenants.idsOf(event) : undefined
    const ids = apart ?? this.state.ids
    const version = data.aggregateVersion
    const aggregate = version === null ? '' : aggregateKey(data)
    const known = version === null ? undefined : versions.get(aggregate)
    const verdict =
      version === null
        ? judgeId(this.#isKnown(ids, record, event), data.recordedAt, ids.forgottenBefore)
        : judgeVersion(known, version, this.#orderFree.has(event.type))
    if (isApplied(verdict)) {
      if (version === null) ids.addAsked(this.#meta.logTime)
      else versions.set(aggregate, withVersion(known, version))
      if (control) this.#obey(record, event)
      else if (!this.#handle(record, event)) return
    } else if (held) {
      return this.#counted('stopped')
    } else if (verdict === 'late') {
      this.#send(lateLetter(this.#options.topics, record, 'recorded before the horizon of known ids'))
    } else if (verdict !== 'duplicate') {
      return this.#refuse(record, verdict, `version ${version} of ${data.aggregateType} ${data.aggregateId}`)
    }
    this.#counted(verdict)
  }

  /** By the bytes of the record where its codec says where the id lies: no text is made of it. */
  #isKnown(ids: KnownIds, { value }: InputRecord, { data, idFrom, idTo }: DecodedEvent): boolean {
    if (idFrom === undefined || idTo === undefined || value === null || ids !== this.state.ids)
      return ids.has(data.tenantId, data.eventId)
    return this.state.ids.hasIn(data.tenantId, value, idFrom, idTo)
  }

  /** T1, T3. No topology sees these events. */
  #obey(record: InputRecord, event: ControlEvent): void {
    if (this.#shadow === undefined) this.tenants.obey(event, record.offset, this.#meta.logTime, this.contexts)
    else this.state.undo.forget()
  }

  /** R2. The accept state of the event is already in the undo log. */
  #handle(record: InputRecord, event: FinanceEvent): boolean {
    const { undo } = this.state
    const sent = this.#outbox.records.length
    const { topologies } = this.#options
    this.#late.begin(record)
    try {
      for (let i = 0; i < topologies.length; i++) {
        ;(topologies[i] as Topology).onEvent(event, this.contexts[i] as TopologyContext)
      }
    } catch (error) {
      undo.rollback()
      this.#late.end()
      this.#outbox.records.length = sent
      if (error instanceof RuntimeError) throw error
      const code = error instanceof RefusedEvent ? error.code : 'handler_failed'
      if (code === 'handler_failed' && !this.#outbox.muted) this.failing.add(event.data.tenantId, error)
      // A tick moved log time before its handlers ran; a replay must go through it again (R9 is for whole refusals).
      this.#refuse(record, code, messageOf(error), event.type !== 'Tick')
      return false
    }
    undo.forget()
    this.#late.end()
    if (this.failing.size > 0) this.failing.delete(event.data.tenantId)
    if (this.timers.next <= this.#meta.logTime) this.#fire(this.#meta.logTime, record)
    return true
  }

  /** R10. Evicts ids and fires timers on the way. */
  #advance(toMs: number, record: InputRecord): void {
    if (toMs <= this.#meta.logTime) return
    if (this.timers.next <= toMs) this.#fireBefore(toMs, record)
    this.#meta.logTime = toMs
    this.state.ids.evict(toMs)
    if (toMs >= this.tenants.forgetAt) this.tenants.forget(toMs)
  }

  /** What timers say stands for the records before this one: it is not folded yet (R10). */
  #fireBefore(toMs: number, record: InputRecord): void {
    this.#meta.offset = this.#revision
    this.#fire(toMs, record)
    this.#meta.offset = record.offset
  }

  #fire(upTo: number, record: InputRecord): void {
    const { undo } = this.state
    const { muted } = this.#outbox
    this.timers.begin()
    for (let due = this.timers.take(upTo); due !== undefined; due = this.timers.take(upTo)) {
      undo.forget()
      const { topology, name, atMs } = due
      const number = this.#options.topologies.findIndex((one) => one.name === topology)
      const context = this.contexts[number]
      if (context === undefined) continue
      if (atMs > this.#meta.logTime) this.#meta.logTime = atMs
      if (this.#shadow !== undefined)
        this.#outbox.muted = !this.#shadow.countsTimer(record.offset, this.tenants.ownerOf(name, topology))
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
    this.#outbox.muted = muted
  }

  #refuse(record: InputRecord, code: string, message: string, remember = true): void {
    const where = `${record.topic}-${record.partition}@${record.offset}`
    checkRefusal(this.#handling, where, code, message)
    if (this.#shadow !== undefined) {
      // T5: a letter that is there already is not doubled.
      if (this.#mine && !this.#shadow.letters.has(record.offset))
        this.#outbox.records.push(deadLetter(this.#options.topics, record, code, message))
      return
    }
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

  /**
   * R3. Everything in it is taken out of the task; `takeBack` is its opposite. Without `render` the dirty keys stay for a
   * later one (R13).
   */
  cut({ render = true }: { readonly render?: boolean } = {}): Cut {
    const once = this.#outbox.records
    const dirty = this.contexts.map((context) => (render ? context.dirtyKeys : NO_KEYS))
    const results: OutputRecord[] = []
    const { topics, topologies } = this.#options
    const place = { ...this.#meta, offset: this.#revision }
    const { outputBytesMax } = this.#handling
    const rendering = { topics, place, metrics: this.#metrics, outputBytesMax }
    if (render)
      this.contexts.forEach((context, i) =>
        renderKeys(topologies[i] as Topology, context, rendering, results),
      )
    const replaced = render ? this.#replaced : []
    if (render) this.#replaced = []
    const cut: Cut = {
      offset: this.#offset,
      revision: this.#revision,
      once,
      results:
        replaced.length === 0 ? results : settleReplaced(results, replaced, topics.results, this.partition),
      dirty,
      replaced,
      refused: this.#refused,
      records: this.#records,
      oldestMs: this.#oldestMs,
    }
    this.#outbox.records = []
    if (render) for (const context of this.contexts) context.dirtyKeys = new Set()
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
    if (this.tenants.size > 0) this.tenants.quiet(this.contexts)
    this.#replaced = [...cut.replaced, ...this.#replaced]
    this.#outbox.records = [...cut.once, ...this.#outbox.records]
    this.#refused = [...cut.refused, ...this.#refused]
    this.#records += cut.records
    this.#cutOffset = Math.min(this.#cutOffset, cut.offset - 1)
    this.#oldestMs = Math.min(this.#oldestMs, cut.oldestMs)
  }

  /** T6, first part. To be walked to its end, with pauses but without a fold in between; then `adopt`. */
  replace(shadow: Task): Iterable<void> {
    const { tenant } = shadow.#shadow as Shadow
    return replaceEntries(tenant, this.state, shadow.state, this.tenants.timerOf)
  }

  /** T6, second part: from here on the tenant goes on. The next commit must carry a checkpoint. */
  adopt(shadow: Task, published: ReadonlySet<string>): void {
    const { tenant } = shadow.#shadow as Shadow
    this.timers.rebuild()
    markAll(tenant, this.contexts, shadow.contexts)
    this.tenants.rebuilt(tenant, shadow.tenants.of(tenant)?.forgottenBefore ?? null)
    this.state.undo.forget()
    for (const record of shadow.#outbox.records) this.#outbox.records.push(record)
    this.#replaced = [...this.#replaced, { tenant, published }]
  }

  /** Once-only records that are not cut yet. */
  get pending(): readonly OutputRecord[] {
    return this.#outbox.records
  }

  #flushOutcomes(): void {
    for (const [outcome, count] of this.#outcomes) this.#metrics.count(METRICS.records, { outcome }, count)
    this.#outcomes.clear()
  }
}
