/**
 * What a handler sees (topology.ts, Context), one per topology, made once: nothing is allocated per event. Owns the
 * topology's dirty keys; what it does is undone through the task's log (R2).
 */
import type { OutputRecord } from '../../platform/kafka/port.ts'
import type { LateEvents } from './late.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'
import type { TaskState } from './state/task-state.ts'
import type { Undoable } from './state/undo.ts'
import type { Timers } from './timers.ts'
import {
  type Context,
  type Emission,
  type EventMeta,
  type Lateness,
  RefusedEvent,
  type Rows,
  type RowsSpec,
  type Store,
  type StoreSpec,
} from './topology.ts'

export interface Outbox {
  records: OutputRecord[]
  /** Replay: what happens was already published. */
  muted: boolean
  /** Bytes of one output at most (error-handling.ts). */
  bytesMax: number
}

export interface MutableMeta {
  partition: number
  epoch: number
  offset: number
  logTime: number
}

export class TopologyContext implements Context, Undoable {
  readonly meta: EventMeta
  readonly name: string
  readonly #number: number
  readonly #state: TaskState
  readonly #timers: Timers
  readonly #outbox: Outbox
  readonly #metrics: RuntimeMetrics
  readonly #late: LateEvents
  readonly #views = new Map<string, Store<unknown>>()
  readonly #rows = new Map<RowsSpec, Rows>()
  dirtyKeys = new Set<string>()

  constructor(parts: {
    readonly number: number
    readonly name: string
    readonly meta: MutableMeta
    readonly state: TaskState
    readonly timers: Timers
    readonly outbox: Outbox
    readonly metrics: RuntimeMetrics
    readonly late: LateEvents
  }) {
    this.#number = parts.number
    this.name = parts.name
    this.meta = parts.meta
    this.#state = parts.state
    this.#timers = parts.timers
    this.#outbox = parts.outbox
    this.#metrics = parts.metrics
    this.#late = parts.late
  }

  store<V>(spec: StoreSpec<V>): Store<V> {
    let view = this.#views.get(spec.name)
    if (view === undefined) {
      view = this.#state.view(this.#number, this.name, spec.name)
      this.#views.set(spec.name, view)
    }
    return view as Store<V>
  }

  rows(spec: RowsSpec): Rows {
    let rows = this.#rows.get(spec)
    if (rows === undefined) {
      rows = this.#state.rows(this.#number, this.name, spec)
      this.#rows.set(spec, rows)
    }
    return rows
  }

  dirty(key: string): void {
    if (this.dirtyKeys.has(key)) return
    this.dirtyKeys.add(key)
    this.#state.undo.push(this, key, undefined)
  }

  /** Takes back a dirty mark. */
  undo(key: string): void {
    this.dirtyKeys.delete(key)
  }

  emit(emission: Emission): void {
    // Asked before anything else, so that a replay fails where the first run did.
    const bytes = emission.value.length + emission.key.length
    if (bytes > this.#outbox.bytesMax)
      throw new RefusedEvent(
        'output_too_large',
        `${bytes} bytes for ${emission.topic}, at most ${this.#outbox.bytesMax} fit`,
      )
    if (this.#outbox.muted) return
    this.#outbox.records.push(emission)
  }

  late(lateness: Lateness): void {
    if (this.#late.put(lateness)) this.count('late_counted', { reason: lateness.reason })
  }

  setTimer(name: string, atMs: number): void {
    this.#timers.set(this.name, name, atMs)
  }

  clearTimer(name: string): void {
    this.#timers.clear(this.name, name)
  }

  count(metric: string, labels?: Readonly<Record<string, string>>): void {
    if (this.#outbox.muted) return
    const detail = labels === undefined ? '' : Object.values(labels).join(',')
    this.#metrics.count(METRICS.notes, { topology: this.name, what: metric, detail })
  }
}
