/**
 * One partition on its way into a store: a bounded buffer in front of a writer that works off chunks one after the
 * other. Knows no store and no finance. Owns batching by time and size, retry, pause and resume. Refuses to block the
 * consumer: `push` returns at once, so that heartbeats and rebalances go on while a store is down.
 * L1: chunks are in the order of offsets, without overlap; a chunk that failed is tried again unchanged, from its first
 *     step. L2: a range that an earlier run announced is worked off as exactly that chunk before anything else.
 * L3: the buffer is bounded: above its mark the partition is paused. L4: after `close` no step begins.
 */
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { recoverOf } from '../../platform/errors.ts'
import type { Batch, InputRecord } from '../../platform/kafka/port.ts'

/** Records with offsets from `first` to `last`; `next` is the position after them. */
export interface Chunk {
  readonly topic: string
  readonly partition: number
  readonly first: number
  readonly last: number
  readonly next: number
  readonly records: readonly InputRecord[]
  /** An earlier run may have written all or part of it. */
  readonly redo: boolean
}

/** Where a lane begins. */
export interface Opening {
  /** Position to move to; absent = where the consumer stands. */
  readonly from?: number
  /** L2. */
  readonly redo?: { readonly first: number; readonly last: number }
}

/** What a lane does with its records. All may reject: they are tried again. */
export interface LaneWriter {
  open(): Promise<Opening>
  write(chunk: Chunk): Promise<void>
  /** Nothing is buffered: what could wait until now (a commit) is done. */
  idle?(next: number): Promise<void>
}

export interface LaneLimits {
  /** Least time between two chunks under load; the first after a pause goes at once. */
  readonly intervalMs: number
  readonly chunkRecordsMax: number
  readonly chunkBytesMax: number
  readonly bufferRecordsMax: number
  readonly bufferBytesMax: number
  readonly retryFirstMs: number
  readonly retryMostMs: number
}

export interface LaneControl {
  seek(offset: number): void
  pause(): void
  resume(): void
}

export interface LaneEvents {
  onFailure(error: unknown, attempt: number): void
  onWritten(chunk: Chunk): void
}

export interface LaneOptions {
  readonly topic: string
  readonly partition: number
  readonly writer: LaneWriter
  readonly limits: LaneLimits
  readonly control: LaneControl
  readonly events: LaneEvents
}

export type LaneState = 'opening' | 'running' | 'closed'

export class Lane {
  readonly topic: string
  readonly partition: number
  state: LaneState = 'opening'
  /** Failure that the lane is retrying now. */
  failure: unknown
  readonly #options: LaneOptions
  #closed = false
  /** The step under way. */
  #step: Promise<unknown> | undefined
  #buffer: InputRecord[] = []
  #bytes = 0
  /** Position after all that was pushed. */
  #next = -1
  /** Position up to which work is done. */
  #doneNext = -1
  #paused = true
  #redo: { readonly first: number; readonly last: number } | undefined
  #reopen = false
  #lastChunkAt = Number.NEGATIVE_INFINITY
  #wake: () => void = () => {}

  constructor(options: LaneOptions) {
    this.#options = options
    this.topic = options.topic
    this.partition = options.partition
    options.control.pause()
    void this.#run()
  }

