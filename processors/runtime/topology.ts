/**
 * What a topology is to the runtime, and what the runtime gives to its handlers. Knows no finance.
 * P1: a handler is a pure function of (its stores, the event, log time): no clock, randomness or I/O. P2: all that it
 * did for one event (writes, emits, timers, dirty marks) is undone together when it throws; the event then goes to the
 * DLQ. P3: values in stores are immutable: a change is a `set` of a new value. P4: results are rendered at a cut from
 * the state as it stands, one record per dirty key. P5: a store has one writing topology; later ones may read it.
 * P6: what belongs to a tenant (entries, timers, dirty keys) changes by that tenant's events and timers alone, and
 * follows from them and from what belongs to all: so that one tenant can be stopped and rebuilt (tenants/).
 */
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { rowCodec } from './state/row-codec.ts'

/** State codec: canonical bytes (equal values give equal bytes), with a version for upgrades. */
export interface Codec<V> {
  readonly version: number
  /** Bytes, or text whose UTF-8 they are. */
  encode(value: V): Buffer | string
  decode(bytes: Buffer, version: number): V
}

export interface StoreSpec<V> {
  readonly name: string
  /** Cells per partition; a cell should stay around 16-64 KB. */
  readonly cells: number
  readonly codec: Codec<V>
  /** Part of the key that chooses the cell; default: the whole key. */
  readonly cellKey?: (key: string) => string
  /** Whose an entry is; default: the part of the key before the first '|', or all of it. */
  readonly tenantOf?: (key: string) => string
}

export interface Store<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
}

/**
 * A store of rows: so many whole numbers (up to 2^52 both ways) under a tenant, or under a tenant and an id of its own.
 * Quicker and smaller than values are: a row is found without a joined key, changed in place, and no object. A store
 * that becomes one raises its codec's version.
 */
export interface RowsSpec extends StoreSpec<readonly number[]> {
  readonly columns: number
  readonly cellKey?: never
}

export const rowsSpec = (spec: {
  readonly name: string
  readonly cells: number
  readonly columns: number
  readonly version?: number
}): RowsSpec => ({
  name: spec.name,
  cells: spec.cells,
  columns: spec.columns,
  codec: rowCodec(spec.columns, spec.version),
})

export const isRows = (spec: StoreSpec<unknown>): spec is RowsSpec => 'columns' in spec

export interface ReadRow {
  get(column: number): number
}

export interface Row extends ReadRow {
  /** Undone with the event. Throws on what is no whole number of that size. */
  set(column: number, value: number): void
  /** As set, of the number there and `amount` together; gives the sum. */
  add(column: number, amount: number): number
  remove(): void
}

export interface ReadRows {
  /** Undefined = not there. The row is one object that the store moves: it is the one that was asked for last. */
  find(tenant: string, id?: string | number): ReadRow | undefined
}

/** A number as an id is its digits. As text the key is `tenant|id`: that is what checkpoints hold and tools show. */
export interface Rows extends ReadRows {
  find(tenant: string, id?: string | number): Row | undefined
  /** As find; a row that is not there is made, of zeros. */
  open(tenant: string, id?: string | number): Row
}

export interface EventMeta {
  readonly partition: number
  /** Incarnation of this run; constant between resets. */
  readonly epoch: number
  /** The last record that the state at hand stands for: the event's; in a timer, that of the record before. */
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

/** Why an event that counts is late all the same. */
export interface Lateness {
  /** Stable code, e.g. `after_final`. */
  readonly reason: string
  /** The window whose final was out, e.g. `close 2026-01-14`. */
  readonly window: string
  /** How long after the end of the window it came, in log time. */
  readonly lateMs: number
}

export interface Context {
  readonly meta: EventMeta
  store<V>(spec: StoreSpec<V>): Store<V>
  /** Rows of its own, or of an earlier topology: these throw on writes. */
  rows(spec: RowsSpec): Rows
  /** Marks a result as dirty; `render` is called for it once at the next cut. */
  dirty(key: string): void
  /** Once-only output. */
  emit(emission: Emission): void
  /**
   * Puts the event at hand on the late topic as well, once however often it is asked for. It counts all the same: this
   * is for a window whose final is out, beside its correction. Throws outside of onEvent.
   */
  late(lateness: Lateness): void
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
  rows(spec: RowsSpec): ReadRows
  /** Counts something for the metrics; no effect on results. */
  count(metric: string, labels?: Readonly<Record<string, string>>): void
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
  /** Whose a timer is; default: the part of its name behind the first '|', or all of it. */
  timerTenant?(name: string): string
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
