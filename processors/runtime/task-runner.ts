/**
 * One assigned partition: its task, checkpoints, what is committed of it and what is in flight. Owns the slices in which
 * it folds, so that heartbeats and other partitions get their turn; knows nothing of consumers and transactions.
 */
import type { Batch, InputRecord, Membership, OffsetCommit, OutputRecord } from '../../platform/kafka/port.ts'
import type { Checkpointer, CheckpointPart } from './checkpoint.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'
import type { RuntimeOptions } from './options.ts'
import type { Cut } from './cut.ts'
import type { EventCodec, Task } from './task.ts'
import { TaskLife } from './task-life.ts'
import type { Turns } from './turns.ts'

export interface Position {
  readonly offset: number
  readonly metadata: string
}

/** What one commit carries of one task. */
export interface CommitShare {
  readonly cut: Cut
  readonly membership: Membership
  readonly name: string
  readonly records: readonly OutputRecord[]
  readonly offsets: readonly OffsetCommit[]
  readonly checkpoint: CheckpointPart | undefined
}

export type Settlement = 'committed' | 'not-committed' | 'foreign'

export class TaskRunner {
  readonly partition: number
  readonly life: TaskLife
  membership: Membership
  /** Raised by every assignment: what an older one started does not touch the task any more. */
  assignments = 1
  /** Why it failed. */
  error: Error | undefined
  /** Members of the group refused this membership: no commit under it for a while. */
  refusedUntilMs = 0
  highWatermark = 0
  /** Not fed: the uncommitted work reached its bound. */
  full = false
  /** The process stops: nothing more is folded. */
  halted = false
  readonly #options: RuntimeOptions
  readonly #codec: EventCodec
  readonly #metrics: RuntimeMetrics
  readonly #onWork: () => void
  readonly #tasks: () => number
  readonly #turns: Turns
  #task: Task | undefined
  #checkpointer: Checkpointer | undefined
  #last: Position = { offset: -1, metadata: '' }
  #inflight: CommitShare | undefined
  #mustCheckpoint = false
  #workMs = 0
  #checkpointAtMs = 0

  constructor(
    partition: number,
    membership: Membership,
    parts: {
      readonly options: RuntimeOptions
      readonly codec: EventCodec
      readonly metrics: RuntimeMetrics
      readonly onWork: () => void
      /** How many tasks share the work that a restart may have to do again. */
      readonly tasks: () => number
      readonly turns: Turns
    },
  ) {
    this.partition = partition
    this.membership = membership
    this.life = new TaskLife(`task ${partition}`)
    this.#options = parts.options
    this.#codec = parts.codec
    this.#metrics = parts.metrics
    this.#onWork = parts.onWork
    this.#tasks = parts.tasks
    this.#turns = parts.turns
  }

  get task(): Task | undefined {
    return this.#task
  }

  get last(): Position {
    return this.#last
  }

  get inflight(): CommitShare | undefined {
    return this.#inflight
  }

  /** After a restore. */
  adopt(task: Task, checkpointer: Checkpointer, last: Position, replayed: number): void {
    this.#task = task
    this.#checkpointer = checkpointer
    this.#last = last
    this.#mustCheckpoint = replayed > 0
    this.#checkpointAtMs = performance.now()
  }

  /** Folds a batch. `stopped` = the task was taken away, or a schema could not be fetched (then with its error). */
  async feed(batch: Batch): Promise<{ readonly whole: boolean; readonly error?: unknown }> {
    const assignment = this.assignments
    const mine = (): boolean => !this.halted && this.assignments === assignment && this.life.is('running')
    this.highWatermark = batch.highWatermark
    let at = 0
    while (at < batch.records.length) {
      await this.#turns.next()
      if (!mine()) return { whole: false }
      const { next, wanted } = this.#slice(batch.records, at)
      at = next
      this.#onWork()
      if (wanted !== undefined) {
        try {
          await this.#codec.prepare(wanted)
        } catch (error) {
          return { whole: false, error }
        }
      }
    }
    if (!mine()) return { whole: false }
    this.#task?.skipTo(batch.nextOffset)
    return { whole: true }
  }

