/**
 * Tumbling windows with finals and corrections, made of three parts that know nothing of each other: when (the instant
 * of an event, and the watermark), which (spans.ts), and what accumulates (accumulate.ts). All state is in two ordinary
 * stores of the topology, so it is undone, checkpointed and restored like any other.
 *
 * The watermark of a key begins at its first event and is the log time from there on (ticks move it when nothing else
 * does), so it never goes back, and the same log gives the same finals.
 * W1: an instant ahead of log time is a wrong clock: it counts as log time (`window_time_ahead` is counted).
 * W2: the final of a window with an event goes out once, when the watermark is at its end + `graceMs`; after a gap, those
 *     that are due go out in order of time. A window without events has none.
 * W3: an event for a window whose final is out counts, is late (`after_final`), and the window is corrected, with the
 *     next revision, at the next multiple of `everyMs` of log time: one correction however many events came.
 * W4: an event for a window whose time had passed without any event is not late: nothing was said of it. Its final goes
 *     out at the next multiple of `everyMs`.
 * W5: a window that was over before its key was first heard of is history: it accumulates, can be read, is never late
 *     and has no final. So an import of 2012 for a new key is cheap.
 * W6: `correctForMs` after its end + grace a window is forgotten. What comes for it then cannot count: it is late
 *     (`after_horizon`) and counted, and no correction follows. Choose the horizon for what your sources may do.
 * W7: a window keeps the end that it was opened with, also when its key moves to another zone.
 */
import type { Codec, Context, StoreSpec } from '../topology.ts'
import type { Accumulator, RetractingAccumulator } from './accumulate.ts'
import { nextMultiple } from './finals.ts'
import type { Span, Spans } from './spans.ts'

export interface FinalsRule {
  readonly graceMs: number
  /** W3. */
  readonly everyMs: number
  /** W6. */
  readonly correctForMs: number
}

/** A window in state. */
export interface WindowState<A> {
  readonly value: A
  readonly startsAt: number
  readonly endsAt: number
  readonly label: string
  /** Of the last final or correction; 0 = none went out. */
  readonly revision: number
  /** The value is not what went out last. */
  readonly stale: boolean
}

/** A final (revision 1) or a correction (2 and up). */
export interface Final<A> extends Pick<WindowState<A>, 'value' | 'startsAt' | 'endsAt' | 'label'> {
  readonly key: string
  readonly revision: number
}

export interface TumblingOptions<V, A> {
  /** Prefix of its stores and timers. */
  readonly name: string
  readonly spans: Spans
  readonly accumulate: Accumulator<V, A> | RetractingAccumulator<V, A>
  readonly finals: FinalsRule
  /** Sends a final or a correction; its bytes are the topology's. */
  readonly emit: (final: Final<A>, ctx: Context) => void
  readonly codecs: { readonly window: Codec<WindowState<A>>; readonly openedAt: Codec<number> }
  readonly cells?: number
}

/** Where an event belongs; `zone` matters to local spans. */
export interface Place {
  /** Usually the tenant; holds no '|'. */
  readonly key: string
  readonly instant: number
  readonly zone: string
}

export class Tumbling<V, A> {
  readonly name: string
  /** To be listed among the topology's stores. */
  readonly stores: readonly [StoreSpec<WindowState<A>>, StoreSpec<number>]
  readonly #options: TumblingOptions<V, A>

  constructor(options: TumblingOptions<V, A>) {
    const { graceMs, everyMs, correctForMs } = options.finals
    if (!(graceMs >= 0 && everyMs > 0 && correctForMs >= 0))
      throw new RangeError(`windows ${options.name}: grace and horizon must be 0 or more, everyMs above 0`)
    this.name = options.name
    this.#options = options
    this.stores = [
      { name: `${options.name}.windows`, cells: options.cells ?? 256, codec: options.codecs.window },
      { name: `${options.name}.opened`, cells: 64, codec: options.codecs.openedAt },
    ]
  }

