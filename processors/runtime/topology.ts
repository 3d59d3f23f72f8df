/**
 * What a topology is to the runtime, and what the runtime gives to its handlers. Knows no finance.
 * P1: a handler is a pure function of (its stores, the event, log time): no clock, randomness or I/O. P2: all that it
 * did for one event (writes, emits, timers, dirty marks) is undone together when it throws; the event then goes to the
 * DLQ. P3: values in stores are immutable: a change is a `set` of a new value. P4: results are rendered at a cut from
 * the state as it stands, one record per dirty key. P5: a store has one writing topology; later ones may read it.
 */
import type { FinanceEvent } from '../../schemas/generated/records.ts'

/** State codec: canonical bytes (equal values give equal bytes), with a version for upgrades. */
export interface Codec<V> {
  readonly version: number
  encode(value: V): Buffer
  decode(bytes: Buffer, version: number): V
}

export interface StoreSpec<V> {
  readonly name: string
  /** Cells per partition; a cell should stay around 16-64 KB. */
  readonly cells: number
  readonly codec: Codec<V>
  /** Part of the key that chooses the cell; default: the whole key. */
  readonly cellKey?: (key: string) => string
}

export interface Store<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
}

export interface EventMeta {
  readonly partition: number
  /** Incarnation of this run; constant between resets. */
  readonly epoch: number
  readonly offset: number
  /** max(last tick, broker append time) of the partition, milliseconds UTC; never goes back. */
  readonly logTime: number
}

/** A record that must go out exactly once, in the cut of its event. Bytes come from the topology's encoder. */
export interface Emission {
  readonly topic: string
  readonly key: string
  readonly value: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export interface Context {
  readonly meta: EventMeta
  store<V>(spec: StoreSpec<V>): Store<V>
  /** Marks a result as dirty; `render` is called for it once at the next cut. */
  dirty(key: string): void
  /** Once-only output. */
  emit(emission: Emission): void
  /** Fires `onTimer(name)` once log time has reached `atMs`; setting a name again moves it. */
  setTimer(name: string, atMs: number): void
  clearTimer(name: string): void
  /** Counts something for the metrics; no effect on state. */
  count(metric: string, labels?: Readonly<Record<string, string>>): void
}

/** State as it stands at a cut. */
export interface RenderContext {
  readonly partition: number
  readonly epoch: number
  /** Offset of the cut: the last event folded. */
  readonly revision: number
  readonly logTime: number
  store<V>(spec: StoreSpec<V>): Pick<Store<V>, 'get'>
}

/** A rendered result; value null = tombstone. Goes to the results topic on the partition of the input. */
export interface Rendered {
  readonly key: string
  readonly value: Buffer | null
}

export interface Topology {
  readonly name: string
  /** Raised when the meaning of its state changes. */
  readonly version: number
  readonly stores: readonly StoreSpec<never>[] | readonly StoreSpec<unknown>[]
  /** Handles one accepted event; ignores types that it does not know. */
  onEvent(event: FinanceEvent, ctx: Context): void
  /** Fires in order of (time, name), before the event that moved log time past it. */
  onTimer?(name: string, atMs: number, ctx: Context): void
  /** Renders a dirty key of this topology. */
  render(key: string, ctx: RenderContext): readonly Rendered[]
  /** Event types whose handling does not depend on the order inside an aggregate (accept rules). */
  readonly orderFree?: ReadonlySet<string>
}

/** Thrown by a handler that refuses an event: the event goes to the DLQ with this code, the state is as before. */
export class RefusedEvent extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'RefusedEvent'
    this.code = code
  }
}
