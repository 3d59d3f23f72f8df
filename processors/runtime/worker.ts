/**
 * The member of the consumer group: which partitions are ours, and what becomes of their tasks. Owns assignment, restore
 * with tries, feeding, and the graceful stop (R12).
 * W1: handlers of the consumer never wait for a commit or a restore: a partition that cannot be fed is paused instead.
 * W2: a partition that comes back keeps its state only when nobody committed meanwhile (R6). W4: a restore belongs to the
 * membership under which it began: under the next one somebody else may have had the partition, and it begins anew. W3: a task in trouble is
 * stopped, counted and shown; the others go on (R11).
 */
import { recoverOf } from '../../platform/errors.ts'
import type { Admin, Batch, Consumer, KafkaPort, Membership } from '../../platform/kafka/port.ts'
import { ownerOf } from './commit-name.ts'
import { Committer } from './commit.ts'
import { messageOf, RuntimeError } from './errors.ts'
import { NO_LOG, type RuntimeLog } from './log.ts'
import { METRICS, NO_METRICS, type RuntimeMetrics } from './metrics.ts'
import { checkOptions, DEFAULT_GROUP, DEFAULTS, type RuntimeOptions } from './options.ts'
import { LagWatch } from './lag-watch.ts'
import { restoreTask } from './restore.ts'
import type { Failpoint } from './steps.ts'
import { type ProcessReport, processReport, watched } from './report.ts'
import type { EventCodec } from './task.ts'
import type { TaskState } from './task-life.ts'
import { type Position, TaskRunner } from './task-runner.ts'
import { runtimeTopics } from './topics.ts'
import type { Topology } from './topology.ts'
import type { HeldTenant } from './tenants/rebuild.ts'
import { Turns } from './turns.ts'

export type WorkerOptions = { readonly transactionalId: string } & Partial<RuntimeOptions>

export interface WorkerParts {
  readonly port: KafkaPort
  readonly topologies: readonly Topology[]
  readonly codec: EventCodec
  readonly options: WorkerOptions
  readonly metrics?: RuntimeMetrics
  readonly log?: RuntimeLog
  readonly failpoint?: Failpoint
  /** The process cannot go on: end it. */
  readonly onFatal: (error: Error) => void
}

export interface TaskStatus {
  readonly partition: number
  readonly state: TaskState
  readonly offset: number | undefined
  readonly committed: number
  readonly lag: number | undefined
  readonly error: string | undefined
  /** Tenants of the partition that are stopped or being rebuilt. */
  readonly tenants: readonly HeldTenant[]
}

const RESTORE_TRIES_MAX = 8
const RETRY_MS = { first: 200, most: 5_000 }

const pauseMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export class Worker {
  readonly options: RuntimeOptions
  readonly #parts: WorkerParts
  readonly #metrics: RuntimeMetrics
  readonly #log: RuntimeLog
  readonly #turns = new Turns()
  readonly #runners = new Map<number, TaskRunner>()
  /** Partitions that wait for the registry. */
  readonly #schemaless = new Set<number>()
  #consumer: Consumer | undefined
  #admin: Admin | undefined
  #committer: Committer | undefined
  #lagWatch: LagWatch | undefined
  #stopping = false
  #fatal: Error | undefined

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.#metrics = parts.metrics ?? NO_METRICS
    this.#log = parts.log ?? NO_LOG
    this.options = checkOptions({
      ...DEFAULTS,
      groupId: DEFAULT_GROUP,
      ...parts.options,
      topics: parts.options.topics ?? runtimeTopics(),
    })
  }

  async start(): Promise<void> {
    const { port } = this.#parts
    const { groupId, topics, instanceId, sessionTimeoutMs, fenceAfterMs } = this.options
    this.#admin = await port.admin()
    await this.#checkTopics(this.#admin)
    if (instanceId !== undefined) await this.#endLeftover()
    this.#committer = new Committer({
      port,
      admin: this.#admin,
      options: this.options,
      metrics: this.#metrics,
      log: this.#log,
      failpoint: this.#parts.failpoint ?? (() => undefined),
      turns: this.#turns,
      onSettled: (runner) => this.#feedable(runner),
      onForeign: (runner) => this.#rebuild(runner, 'somebody else committed for its partition'),
      onFailed: (runner, error) => this.#fail(runner, error),
      onFatal: (error) => this.#end(error),
    })
    this.#lagWatch = new LagWatch({
      port,
      admin: this.#admin,
      groupId,
      topic: topics.events,
      metrics: this.#metrics,
      log: this.#log,
      tasks: () => [...this.#runners.values()].map(watched),
    })
    this.#consumer = port.consumer({
      groupId,
      topics: [topics.events],
      instanceId,
      feedWhileJoining: true,
      sessionTimeoutMs,
      maxWaitMs: 100,
      pendingOwner: ownerOf,
      fenceAfterMs,
    })
    await this.#consumer.start({
      onAssigned: (partitions, membership) => this.#assigned(partitions, membership),
      onRevoked: (partitions) => this.#revoked(partitions),
      onBatch: (batch) => this.#batch(batch),
      onCrash: (error) => this.#end(error),
    })
    this.#lagWatch.start()
  }

  /** What the process before left open under our transactional id would hold up the offsets that we start from. */
  async #endLeftover(): Promise<void> {
    const { transactionalId, transactionTimeoutMs: timeoutMs } = this.options
    const producer = this.#parts.port.transactionalProducer({ transactionalId, timeoutMs })
    try {
      await producer.init()
    } finally {
      await producer.close()
    }
  }

  /** Outputs and checkpoints go to the partition of their input: the counts must agree. */
  async #checkTopics(admin: Admin): Promise<void> {
    const { events, results, checkpoints, eventsDlq, resultsDlq, late } = this.options.topics
    const names = [...new Set([events, results, checkpoints, eventsDlq, resultsDlq, late])]
    const found = new Map(
      (await admin.describeTopics(names)).map(({ name, partitions }) => [name, partitions]),
    )
    const wrong = names.filter((name) => found.get(name) !== found.get(events))
    if (found.get(events) === undefined || wrong.length > 0)
      throw new RuntimeError(
        'topic_mismatch',
        `${events} has ${found.get(events) ?? 'no'} partitions, but ${wrong
          .map((name) => `${name} has ${found.get(name) ?? 'none'}`)
          .join(', ')}: create them with the same count`,
      )
  }

  status(): readonly TaskStatus[] {
    return [...this.#runners.values()]
      .sort((a, b) => a.partition - b.partition)
      .map((runner) => ({
        partition: runner.partition,
        state: runner.life.state,
        offset: runner.task?.offset,
        committed: runner.last.offset,
        lag: runner.task && Math.max(0, runner.highWatermark - runner.task.offset),
        error: runner.error?.message,
        tenants: runner.rebuilds?.held ?? [],
      }))
  }

  /** All that an operator asks of this process (GET /tasks). The ends of the partitions are asked of the broker now. */
  async report(): Promise<ProcessReport> {
    const lags = await this.#lagWatch?.look().catch(() => undefined)
    const runners = [...this.#runners.values()].sort((a, b) => a.partition - b.partition)
    return processReport(this.options, this.#parts.topologies, runners, lags, Date.now())
  }

  /** The task of a partition, to look at (describe, tests). */
  runner(partition: number): TaskRunner | undefined {
    return this.#runners.get(partition)
  }

  /** True when every assigned task runs. */
  get whole(): boolean {
    return (
      this.#fatal === undefined && [...this.#runners.values()].every((runner) => runner.life.is('running'))
    )
  }

  async #assigned(
    partitions: readonly { readonly topic: string; readonly partition: number }[],
    membership: Membership,
  ): Promise<void> {
    const mine = new Set(partitions.map(({ partition }) => partition))
    for (const runner of this.#runners.values()) if (!mine.has(runner.partition)) this.#close(runner)
    const kept: TaskRunner[] = []
    for (const partition of mine) {
      this.#pause(partition)
      const runner = this.#runners.get(partition)
      if (runner?.life.is('running', 'suspended')) {
        runner.membership = membership
        runner.refusedUntilMs = 0
        runner.assignments++
        if (runner.life.is('running')) runner.life.move('suspended')
        kept.push(runner)
      } else this.#begin(partition, membership)
    }
    if (kept.length > 0) void this.#readmit(kept, membership)
    this.#log.info(
      { partitions: [...mine], generation: membership.generationId, kept: kept.length },
      'assigned',
    )
    this.#gauges()
    return Promise.resolve()
  }

  /** W2. */
  async #readmit(kept: readonly TaskRunner[], membership: Membership): Promise<void> {
    const { groupId, topics } = this.options
    const waiting = (): TaskRunner[] =>
      kept.filter((runner) => runner.life.is('suspended') && runner.membership === membership)
    for (let waitMs = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.most)) {
      await this.#committer?.settled()
      const runners = waiting()
      if (runners.length === 0 || this.#stopping) return
      try {
        const partitions = runners.map(({ partition }) => partition)
        const found = await this.#admin?.committed(groupId, topics.events, partitions)
        runners.forEach((runner, i) => {
          const position = found?.[i]
          if (position === undefined || !waiting().includes(runner)) return
          if (runner.settle(position) === 'foreign') this.#rebuild(runner, 'it was somebody else’s meanwhile')
          else this.#goLive(runner)
        })
        return
      } catch (error) {
        this.#log.warn({ err: error }, 'cannot read the offsets of partitions that came back, trying again')
        await pauseMs(waitMs)
      }
    }
  }

  #begin(partition: number, membership: Membership): void {
    const before = this.#runners.get(partition)
    if (before) this.#close(before)
    const runner = new TaskRunner(partition, membership, {
      options: this.options,
      codec: this.#parts.codec,
      metrics: this.#metrics,
      onWork: () => this.#committer?.nudge(),
      tasks: () => this.#runners.size,
      turns: this.#turns,
      failpoint: this.#parts.failpoint,
      rebuild: {
        port: this.#parts.port,
        admin: this.#admin as Admin,
        topologies: this.#parts.topologies,
        log: this.#log,
        onTenants: () => this.#gauges(),
      },
    })
    this.#runners.set(partition, runner)
    runner.life.move('restoring')
    void this.#restore(runner)
  }

  async #restore(runner: TaskRunner): Promise<void> {
    const wanted = (): boolean => runner.life.is('restoring') && !this.#stopping
    const untilMs = performance.now() + this.options.giveUpMs
    for (let tries = 1, waitMs = RETRY_MS.first; wanted(); tries++) {
      try {
        // A commit of this partition by an older task of ours may still be in flight.
        await this.#committer?.settled()
        const restored = await restoreTask(
          {
            ...this.#parts,
            port: runner.sizes.watching(this.#parts.port, this.options.topics.checkpoints),
            admin: this.#admin as Admin,
            options: this.options,
            metrics: this.#metrics,
            failpoint: this.#parts.failpoint ?? (() => undefined),
            turns: this.#turns,
            wanted,
          },
          runner.partition,
        )
        if (restored === undefined || !wanted()) return
        const { replayed, cells, task, checkpointer } = restored
        const claimed = await this.#claim(runner.partition, task.offset)
        await this.#parts.failpoint?.('claimed')
        if (!wanted()) return
        runner.adopt(task, checkpointer, claimed, replayed)
        this.#log.info({ partition: runner.partition, offset: task.offset, replayed, cells }, 'task restored')
        this.#goLive(runner)
        return
      } catch (error) {
        if (!wanted()) return
        // A broker that is away comes back; anything else gets a few tries.
        const away = recoverOf(error) === 'retry' || recoverOf(error) === 'rejoin'
        const refused = error instanceof RuntimeError
        if (refused || (away ? performance.now() > untilMs : tries >= RESTORE_TRIES_MAX))
          return this.#fail(runner, error instanceof Error ? error : new Error(String(error)))
        this.#log.warn({ err: error, partition: runner.partition, tries }, 'restore failed, trying again')
        await pauseMs(waitMs)
        waitMs = Math.min(waitMs * 2, RETRY_MS.most)
      }
    }
  }

  /**
   * Puts our name on the committed offset before our first transaction on it: whoever meets that one unfinished can
   * end it. The broker refuses this to a member whose generation is over. Not in a transaction: whoever met that one
   * unfinished would not know whose it is.
   */
  async #claim(partition: number, offset: number): Promise<Position> {
    const metadata = this.#committer?.nextName() ?? ''
    await this.#consumer?.commit([{ topic: this.options.topics.events, partition, offset, metadata }])
    return { offset, metadata }
  }

  #goLive(runner: TaskRunner): void {
    const { task } = runner
    if (task === undefined || this.#stopping) return
    runner.life.move('running')
    runner.full = false
    this.#committer?.add(runner)
    this.#consumer?.seek(this.options.topics.events, runner.partition, task.offset)
    this.#consumer?.resume(this.options.topics.events, runner.partition)
    this.#gauges()
    this.#committer?.nudge()
  }

  async #batch(batch: Batch): Promise<void> {
    const runner = this.#runners.get(batch.partition)
    if (runner === undefined || !runner.life.is('running') || this.#stopping) return
    try {
      const { whole, error } = await runner.feed(batch)
      if (!runner.life.is('running')) return
      const lag = Math.max(0, batch.highWatermark - (runner.task?.offset ?? 0))
      const labels = { partition: String(batch.partition) }
      this.#metrics.gauge(METRICS.lag, lag, labels)
      this.#metrics.gauge(METRICS.logTime, (runner.task?.logTime ?? 0) / 1000, labels)
      if (error !== undefined) return void this.#later(runner, error)
      if (this.#schemaless.size > 0 && this.#schemaless.delete(batch.partition))
        this.#log.info({ partition: batch.partition }, 'the schema is there, the partition goes on')
      if (whole && runner.uncommitted >= this.options.uncommittedRecordsMax) {
        runner.full = true
        this.#pause(batch.partition)
      }
    } catch (error) {
      this.#fail(runner, error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** The registry does not answer: the partition waits, at the record that needs it (W1). */
  async #later(runner: TaskRunner, error: unknown): Promise<void> {
    const { assignments, partition, task } = runner
    if (!this.#schemaless.has(partition))
      this.#log.warn({ err: error, partition }, 'a schema could not be fetched, the partition waits')
    this.#schemaless.add(partition)
    this.#pause(partition)
    this.#consumer?.seek(this.options.topics.events, partition, task?.offset ?? 0)
    await pauseMs(RETRY_MS.most / 5)
    if (runner.assignments === assignments && runner.life.is('running') && !runner.full)
      this.#consumer?.resume(this.options.topics.events, partition)
  }

  #feedable(runner: TaskRunner): void {
    if (!runner.full || !runner.life.is('running')) return
    if (runner.uncommitted >= this.options.uncommittedRecordsMax) return
    runner.full = false
    this.#consumer?.resume(this.options.topics.events, runner.partition)
  }

  #pause(partition: number): void {
    this.#consumer?.pause(this.options.topics.events, partition)
  }

  #revoked(partitions: readonly { readonly topic: string; readonly partition: number }[]): Promise<void> {
    for (const { partition } of partitions) {
      const runner = this.#runners.get(partition)
      if (runner) this.#close(runner)
    }
    // W4: from here on a claim would carry the new membership.
    for (const runner of this.#runners.values()) if (runner.life.is('restoring')) this.#close(runner)
    this.#gauges()
    return Promise.resolve()
  }

  #close(runner: TaskRunner): void {
    this.#schemaless.delete(runner.partition)
    this.#committer?.remove(runner)
    runner.close()
    if (this.#runners.get(runner.partition) === runner) this.#runners.delete(runner.partition)
  }

  /** The state is not to be trusted any more; the partition is still ours, as far as we know. */
  #rebuild(runner: TaskRunner, reason: string): void {
    if (this.#runners.get(runner.partition) !== runner) return
    this.#log.warn({ partition: runner.partition, reason }, 'the state of a task is dropped and restored')
    this.#pause(runner.partition)
    this.#begin(runner.partition, runner.membership)
  }

  /** W3. */
  #fail(runner: TaskRunner, error: Error): void {
    if (runner.life.is('closed', 'failed')) return
    this.#committer?.remove(runner)
    this.#pause(runner.partition)
    runner.fail(error)
    this.#log.error(
      { err: error, partition: runner.partition, recover: recoverOf(error) },
      'a task stopped; the other partitions go on',
    )
    this.#gauges()
  }

  #gauges(): void {
    const counts = new Map<TaskState, number>([
      ['restoring', 0],
      ['running', 0],
      ['suspended', 0],
      ['failed', 0],
    ])
    for (const { life } of this.#runners.values()) counts.set(life.state, (counts.get(life.state) ?? 0) + 1)
    for (const [state, count] of counts) this.#metrics.gauge(METRICS.tasks, count, { state })
    const held = [...this.#runners.values()].flatMap((runner) => runner.rebuilds?.held ?? [])
    for (const state of ['stopped', 'rebuilding'] as const) {
      const count = held.filter(({ mode }) => mode === state).length
      this.#metrics.gauge(METRICS.tenantsStopped, count, { state })
    }
  }

  #end(error: Error): void {
    if (this.#fatal !== undefined) return
    this.#fatal = error
    this.#log.error({ err: error }, `the worker cannot go on: ${messageOf(error)}`)
    this.#parts.onFatal(error)
  }

  /** R12. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    for (const runner of this.#runners.values()) {
      runner.halted = true
      this.#pause(runner.partition)
    }
    if (this.#fatal === undefined) await this.#committer?.drain(this.options.stopMs)
    await this.#consumer?.stop()
    await this.#committer?.close()
    this.#lagWatch?.stop()
    await this.#admin?.close()
  }
}
