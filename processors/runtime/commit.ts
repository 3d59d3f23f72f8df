/**
 * Commits of all tasks of a process, one transaction at a time (R4), by the numbered steps of README.md. Owns the
 * producer and what happens after a doubt: throw it away, InitProducerId, read the offsets stable, let each task settle.
 * M1: a step that failed is never tried again on the same producer. M2: a failure that may be one task's fault is
 * searched for by committing the suspects one by one; only the guilty one is stopped (R11). M3: every wait is bounded.
 */
import { randomUUID } from 'node:crypto'
import { codeOf, recoverOf } from '../../platform/errors.ts'
import type {
  Admin,
  KafkaPort,
  Membership,
  OffsetCommit,
  OutputRecord,
  TransactionalProducer,
} from '../../platform/kafka/port.ts'
import { commitName } from './commit-name.ts'
import { messageOf, RuntimeError } from './errors.ts'
import type { RuntimeLog } from './log.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'
import type { RuntimeOptions } from './options.ts'
import type { Failpoint } from './steps.ts'
import type { CommitShare, TaskRunner } from './task-runner.ts'
import type { Turns } from './turns.ts'

export interface CommitterParts {
  readonly port: KafkaPort
  readonly admin: Admin
  readonly options: RuntimeOptions
  readonly metrics: RuntimeMetrics
  readonly log: RuntimeLog
  readonly failpoint: Failpoint
  readonly turns: Turns
  /** A commit of this task is through, one way or the other. */
  readonly onSettled: (runner: TaskRunner) => void
  /** Somebody else committed for this task's partition. */
  readonly onForeign: (runner: TaskRunner) => void
  readonly onFailed: (runner: TaskRunner, error: Error) => void
  /** The process cannot go on. */
  readonly onFatal: (error: Error) => void
}

interface Share {
  readonly runner: TaskRunner
  readonly share: CommitShare
}

/** Bytes of one produce request, well below the broker's default limit of a batch. */
const SEND_BYTES = 512 * 1024
/** Checkpoints of one commit together: a transaction has seconds until the broker ends it. */
const CHECKPOINT_BYTES = 16 * 1024 * 1024
/** A cut's own time fits this often between the starts of two commits. */
const CUTS_APART = 4
const STRIKES_MAX = 3
const CONTESTS_MAX = 5
const REFUSED_PAUSE_MS = 250
const BACKOFF_MS = { first: 50, most: 1_000 }
const STABLE_WAIT_MS = 10_000

