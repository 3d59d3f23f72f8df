/**
 * One assigned partition: its task, checkpoints, what is committed of it and what is in flight. Owns the slices in which
 * it folds, so that heartbeats and other partitions get their turn; knows nothing of consumers and transactions.
 */
import type { Batch, InputRecord, Membership, OffsetCommit, OutputRecord } from '../../platform/kafka/port.ts'
import type { Checkpointer, CheckpointPart } from './checkpoint.ts'
import { CheckpointSizes } from './checkpoint-sizes.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'
import type { RuntimeOptions } from './options.ts'
import type { Cut } from './cut.ts'
import type { EventCodec, Task } from './task.ts'
import type { Failpoint } from './steps.ts'
import { TaskLife } from './task-life.ts'
import { type RebuildHost, type RebuildParts, TenantRebuilds } from './tenants/rebuild.ts'
import { tellFailing } from './tenants/tell-failing.ts'
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

/** Folding between two checkpoints takes at least this many times what encoding one took. */
const ENCODINGS_APART = 1
/** Encoding has one turn where folding has one for each task: it gets longer ones. */
const ENCODE_SLICES = 3

export type Settlement = 'committed' | 'not-committed' | 'foreign'

const RECEIVED = { stage: 'kafka' } as const
const lainSeconds = ({ timestamp }: InputRecord): number => Math.max(0, Date.now() - timestamp) / 1000