  /** Takes a batch. While the lane opens, batches are dropped: it will seek, or was paused before any came. */
  push(batch: Batch): void {
    if (this.state !== 'running') return
    for (const record of batch.records) {
      if (record.offset < this.#next) continue
      this.#buffer.push(record)
      this.#bytes += sizeOf(record)
    }
    this.#next = Math.max(this.#next, batch.nextOffset)
    if (!this.#paused && this.#fill >= 1) {
      this.#paused = true
      this.#options.control.pause()
    }
    this.#wake()
  }

  /** How full the buffer is: 1 = at its mark (L3). */
  get #fill(): number {
    const { bufferRecordsMax, bufferBytesMax } = this.#options.limits
    return Math.max(this.#buffer.length / bufferRecordsMax, this.#bytes / bufferBytesMax)
  }

  /** Forgets what is buffered and opens anew: what the store holds is not what was thought. */
  reopen(): void {
    this.#reopen = true
    this.#wake()
  }

  /** Resolves when the step under way has ended. */
  async close(): Promise<void> {
    this.state = 'closed'
    this.#closed = true
    this.#wake()
    // Not `#done`: that may be in a pause between two tries.
    await this.#step?.catch(() => undefined)
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#open()
        while (!this.#closed && !this.#reopen) await this.#turn()
      } catch (error) {
        // `rejoin`: another member may own the partition now; the next assignment opens a new lane.
        if (this.#closed || recoverOf(error) !== 'rebuild-task') return
      }
    }
  }

  async #open(): Promise<void> {
    this.state = 'opening'
    this.#reopen = false
    this.#paused = true
    this.#options.control.pause()
    this.#buffer = []
    this.#bytes = 0
    this.#next = -1
    this.#doneNext = -1
    const { from, redo } = await this.#persist(() => this.#options.writer.open())
    if (this.#closed) return
    this.#redo = redo
    this.state = 'running'
    if (from !== undefined) this.#options.control.seek(from)
    this.#paused = false
    this.#options.control.resume()
  }

  async #turn(): Promise<void> {
    const chunk = this.#cut()
    if (chunk === undefined) {
      if (this.#buffer.length === 0 && this.#next > this.#doneNext && this.#redo === undefined) {
        const next = this.#next
        await this.#persist(() => this.#options.writer.idle?.(next) ?? Promise.resolve())
        this.#doneNext = next
      }
      await this.#sleep()
      return
    }
    this.#lastChunkAt = performance.now()
    await this.#persist(() => this.#options.writer.write(chunk))
    if (this.#closed) return
    this.#doneNext = chunk.records.length === 0 ? chunk.next : this.#doneNext
    this.#redo = undefined
    this.#options.events.onWritten(chunk)
    if (this.#paused && this.#fill < 0.5) {
      this.#paused = false
      this.#options.control.resume()
    }
  }

  /** The next chunk when it is due. */
  #cut(): Chunk | undefined {
    const { limits } = this.#options
    const redo = this.#redo
    if (redo !== undefined) {
      if (this.#next <= redo.last) return undefined
      const count = this.#buffer.findIndex((r) => r.offset > redo.last)
      return this.#take(count === -1 ? this.#buffer.length : count, redo)
    }
    if (this.#buffer.length === 0) return undefined
    const full = this.#buffer.length >= limits.chunkRecordsMax
    if (!full && performance.now() - this.#lastChunkAt < limits.intervalMs) return undefined
    let bytes = 0
    let count = 0
    for (const record of this.#buffer) {
      bytes += sizeOf(record)
      if (count > 0 && (count >= limits.chunkRecordsMax || bytes > limits.chunkBytesMax)) break
      count++
    }
    return this.#take(count)
  }

  #take(count: number, redo?: { readonly first: number; readonly last: number }): Chunk {
    const records = this.#buffer.splice(0, count)
    for (const record of records) this.#bytes -= sizeOf(record)
    const last = redo?.last ?? records.at(-1)?.offset ?? 0
    return {
      topic: this.topic,
      partition: this.partition,
      first: redo?.first ?? records[0]?.offset ?? 0,
      last,
      next: this.#buffer.length === 0 && redo === undefined ? this.#next : last + 1,
      records,
      redo: redo !== undefined,
    }
  }

  /** Until there is something to do: a push, or the time of the next chunk. */
  async #sleep(): Promise<void> {
    if (this.#closed || this.#reopen) return
    const waiting = this.#buffer.length > 0 && this.#redo === undefined
    const dueInMs = this.#options.limits.intervalMs - (performance.now() - this.#lastChunkAt)
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (waiting) timer = setTimeout(resolve, Math.max(1, dueInMs))
      if (this.#buffer.length >= this.#options.limits.chunkRecordsMax && this.#redo === undefined) resolve()
    })
    clearTimeout(timer)
    this.#wake = () => {}
  }

  /** L1. Tries until it succeeds, the lane is closed, or the error says that trying is of no use. */
  async #persist<T>(work: () => Promise<T>): Promise<T> {
    const { retryFirstMs: initialDelay, retryMostMs: maxDelay } = this.#options.limits
    const policy = retry(
      handleWhen((error) => !isHopeless(error)),
      {
        maxAttempts: Number.MAX_SAFE_INTEGER,
        backoff: new ExponentialBackoff({ initialDelay, maxDelay }),
      },
    )
    // A pause between two tries is no reason to keep a process up.
    return policy.dangerouslyUnref().execute(async ({ attempt }) => {
      if (this.#closed) throw new LaneClosed()
      const step = work()
      this.#step = step
      try {
        const made = await step
        this.failure = undefined
        return made
      } catch (error) {
        if (this.#closed) throw new LaneClosed()
        this.failure = error
        this.#options.events.onFailure(error, attempt + 1)
        throw error
      } finally {
        this.#step = undefined
      }
    })
  }
}

const sizeOf = (record: InputRecord): number => record.value?.length ?? 0

class LaneClosed extends Error {
  override readonly name = 'LaneClosed'
}

const isHopeless = (error: unknown): boolean =>
  error instanceof LaneClosed || recoverOf(error) === 'rejoin' || recoverOf(error) === 'rebuild-task'