  #slice(records: readonly InputRecord[], from: number): { next: number; wanted: number | undefined } {
    const task = this.#task as Task
    const started = performance.now()
    let at = from
    let wanted: number | undefined
    while (at < records.length) {
      wanted = task.fold(records[at] as InputRecord)
      if (wanted !== undefined) break
      at++
      if ((at & 15) === 0 && performance.now() - started > this.#options.sliceMs) break
    }
    const spentMs = performance.now() - started
    this.#workMs += spentMs
    this.#metrics.count(METRICS.foldSeconds, undefined, spentMs / 1000)
    return { next: at, wanted }
  }

  /** Records folded and not known to be committed. */
  get uncommitted(): number {
    return (this.#task?.uncut ?? 0) + (this.#inflight?.cut.records ?? 0)
  }

  get wantsCommit(): boolean {
    if (!this.life.is('running') || this.#inflight !== undefined || this.#task === undefined) return false
    return this.#task.hasWork || this.#mustCheckpoint || (this.#checkpointer?.ready ?? false)
  }

  /** Step 1 of the commit: everything of this task in one synchronous step (R3). */
  take(name: string): CommitShare {
    const task = this.#task as Task
    const checkpointer = this.#checkpointer as Checkpointer
    const cut = task.cut()
    this.#startCheckpoint(task, checkpointer)
    const checkpoint = checkpointer.part
    const { topics } = this.#options
    const place = { partition: this.partition, metadata: name }
    const offsets: OffsetCommit[] = [{ topic: topics.events, offset: cut.offset, ...place }]
    if (checkpoint) offsets.push({ topic: topics.checkpoints, offset: checkpoint.offset, ...place })
    const share: CommitShare = {
      cut,
      membership: this.membership,
      name,
      records: [
        ...cut.once,
        ...cut.results,
        ...checkpointer.refusals(cut.refused),
        ...(checkpoint?.records ?? []),
      ],
      offsets,
      checkpoint,
    }
    this.#inflight = share
    return share
  }

  /** R7: the first one goes with its own cut; later ones are encoded between batches and go with a later one. */
  #startCheckpoint(task: Task, checkpointer: Checkpointer): void {
    const now = performance.now()
    if (!checkpointer.idle) return
    const must = this.#mustCheckpoint || checkpointer.last === undefined
    const { checkpointWorkMs, checkpointEveryMs } = this.#options
    const old = now - this.#checkpointAtMs >= checkpointEveryMs
    if (!must && this.#workMs < checkpointWorkMs / Math.max(1, this.#tasks()) && !old) return
    if (!must && task.offset === checkpointer.last) return
    this.#workMs = 0
    this.#checkpointAtMs = now
    checkpointer.begin()
    if (must) checkpointer.encode()
    else void this.#encodeInTurns(checkpointer, now)
  }

  async #encodeInTurns(checkpointer: Checkpointer, startedMs: number): Promise<void> {
    for (;;) {
      await this.#turns.next()
      if (this.#checkpointer !== checkpointer || this.life.is('closed', 'failed')) return
      const sliceEnd = performance.now() + this.#options.sliceMs
      if (checkpointer.encode(() => performance.now() > sliceEnd)) break
    }
    this.#metrics.observe(METRICS.checkpointSeconds, (performance.now() - startedMs) / 1000)
    this.#onWork()
  }

  /** What the broker says of the last commit decides what becomes of the one in flight (R6). Does not judge twice. */
  settle(found: Position): Settlement {
    const share = this.#inflight
    if (share !== undefined && found.metadata === share.name) {
      this.confirm()
      return 'committed'
    }
    if (found.metadata !== this.#last.metadata || found.offset !== this.#last.offset) return 'foreign'
    if (share !== undefined) {
      this.#inflight = undefined
      this.#task?.takeBack(share.cut)
    }
    return 'not-committed'
  }

  /** Step 6. */
  confirm(): void {
    const share = this.#inflight
    if (share === undefined) return
    this.#inflight = undefined
    this.#last = { offset: share.cut.offset, metadata: share.name }
    if (share.checkpoint === undefined) return
    this.#checkpointer?.confirmed()
    this.#mustCheckpoint = false
    this.#metrics.count(METRICS.checkpointCells, undefined, share.checkpoint.cells)
  }

  /** It stops with a reason (R11). */
  fail(error: Error): void {
    this.error = error
    if (!this.life.is('closed')) this.life.move('failed')
  }

  close(): void {
    this.assignments++
    if (!this.life.is('closed')) this.life.move('closed')
    this.#task = undefined
    this.#checkpointer = undefined
    this.#inflight = undefined
  }
}
