/**
 * Rebuilds of the tenants of one partition, one after the other, by the numbered steps of README.md. Owns the reading of
 * the log for the shadow and the moment at which it replaces what there is. Refuses: a log that does not begin at 0, and
 * more outputs than fit in one commit.
 * B1: nothing of a rebuild is outside before the commit that carries its checkpoint. B2: whoever gives the partition up
 * ends it; a restore begins it again. B3: the task waits only while the last records are folded (step 4).
 */
import { recoverOf } from '../../../platform/errors.ts'
import type { Admin, InputRecord, KafkaPort } from '../../../platform/kafka/port.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import type { RuntimeLog } from '../log.ts'
import type { RuntimeOptions } from '../options.ts'
import type { EventCodec, Task } from '../task.ts'
import type { Topology } from '../topology.ts'
import type { Turns } from '../turns.ts'
import { nothingPublished, type Published, seeLetter, seeResult } from './published.ts'
import { shadowTask } from './shadow-task.ts'
import type { StoppedTenant } from './stores.ts'

/** What a rebuild needs of the process. */
export interface RebuildParts {
  readonly port: KafkaPort
  readonly admin: Admin
  readonly topologies: readonly Topology[]
  readonly log: RuntimeLog
  /** The tenants that are stopped or being rebuilt are others than before. */
  readonly onTenants: () => void
}

/** What a rebuild needs of its partition. */
export interface RebuildHost {
  readonly partition: number
  readonly task: Task | undefined
  /** Folds and commits; else it waits (suspended) or is over. */
  readonly isRunning: boolean
  readonly isOver: boolean
  readonly committed: number
  readonly isCheckpointing: boolean
  /** No new checkpoint is begun. */
  keepCheckpoints(back: boolean): void
  /** Nothing is folded. */
  hold(on: boolean): void
  /** The state was changed at its own offset: no commit before one that carries a checkpoint. */
  replaced(): void
  /** That commit is not through yet. */
  readonly isReplaced: boolean
}

export interface HeldTenant extends StoppedTenant {
  readonly tenant: string
  /** Offset that its rebuild has reached. */
  readonly rebuiltTo: number | null
  /** Why its rebuild was given up. */
  readonly error: string | null
}

/** Records between shadow and task when the task is held. */
const NEAR = 2_000
/** A task that is fed faster than its shadow is held after so many rounds. */
const ROUNDS_MAX = 12
const TRIES_MAX = 8
const POLL_MS = 5
const RETRY_MS = { first: 200, most: 5_000 }

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Work {
  readonly task: Task
  readonly tenant: string
  readonly record: StoppedTenant
  readonly wanted: () => boolean
}

export class TenantRebuilds {
  readonly #host: RebuildHost
  readonly #parts: RebuildParts
  readonly #options: RuntimeOptions
  readonly #codec: EventCodec
  readonly #turns: Turns
  readonly #givenUp = new Map<string, { readonly requested: number | null; readonly error: string }>()
  #current: { readonly tenant: string; readonly record: StoppedTenant; shadow: Task | undefined } | undefined
  #seen = ''

  constructor(
    host: RebuildHost,
    parts: RebuildParts,
    rest: { readonly options: RuntimeOptions; readonly codec: EventCodec; readonly turns: Turns },
  ) {
    this.#host = host
    this.#parts = parts
    this.#options = rest.options
    this.#codec = rest.codec
    this.#turns = rest.turns
  }