  add(place: Place, value: V, ctx: Context): void {
    this.#change(place, (sum) => this.#options.accumulate.add(sum, value), ctx)
  }

  /** Takes back what was added. */
  remove(place: Place, value: V, ctx: Context): void {
    const { accumulate } = this.#options
    if (!('remove' in accumulate)) throw new Error(`windows ${this.name} accumulate what can't be taken back`)
    this.#change(place, (sum) => accumulate.remove(sum, value), ctx)
  }

  get({ key, instant, zone }: Place, ctx: Pick<Context, 'store'>): A {
    const { number } = this.#options.spans.at(instant, zone)
    return ctx.store(this.stores[0]).get(`${key}|${number}`)?.value ?? this.#options.accumulate.zero
  }

  #change({ key, instant, zone }: Place, change: (sum: A) => A, ctx: Context): void {
    const { logTime } = ctx.meta
    if (instant > logTime) ctx.count('window_time_ahead')
    const span = this.#options.spans.at(Math.min(instant, logTime), zone)
    const windows = ctx.store(this.stores[0])
    const cell = `${key}|${span.number}`
    const known = windows.get(cell)
    const window = known ?? this.#open(key, span, ctx)
    if (window === undefined) return
    const value = change(window.value)
    if (window.revision === 0) return windows.set(cell, { ...window, value })
    const { endsAt, label } = window
    ctx.late({ reason: 'after_final', window: `${this.name} ${label}`, lateMs: logTime - endsAt })
    windows.set(cell, { ...window, value, stale: true })
    if (window.stale) return
    this.#arm(span.number, key, Math.min(this.#next(logTime), this.#forgetAt(endsAt)), ctx)
  }

  /** A window that is met for the first time; undefined = it was forgotten (W6). */
  #open(key: string, span: Span, ctx: Context): WindowState<A> | undefined {
    const { finals, accumulate } = this.#options
    const { logTime } = ctx.meta
    const clocks = ctx.store(this.stores[1])
    let opened = clocks.get(key)
    if (opened === undefined) clocks.set(key, (opened = logTime))
    const { number, startsAt, endsAt, label } = span
    const finalAt = endsAt + finals.graceMs
    if (finalAt > opened) {
      if (this.#forgetAt(endsAt) <= logTime) {
        ctx.late({ reason: 'after_horizon', window: `${this.name} ${label}`, lateMs: logTime - endsAt })
        ctx.count('window_forgotten')
        return undefined
      }
      this.#arm(number, key, finalAt > logTime ? finalAt : this.#next(logTime), ctx)
    }
    return { value: accumulate.zero, startsAt, endsAt, label, revision: 0, stale: false }
  }

  #next(logTime: number): number {
    return nextMultiple(logTime, this.#options.finals.everyMs)
  }

  #forgetAt(endsAt: number): number {
    const { graceMs, correctForMs } = this.#options.finals
    return endsAt + graceMs + correctForMs
  }

  #arm(number: number, key: string, atMs: number, ctx: Context): void {
    ctx.setTimer(`${this.name}#${number}|${key}`, atMs)
  }

  /** To be called from the topology's onTimer; false = the timer is none of these windows'. */
  onTimer(name: string, atMs: number, ctx: Context): boolean {
    if (!name.startsWith(`${this.name}#`)) return false
    const bar = name.indexOf('|')
    const number = Number(name.slice(this.name.length + 1, bar))
    const key = name.slice(bar + 1)
    const windows = ctx.store(this.stores[0])
    const window = windows.get(`${key}|${number}`)
    if (window === undefined) return true
    const { value, startsAt, endsAt, label, stale } = window
    const forgetAt = this.#forgetAt(endsAt)
    let { revision } = window
    if (revision === 0 || stale)
      this.#options.emit({ key, value, startsAt, endsAt, label, revision: ++revision }, ctx)
    if (atMs >= forgetAt) windows.delete(`${key}|${number}`)
    else {
      windows.set(`${key}|${number}`, { ...window, revision, stale: false })
      this.#arm(number, key, forgetAt, ctx)
    }
    return true
  }
}