const backoff = (failures: number): number =>
  failures === 0 ? 0 : Math.min(BACKOFF_MS.first * 2 ** Math.min(failures - 1, 10), BACKOFF_MS.most)

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export class Committer {
  readonly #parts: CommitterParts
  readonly #runners = new Set<TaskRunner>()
  #producer: TransactionalProducer | undefined
  /** Tells the names of this committer from those of one before, with the same transactional id. */
  readonly #incarnation = randomUUID().slice(0, 8)
  #number = 0
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #lastStartMs = Number.NEGATIVE_INFINITY
  #lastRecords = 0
  #lastCutMs = 0
  #begunMs = 0
  /** M2: tasks of a commit that failed for a reason that may be theirs, with how often they failed alone. */
  readonly #suspects = new Map<TaskRunner, number>()
  /** How often in a row somebody took our transactional id. */
  #contests = 0
  /** Commits that failed in a row, and since when. */
  #failures = 0
  #failingSinceMs = 0
  #stopped = false

  constructor(parts: CommitterParts) {
    this.#parts = parts
  }

  add(runner: TaskRunner): void {
    this.#runners.add(runner)
  }

  remove(runner: TaskRunner): void {
    this.#runners.delete(runner)
    this.#suspects.delete(runner)
  }

  /** A name that no other commit has (R6). */
  nextName(): string {
    return commitName(this.#parts.options.transactionalId, this.#incarnation, ++this.#number)
  }

  /** There may be work: commits at once when idle, else when the commit in flight is through. */
  nudge(): void {
    if (this.#stopped || this.#running !== undefined || this.#timer !== undefined) return
    const waitMs =
      this.#lastStartMs + Math.max(this.#intervalMs(), backoff(this.#failures)) - performance.now()
    if (waitMs <= 0) this.#running = Promise.resolve().then(() => this.#run())
    else
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.nudge()
      }, waitMs)
  }

  /** Between the starts of two commits. Where much is rendered at every cut, fewer cuts render it less often. */
  #intervalMs(): number {
    const { commitIntervalMs, busyIntervalMs, busyIntervalMaxMs, busyRecords } = this.#parts.options
    if (this.#lastRecords < busyRecords) return commitIntervalMs
    return Math.max(busyIntervalMs, Math.min(busyIntervalMaxMs, CUTS_APART * this.#lastCutMs))
  }

  /** Resolves when the commit that is in flight now is through. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Commits until nothing is left to commit, at most for `ms`. */
  async drain(ms: number): Promise<void> {
    const until = performance.now() + ms
    for (;;) {
      await this.settled()
      // The next commit may have begun in the same breath: its tasks are not due, but not through either.
      const idle = this.#running === undefined && this.#due().length === 0
      if (this.#stopped || idle || performance.now() > until) return
      this.nudge()
      await pause(2)
    }
  }

  async close(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.settled()
    await this.#discard()
  }

  #due(): TaskRunner[] {
    const now = performance.now()
    const due = [...this.#runners].filter((runner) => runner.wantsCommit && runner.refusedUntilMs <= now)
    const suspect = due.find((runner) => this.#suspects.has(runner))
    // A suspect goes alone; the others go on without it in the next round.
    return suspect === undefined ? due : [suspect]
  }

  async #run(): Promise<void> {
    const startedMs = performance.now()
    let shares: Share[] = []
    try {
      shares = await this.#take(this.#due())
      if (shares.length === 0) return
      this.#lastStartMs = startedMs
      this.#lastRecords = shares.reduce((sum, { share }) => sum + share.cut.records, 0)
      await this.#commit(shares)
      this.#committed(shares, startedMs)
      await this.#parts.failpoint('confirmed')
    } catch (error) {
      await this.#doubt(shares, error)
    } finally {
      this.#running = undefined
      for (const { runner } of shares) this.#parts.onSettled(runner)
      this.#again()
    }
  }

  /** Work that came meanwhile, or that waits for a refused membership to be replaced. */
  #again(): void {
    if (this.#stopped) return
    if (this.#due().length > 0) this.nudge()
    else if ([...this.#runners].some((runner) => runner.wantsCommit) && this.#timer === undefined)
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.nudge()
      }, REFUSED_PAUSE_MS)
  }

  /** Step 1: synchronous for each task; between two tasks others get a turn. */
  async #take(runners: readonly TaskRunner[]): Promise<Share[]> {
    const shares: Share[] = []
    const name = this.nextName()
    this.#lastCutMs = 0
    let room = CHECKPOINT_BYTES
    for (const runner of runners) {
      await this.#parts.turns.next()
      if (!runner.wantsCommit) continue
      const startedMs = performance.now()
      try {
        // One goes whatever its size: else it never would.
        const share = runner.take(name, room === CHECKPOINT_BYTES ? undefined : room)
        shares.push({ runner, share })
        room -= share.checkpoint?.bytes ?? 0
      } catch (error) {
        this.#fail(runner, error)
      }
      this.#lastCutMs += performance.now() - startedMs
    }
    // Given up while others were cut.
    return shares.filter(({ runner, share }) => runner.inflight === share)
  }

  async #commit(shares: readonly Share[]): Promise<void> {
    const { failpoint } = this.#parts
    await failpoint('cut')
    const producer = await this.#ready()
    this.#begunMs = performance.now()
    const transaction = await producer.begin()
    await failpoint('begun')
    for (const records of chunks(shares)) await transaction.send(records)
    await failpoint('produced')
    if (shares.some(({ share }) => share.checkpoint !== undefined)) await failpoint('written')
    for (const { membership, offsets } of byMembership(shares))
      await transaction.sendOffsets(membership, offsets)
    await failpoint('offsets')
    await transaction.commit()
    await failpoint('committed')
  }

  #committed(shares: readonly Share[], startedMs: number): void {
    const { metrics } = this.#parts
    const nowMs = Date.now()
    this.#contests = 0
    this.#failures = 0
    for (const { runner, share } of shares) {
      runner.confirm()
      this.#suspects.delete(runner)
      if (Number.isFinite(share.cut.oldestMs))
        metrics.observe(METRICS.age, Math.max(0, nowMs - share.cut.oldestMs) / 1000, { stage: 'processor' })
    }
    metrics.count(METRICS.commits)
    metrics.observe(METRICS.commitSeconds, (performance.now() - startedMs) / 1000)
  }

  /** The broker ended the transaction at its timeout: nobody else did. */
  #tookTooLong(): boolean {
    const { transactionTimeoutMs } = this.#parts.options
    const tookMs = performance.now() - this.#begunMs
    if (tookMs < transactionTimeoutMs) return false
    this.#parts.log.warn({ tookMs, transactionTimeoutMs }, 'a transaction took longer than it may')
    return true
  }

  async #ready(): Promise<TransactionalProducer> {
    if (this.#producer !== undefined) return this.#producer
    const { transactionalId, transactionTimeoutMs } = this.#parts.options
    const producer = this.#parts.port.transactionalProducer({
      transactionalId,
      timeoutMs: transactionTimeoutMs,
    })
    this.#producer = producer
    await producer.init()
    return producer
  }

  async #discard(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    try {
      await producer?.close()
    } catch (error) {
      this.#parts.log.debug({ err: error }, 'a producer that is thrown away did not close well')
    }
  }

  /** A step failed: nothing is known. Asks the broker until it answers, then lets each task settle (R6). */
  async #doubt(shares: readonly Share[], error: unknown): Promise<void> {
    const { log, metrics, options } = this.#parts
    metrics.count(METRICS.aborts, { reason: codeOf(error) })
    if (codeOf(error) === 'FENCED_INSTANCE_ID') await this.#reseated(shares)
    log.warn({ err: error, partitions: shares.map(({ runner }) => runner.partition) }, 'a commit failed')
    if (codeOf(error) === 'PRODUCER_FENCED' && !this.#tookTooLong()) this.#contests++
    if (this.#failures++ === 0) this.#failingSinceMs = performance.now()
    const untilMs = this.#failingSinceMs + options.giveUpMs
    for (let tries = 1; !this.#stopped; tries++) {
      try {
        await this.#discard()
        if (this.#contests >= CONTESTS_MAX) throw contested(options.transactionalId)
        await this.#ready()
        await this.#settle(shares, error)
        if (performance.now() > untilMs) throw error
        return
      } catch (again) {
        if (again instanceof RuntimeError) return this.#parts.onFatal(again)
        if (codeOf(again) === 'PRODUCER_FENCED') this.#contests++
        if (performance.now() > untilMs)
          return this.#parts.onFatal(
            new RuntimeError(
              'commit_given_up',
              `no commit went through for ${options.giveUpMs} ms: ${messageOf(again)}`,
              again,
            ),
          )
        log.warn({ err: again }, 'the outcome of a commit is not known yet, asking again')
        await pause(backoff(tries))
      }
    }
  }

  /**
   * Our seat has another membership: ours after a new join, which is handed out any moment, or that of another process.
   * The member finds out, and then this process ends: until then no InitProducerId may hit the other's transactions.
   */
  async #reseated(shares: readonly Share[]): Promise<void> {
    const untilMs = performance.now() + this.#parts.options.sessionTimeoutMs
    const old = ({ runner, share }: Share): boolean =>
      runner.membership === share.membership && !runner.life.is('closed', 'failed')
    while (!this.#stopped && shares.some(old) && performance.now() < untilMs) await pause(20)
  }

  async #settle(shares: readonly Share[], error: unknown): Promise<void> {
    const { admin, options, onForeign } = this.#parts
    const partitions = shares.map(({ runner }) => runner.partition)
    const found = await admin.committed(options.groupId, options.topics.events, partitions, STABLE_WAIT_MS)
    const recover = recoverOf(error)
    const now = performance.now()
    shares.forEach(({ runner, share }, i) => {
      const position = found[i]
      if (position === undefined || runner.life.is('closed', 'failed')) return
      const settlement = runner.settle(position)
      if (settlement === 'foreign') return onForeign(runner)
      if (settlement === 'committed') return void this.#suspects.delete(runner)
      if (recover === 'rejoin' && runner.membership === share.membership)
        runner.refusedUntilMs = now + REFUSED_PAUSE_MS
      if (recover === 'stop' || recover === 'dead-letter') this.#suspect(runner, shares.length === 1, error)
    })
  }

  /** M2. */
  #suspect(runner: TaskRunner, alone: boolean, error: unknown): void {
    const strikes = (this.#suspects.get(runner) ?? 0) + (alone ? 1 : 0)
    this.#suspects.set(runner, strikes)
    if (strikes >= STRIKES_MAX) this.#fail(runner, error)
    else if (alone) runner.refusedUntilMs = performance.now() + REFUSED_PAUSE_MS
  }

  #fail(runner: TaskRunner, error: unknown): void {
    this.#suspects.delete(runner)
    const reason = error instanceof Error ? error : new Error(String(error))
    this.#parts.onFailed(runner, reason)
  }
}

