/**
 * Timers of one task, fired in order of (time, name). The times live in a store (undone, checkpointed and restored like
 * any state); the heap beside it is derived, and entries that the store no longer backs are skipped.
 * T1: setting a name again moves it. T2: a timer is taken out before it fires; it may set itself again, later.
 * T3: timers that set each other for the instant that fires are cut off by a bound, not followed for ever.
 */
import { Heap } from 'heap-js'
import { RuntimeError } from './errors.ts'
import type { CellStore } from './state/cell-store.ts'

export interface DueTimer {
  readonly atMs: number
  readonly topology: string
  readonly name: string
}

interface Entry {
  readonly atMs: number
  readonly key: string
}

/** Firings at one instant, beyond those that were set when it came. */
const SAME_INSTANT_MAX = 100_000
const STALE_MAX = 1_024
const SEPARATOR = '\u0000'

const order = (a: Entry, b: Entry): number => a.atMs - b.atMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

export class Timers {
  readonly #store: CellStore<number>
  readonly #heap = new Heap<Entry>(order)
  #instant = Number.NEGATIVE_INFINITY
  #left = 0

  constructor(store: CellStore<number>) {
    this.#store = store
    this.rebuild()
  }

  /** After a restore. */
  rebuild(): void {
    const entries: Entry[] = []
    for (const [key, atMs] of this.#store.entries()) entries.push({ key, atMs })
    this.#heap.init(entries)
  }

  get size(): number {
    return this.#store.size
  }

  set(topology: string, name: string, atMs: number): void {
    if (!Number.isSafeInteger(atMs) || atMs < 0) throw new RangeError(`timer ${name}: ${atMs} is no instant`)
    if (name.includes(SEPARATOR)) throw new RangeError('timer names hold no NUL')
    const key = name + SEPARATOR + topology
    if (this.#store.get(key) === atMs) return
    this.#store.set(key, atMs)
    // Entries that the store no longer backs are dropped when they outnumber the live ones.
    if (this.#heap.length > 2 * this.#store.size + STALE_MAX) this.rebuild()
    else this.#heap.push({ key, atMs })
  }

  clear(topology: string, name: string): void {
    this.#store.delete(name + SEPARATOR + topology)
  }

  /** A round of firing begins: T3 counts from here. */
  begin(): void {
    this.#instant = Number.NEGATIVE_INFINITY
  }

  /** Earliest instant at which something may fire. */
  get next(): number {
    return this.#heap.peek()?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** Takes the next timer that is due by `logTime` out of the store (T2, undo-logged), or gives undefined. */
  take(logTime: number): DueTimer | undefined {
    for (;;) {
      const top = this.#heap.peek()
      if (top === undefined || top.atMs > logTime) return undefined
      this.#heap.pop()
      if (this.#store.get(top.key) !== top.atMs) continue
      this.#bound(top.atMs)
      this.#store.delete(top.key)
      const cut = top.key.indexOf(SEPARATOR)
      return { atMs: top.atMs, name: top.key.slice(0, cut), topology: top.key.slice(cut + 1) }
    }
  }

  /** T3. */
  #bound(atMs: number): void {
    if (atMs > this.#instant) {
      this.#instant = atMs
      this.#left = this.#store.size + SAME_INSTANT_MAX
    } else if (--this.#left < 0)
      throw new RuntimeError(
        'timer_loop',
        `timers keep setting themselves for ${new Date(atMs).toISOString()}: a handler must set them later`,
      )
  }
}