  /** For people: a tenant that was replaced counts until that is committed. */
  get held(): readonly HeldTenant[] {
    const held = [...(this.#host.task?.tenants.held() ?? [])]
    const current = this.#current
    if (current !== undefined && !held.some(([tenant]) => tenant === current.tenant))
      held.push([current.tenant, current.record])
    return held.map(([tenant, record]) => ({
      tenant,
      ...record,
      rebuiltTo: this.#current?.tenant === tenant ? (this.#current.shadow?.offset ?? 0) : null,
      error: this.#failure(tenant, record) ?? null,
    }))
  }

  #failure(tenant: string, record: StoppedTenant): string | undefined {
    const failed = this.#givenUp.get(tenant)
    return failed !== undefined && failed.requested === record.requested ? failed.error : undefined
  }

  /** Called after every slice and after a restore: begins the next rebuild that was asked for. */
  look(): void {
    const { task } = this.#host
    if (task === undefined || (task.tenants.size === 0 && this.#seen === '')) return
    const held = task.tenants.held()
    this.#tell(held)
    if (this.#current !== undefined) return
    const next = held.find(
      ([tenant, record]) => record.mode === 'rebuilding' && this.#failure(tenant, record) === undefined,
    )
    if (next === undefined) return
    const [tenant, record] = next
    const wanted = (): boolean => {
      const now = task.tenants.of(tenant)
      return (
        !this.#host.isOver &&
        this.#host.task === task &&
        now?.mode === 'rebuilding' &&
        now.requested === record.requested
      )
    }
    this.#current = { tenant, record, shadow: undefined }
    void this.#run({ task, tenant, record, wanted }).finally(() => {
      this.#current = undefined
      this.look()
    })
  }

  #tell(held: readonly (readonly [string, StoppedTenant])[]): void {
    const seen = held.map(([tenant, { mode }]) => `${tenant} ${mode}`).join(',')
    if (seen === this.#seen) return
    this.#seen = seen
    const tenants = held.map(([tenant, { mode, offset, reason }]) => ({ tenant, mode, offset, reason }))
    this.#parts.log.warn({ partition: this.#host.partition, tenants }, 'tenants that are left out')
    this.#parts.onTenants()
  }

  async #run(work: Work): Promise<void> {
    const { tenant, record, wanted } = work
    const facts = { partition: this.#host.partition, tenant }
    for (let tries = 1, waitMs = RETRY_MS.first; wanted(); tries++) {
      try {
        await this.#rebuild(work)
        return
      } catch (error) {
        const away = recoverOf(error) === 'retry' || recoverOf(error) === 'rejoin'
        if (error instanceof RuntimeError || (!away && tries >= TRIES_MAX)) {
          this.#givenUp.set(tenant, { requested: record.requested, error: messageOf(error) })
          this.#parts.log.error(
            { err: error, ...facts },
            'the rebuild of a tenant was given up; the others go on',
          )
          return
        }
        this.#parts.log.warn({ err: error, ...facts, tries }, 'the rebuild of a tenant failed, trying again')
        await pause(waitMs)
        waitMs = Math.min(waitMs * 2, RETRY_MS.most)
      }
    }
  }

  async #rebuild(work: Work): Promise<void> {
    const { task, tenant, record, wanted } = work
    const startedMs = performance.now()
    // (1) What the tenant had before the stop is outside by then, and nothing new comes.
    await this.#until(() => this.#host.committed > (record.requested ?? 0), wanted)
    // (2)
    const published = await this.#published(tenant, wanted)
    if (!wanted()) return
    // (3)
    const shadow = shadowTask(await this.#taskOptions(), task, tenant, record, published)
    this.#current = { tenant, record, shadow }
    const bound = new OutputBound(shadow, tenant, this.#options.rebuildBytesMax)
    for (let round = 0; round < ROUNDS_MAX && task.offset - shadow.offset > NEAR; round++)
      await this.#fold(shadow, task.offset, wanted, bound)
    // (4)
    while (wanted()) {
      if (!(await this.#replace(work, shadow, published, bound))) continue
      // (5)
      await this.#until(
        () => !this.#host.isReplaced,
        () => !this.#host.isOver && this.#host.task === task,
      )
      const seconds = (performance.now() - startedMs) / 1000
      this.#parts.log.info(
        { partition: this.#host.partition, tenant, offset: task.offset, seconds },
        'a tenant was rebuilt',
      )
      return
    }
  }

  /** Step 4, with the task held (B3). False: not yet. */
  async #replace(
    { task, wanted }: Work,
    shadow: Task,
    published: Published,
    bound: OutputBound,
  ): Promise<boolean> {
    const host = this.#host
    host.keepCheckpoints(true)
    try {
      await this.#until(() => host.isRunning && !host.isCheckpointing, wanted)
      host.hold(true)
      while (shadow.offset < task.offset && wanted()) await this.#fold(shadow, task.offset, wanted, bound)
      if (!wanted() || !host.isRunning || host.isCheckpointing) return false
      let sliceEnd = performance.now() + this.#options.sliceMs
      for (const _ of task.replace(shadow)) {
        if (performance.now() < sliceEnd) continue
        await this.#turns.next()
        if (!wanted()) return false
        sliceEnd = performance.now() + this.#options.sliceMs
      }
      if (!host.isRunning || shadow.offset < task.offset) return false
      task.adopt(shadow, published.results)
      host.replaced()
      return true
    } finally {
      host.hold(false)
      host.keepCheckpoints(false)
    }
  }

  /** All of the log up to here is readable, from its start. */
  async #checkLog(to: number): Promise<void> {
    const { events } = this.#options.topics
    const [bounds] = await this.#parts.admin.bounds(events, [this.#host.partition])
    if (bounds !== undefined && bounds.low > 0)
      throw new RuntimeError(
        'log_trimmed',
        `${events}-${this.#host.partition} begins at ${bounds.low}: what came before cannot be folded again, so a ` +
          'tenant cannot be rebuilt from it. Restore the topic; its retention must be unlimited',
      )
    if ((bounds?.high ?? 0) < to)
      throw new Error(
        `${events}-${this.#host.partition} is readable up to ${bounds?.high} only, not up to ${to}`,
      )
  }

  async #published(tenant: string, wanted: () => boolean): Promise<Published> {
    const { events, results, eventsDlq } = this.#options.topics
    const published = nothingPublished()
    await this.#read(results, wanted, (record) => seeResult(published, tenant, record))
    await this.#read(eventsDlq, wanted, (record) => seeLetter(published, events, record))
    return published
  }

