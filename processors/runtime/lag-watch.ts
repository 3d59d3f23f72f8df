/**
 * How far the tasks of a process are behind, in records and in seconds: asked of the broker now and then, because a
 * task that is stuck gets no batch that would tell it. Owns both lag metrics. Refuses: guessing the age of a record
 * that a stuck task waits at; that one is read.
 * L1: lag counts from what is committed; records that were folded but are not committed are behind, markers are not.
 */
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import { NO_LOG, type RuntimeLog } from './log.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'

export interface WatchedTask {
  readonly partition: number
  /** Undefined while it is restored, or after it failed. */
  readonly position: number | undefined
  /** -1 = not known. */
  readonly committed: number
  /** Records folded and not known to be committed. */
  readonly uncommitted: number
  /** About the append time of the last record folded. */
  readonly logTime: number
}

export interface Lag {
  /** Where it counts from. */
  readonly from: number
  readonly end: number
  readonly records: number
  readonly seconds: number
}

export interface LagWatchParts {
  readonly port: KafkaPort
  readonly admin: Admin
  readonly groupId: string
  readonly topic: string
  readonly metrics: RuntimeMetrics
  readonly log?: RuntimeLog
  readonly tasks: () => readonly WatchedTask[]
  readonly nowMs?: () => number
}

const EVERY_MS = 5_000
const COMMITTED_MS = 2_000

interface Waiting {
  readonly from: number
  readonly appendMs: number | undefined
}

export class LagWatch {
  readonly #parts: LagWatchParts
  readonly #nowMs: () => number
  /** The record at which a task stood when it was last looked at. */
  readonly #waiting = new Map<number, Waiting>()
  readonly #shown = new Set<number>()
  #looking: Promise<ReadonlyMap<number, Lag>> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: LagWatchParts) {
    this.#parts = parts
    this.#nowMs = parts.nowMs ?? Date.now
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.look().catch((error: unknown) =>
        (this.#parts.log ?? NO_LOG).debug({ err: error }, 'the ends of the partitions are not known now'),
      )
    }, EVERY_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Now. Who asks while an answer is on its way gets that one. */
  look(): Promise<ReadonlyMap<number, Lag>> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look(): Promise<ReadonlyMap<number, Lag>> {
    const { admin, topic, tasks } = this.#parts
    const partitions = tasks().map(({ partition }) => partition)
    const bounds = partitions.length === 0 ? [] : await admin.bounds(topic, partitions)
    const ends = new Map(partitions.map((partition, i) => [partition, bounds[i]]))
    const lags = new Map<number, Lag>()
    // As they are now: an end that is older than the position says nothing wrong.
    for (const task of tasks()) {
      const bound = ends.get(task.partition)
      if (bound === undefined) continue
      lags.set(task.partition, await this.#lagOf(task, bound))
    }
    this.#show(lags)
    return lags
  }

  /** L1. */
  async #lagOf(task: WatchedTask, { low, high }: { low: number; high: number }): Promise<Lag> {
    const from = Math.max(low, await this.#fromOf(task))
    if (from >= high) {
      this.#waiting.delete(task.partition)
      return { from, end: high, records: 0, seconds: 0 }
    }
    const before = this.#waiting.get(task.partition)
    const stuck = before === undefined || before.from === from
    const appendMs = stuck ? (before?.appendMs ?? (await this.#appendMs(task.partition, from))) : undefined
    this.#waiting.set(task.partition, { from, appendMs })
    // Nothing but markers up to the end.
    if (stuck && appendMs === undefined) return { from, end: high, records: 0, seconds: 0 }
    const seconds = Math.max(0, this.#nowMs() - (appendMs ?? task.logTime)) / 1000
    return { from, end: high, records: high - from, seconds }
  }

  async #fromOf({ partition, position, committed, uncommitted }: WatchedTask): Promise<number> {
    if (position !== undefined) return uncommitted === 0 ? position : committed
    if (committed >= 0) return committed
    const { admin, groupId, topic } = this.#parts
    try {
      return (await admin.committed(groupId, topic, [partition], COMMITTED_MS))[0]?.offset ?? -1
    } catch {
      // A dead owner's transaction is open on it; what lies before it is not known.
      return -1
    }
  }

  async #appendMs(partition: number, from: number): Promise<number | undefined> {
    const { port, topic } = this.#parts
    for await (const { records } of port.readPartition({ topic, partition, from }))
      if (records[0] !== undefined) return records[0].timestamp
    return undefined
  }

  #show(lags: ReadonlyMap<number, Lag>): void {
    const { metrics } = this.#parts
    for (const [partition, { records, seconds }] of lags) {
      const labels = { partition: String(partition) }
      metrics.gauge(METRICS.lag, records, labels)
      metrics.gauge(METRICS.lagSeconds, seconds, labels)
      this.#shown.add(partition)
    }
    for (const partition of this.#shown) {
      if (lags.has(partition)) continue
      // Another process has it now, and says so; an old figure of ours beside it would be wrong.
      for (const name of [METRICS.lag, METRICS.lagSeconds, METRICS.logTime])
        metrics.forget?.(name, { partition: String(partition) })
      this.#shown.delete(partition)
      this.#waiting.delete(partition)
    }
  }
}