const contested = (transactionalId: string): RuntimeError =>
  new RuntimeError(
    'producer_contested',
    `another process uses the transactional id ${transactionalId}: stop it, or give each process its own id`,
  )

/** Records of all tasks in order, in requests that the broker takes. */
function* chunks(shares: readonly Share[]): IterableIterator<readonly OutputRecord[]> {
  let chunk: OutputRecord[] = []
  let bytes = 0
  for (const { share } of shares) {
    for (const record of share.records) {
      const size = (record.value?.length ?? 0) + record.key.length + 100
      if (bytes + size > SEND_BYTES && chunk.length > 0) {
        yield chunk
        chunk = []
        bytes = 0
      }
      chunk.push(record)
      bytes += size
    }
  }
  if (chunk.length > 0) yield chunk
}

/** R5. Normally one: all tasks were assigned by the same join. */
function byMembership(
  shares: readonly Share[],
): Iterable<{ readonly membership: Membership; readonly offsets: readonly OffsetCommit[] }> {
  const groups = new Map<string, { membership: Membership; offsets: OffsetCommit[] }>()
  for (const { share } of shares) {
    const { membership } = share
    const key = `${membership.memberId}|${membership.generationId}`
    const group = groups.get(key) ?? { membership, offsets: [] }
    group.offsets.push(...share.offsets)
    groups.set(key, group)
  }
  return groups.values()
}