  async #read(topic: string, wanted: () => boolean, see: (record: InputRecord) => void): Promise<void> {
    const { partition } = this.#host
    const [bounds] = await this.#parts.admin.bounds(topic, [partition])
    const reading = { topic, partition, from: bounds?.low ?? 0 }
    for await (const { records } of this.#parts.port.readPartition(reading)) {
      for (const record of records) see(record)
      if (!wanted()) return
      await this.#turns.next()
    }
  }

  async #taskOptions() {
    const { topics, idHorizonMs } = this.#options
    const [topic] = await this.#parts.admin.describeTopics([topics.events])
    return {
      topologies: this.#parts.topologies,
      codec: this.#codec,
      topics,
      partition: this.#host.partition,
      partitions: topic?.partitions ?? 0,
      idHorizonMs,
    }
  }

  /** In slices, up to an offset of the log. */
  async #fold(shadow: Task, to: number, wanted: () => boolean, bound: OutputBound): Promise<void> {
    const { topics, sliceMs } = this.#options
    const reading = { topic: topics.events, partition: shadow.partition, from: shadow.offset, to }
    let records = 0
    await this.#checkLog(to)
    for await (const batch of this.#parts.port.readPartition(reading)) {
      await this.#turns.next()
      let sliceEnd = performance.now() + sliceMs
      for (const record of batch.records) {
        if (record.offset >= to) break
        for (let id = shadow.fold(record); id !== undefined; id = shadow.fold(record))
          await this.#codec.prepare(id)
        if ((++records & 15) !== 0 || performance.now() < sliceEnd) continue
        bound.check()
        await this.#turns.next()
        if (!wanted()) return
        sliceEnd = performance.now() + sliceMs
      }
      bound.check()
      if (!wanted()) return
    }
    shadow.skipTo(to)
  }

  async #until(condition: () => boolean, wanted: () => boolean): Promise<void> {
    while (wanted() && !condition()) await pause(POLL_MS)
  }
}

/** Once-only outputs wait in memory and leave in one transaction. */
class OutputBound {
  readonly #shadow: Task
  readonly #tenant: string
  readonly #max: number
  #counted = 0
  #bytes = 0

  constructor(shadow: Task, tenant: string, max: number) {
    this.#shadow = shadow
    this.#tenant = tenant
    this.#max = max
  }

  check(): void {
    const { pending } = this.#shadow
    for (; this.#counted < pending.length; this.#counted++)
      this.#bytes += (pending[this.#counted]?.value?.length ?? 0) + RECORD_BYTES
    if (this.#bytes > this.#max)
      throw new RuntimeError(
        'rebuild_too_large',
        `${this.#tenant}: its events behind the stop have more than ${this.#max} bytes of history, alerts and dead ` +
          'letters; they leave in one transaction. Raise rebuildBytesMax (and the transaction timeout), or correct ' +
          'the code if they are refusals, and restart',
      )
  }
}

/** Key, headers and overhead, about. */
const RECORD_BYTES = 300