export class TaskRunner implements RebuildHost {
  readonly partition: number
  readonly life: TaskLife
  /** What the checkpoints topic holds of it, for people. */
  readonly sizes: CheckpointSizes
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
  /** Rebuilds of single tenants; absent where the runner has no log to read (tests). */
  readonly rebuilds: TenantRebuilds | undefined
  readonly #options: RuntimeOptions
  readonly #codec: EventCodec
  readonly #metrics: RuntimeMetrics
  readonly #onWork: () => void
  readonly #tasks: () => number
  readonly #turns: Turns
  readonly #failpoint: Failpoint
  readonly #rebuildParts: RebuildParts | undefined
  #task: Task | undefined
  #checkpointer: Checkpointer | undefined
  #last: Position = { offset: -1, metadata: '' }
  #inflight: CommitShare | undefined
  #mustCheckpoint = false
  #keepCheckpoints = false
  /** Resolves when folding may go on (tenants/rebuild.ts). */
  #held: { readonly over: Promise<void>; readonly end: () => void } | undefined
  #workMs = 0
  #checkpointAtMs = 0
  #encodeSeconds = 0
  /** Of the last checkpoint that was encoded in turns. */
  #encodeWorkMs = 0
  #renderedMs = Number.NEGATIVE_INFINITY

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
      readonly failpoint?: Failpoint | undefined
      readonly rebuild?: RebuildParts | undefined
    },
  ) {
    this.partition = partition
    this.membership = membership
    this.life = new TaskLife(`task ${partition}`)
    this.#options = parts.options
    this.sizes = new CheckpointSizes(parts.options.groupId)
    this.#codec = parts.codec
    this.#metrics = parts.metrics
    this.#onWork = parts.onWork
    this.#tasks = parts.tasks
    this.#turns = parts.turns
    this.#failpoint = parts.failpoint ?? (() => undefined)
    this.#rebuildParts = parts.rebuild
    this.rebuilds = parts.rebuild && new TenantRebuilds(this, parts.rebuild, parts)
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
    // What was replayed is due to be checkpointed, in turns: a large state must not hold up its first commit.
    this.#workMs = replayed > 0 ? Number.POSITIVE_INFINITY : 0
    this.#checkpointAtMs = performance.now()
    task.handling = this.#options.errors
    this.rebuilds?.look()
  }

  get isRunning(): boolean {
    return this.life.is('running') && !this.halted
  }

  get isOver(): boolean {
    return this.life.is('closed', 'failed') || this.halted
  }

  get committed(): number {
    return this.#last.offset
  }

  get isCheckpointing(): boolean {
    return this.#checkpointer?.idle === false
  }

  keepCheckpoints(back: boolean): void {
    this.#keepCheckpoints = back
  }

  hold(on: boolean): void {
    if (on === (this.#held !== undefined)) return
    this.#held?.end()
    this.#held = undefined
    if (!on) return
    let end = (): void => undefined
    const over = new Promise<void>((resolve) => (end = resolve))
    this.#held = { over, end }
  }

  get isReplaced(): boolean {
    return this.#mustCheckpoint
  }

  /** The checkpoint is encoded in turns; until then nothing of the task is committed (wantsCommit). */
  replaced(): void {
    const checkpointer = this.#checkpointer
    if (checkpointer === undefined) return
    this.#mustCheckpoint = true
    this.#checkpointAtMs = performance.now()
    this.#workMs = 0
    checkpointer.begin()
    void this.#failpoint('frozen')
    void this.#encodeInTurns(checkpointer, this.#checkpointAtMs)
  }

  /** Folds a batch. `stopped` = the task was taken away, or a schema could not be fetched (then with its error). */
  async feed(batch: Batch): Promise<{ readonly whole: boolean; readonly error?: unknown }> {
    const assignment = this.assignments
    const mine = (): boolean => !this.halted && this.assignments === assignment && this.life.is('running')
    this.highWatermark = batch.highWatermark
    const oldest = batch.records[0]
    if (oldest !== undefined) this.#metrics.observe(METRICS.age, lainSeconds(oldest), RECEIVED)
    let at = 0
    while (at < batch.records.length) {
      await this.#turns.next()
      while (this.#held !== undefined) await this.#held.over
      if (!mine()) return { whole: false }
      const { next, wanted } = this.#slice(batch.records, at)
      at = next
      this.#onWork()
      this.#lookAtTenants()
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

  #lookAtTenants(): void {
    const task = this.#task
    if (task === undefined) return
    if (task.failing.hasNews && this.#rebuildParts)
      tellFailing(task.failing, this.partition, this.#rebuildParts.log, this.#metrics)
    this.rebuilds?.look()
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
    if (this.#mustCheckpoint) return this.#checkpointer?.ready ?? false
    return this.#task.hasWork || (this.#checkpointer?.ready ?? false)
  }

  /** Step 1 of the commit: everything of this task in one synchronous step (R3). */
  take(name: string, checkpointBytesMax = Number.POSITIVE_INFINITY): CommitShare {
    const task = this.#task as Task
    const checkpointer = this.#checkpointer as Checkpointer
    const begins = this.#checkpointDue(task, checkpointer)
    const carries = begins === 'now' || this.#carries(checkpointer.part, checkpointBytesMax)
    const cut = task.cut({ render: this.#rendersNow(task) || carries })
    if (begins !== undefined) this.#startCheckpoint(checkpointer, begins)
    const checkpoint = carries ? checkpointer.part : undefined
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

  /** Whether a checkpoint that was encoded before goes with this commit. One that must (T6) goes however full it is. */
  #carries(part: CheckpointPart | undefined, bytesMax: number): boolean {
    return part !== undefined && (this.#mustCheckpoint || part.bytes <= bytesMax)
  }

  /** R13. Behind, once a while; at once when all there is was folded, or nothing more will be. */
  #rendersNow(task: Task): boolean {
    const { behindRecords, behindRenderMs } = this.#options
    const now = performance.now()
    const behind = !this.halted && this.highWatermark - task.offset > behindRecords
    if (behind && now - this.#renderedMs < behindRenderMs) return false
    this.#renderedMs = now
    return true
  }

  /** Whether a checkpoint begins at this cut: `now` = it goes with it (R7), `turns` = it is encoded between batches. */
  #checkpointDue(task: Task, checkpointer: Checkpointer): 'now' | 'turns' | undefined {
    if (!checkpointer.idle) return undefined
    if (this.#mustCheckpoint || checkpointer.last === undefined) return 'now'
    if (task.offset === checkpointer.last || this.#keepCheckpoints) return undefined
    const { checkpointWorkMs, checkpointEveryMs } = this.#options
    if (performance.now() - this.#checkpointAtMs >= checkpointEveryMs) return 'turns'
    // A state that takes long to write is written less often.
    const due = Math.max(checkpointWorkMs / Math.max(1, this.#tasks()), ENCODINGS_APART * this.#encodeWorkMs)
    return this.#workMs < due ? undefined : 'turns'
  }

  #startCheckpoint(checkpointer: Checkpointer, begins: 'now' | 'turns'): void {
    const now = performance.now()
    this.#workMs = 0
    this.#checkpointAtMs = now
    checkpointer.begin()
    // A cut is one synchronous step: it does not wait.
    void this.#failpoint('frozen')
    if (begins === 'turns') return void this.#encodeInTurns(checkpointer, now)
    checkpointer.encode()
    this.#encoded(now)
    void this.#failpoint('encoded')
  }

  async #encodeInTurns(checkpointer: Checkpointer, startedMs: number): Promise<void> {
    let workMs = 0
    for (let done = false; !done; ) {
      await this.#turns.next()
      if (this.#checkpointer !== checkpointer || this.life.is('closed', 'failed')) return
      const sliceMs = performance.now()
      done = checkpointer.encode(() => performance.now() > sliceMs + ENCODE_SLICES * this.#options.sliceMs)
      workMs += performance.now() - sliceMs
    }
    this.#encodeWorkMs = workMs
    await this.#failpoint('encoded')
    this.#encoded(startedMs)
    this.#onWork()
  }

  #encoded(startedMs: number): void {
    this.#encodeSeconds = (performance.now() - startedMs) / 1000
    this.#metrics.observe(METRICS.checkpointSeconds, this.#encodeSeconds)
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
    const nowMs = Date.now()
    const { bytes } = this.sizes.took(share.checkpoint.records, this.#encodeSeconds, nowMs)
    this.#metrics.count(METRICS.checkpoints)
    this.#metrics.count(METRICS.checkpointCells, undefined, share.checkpoint.cells)
    this.#metrics.count(METRICS.checkpointBytes, undefined, bytes)
    this.#metrics.gauge(METRICS.checkpointAt, nowMs / 1000, { partition: String(this.partition) })
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
