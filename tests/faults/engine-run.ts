/**
 * A run of the engine as processes on a real broker: topics of its own, toy topologies, a steady load, and what the
 * processes said of themselves. The test asserts; this file only runs and looks.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import type { Admin, InputRecord, KafkaPort, OutputRecord, Producer } from '../../platform/kafka/port.ts'
import { TEST_CODEC } from '../../processors/runtime/testing/driver.ts'
import { type RuntimeTopics, runtimeTopics } from '../../processors/runtime/topics.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { failed, reversed } from '../topology/runtime/toy.ts'
import type { WorkerSetup } from './runtime-worker.ts'

const WORKER = fileURLToPath(new URL('./runtime-worker.ts', import.meta.url))

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 30_000,
): Promise<void> {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for: ${what}`)
    await pause(25)
  }
}

export async function ended(child: ChildProcess): Promise<NodeJS.Signals | number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.signalCode ?? child.exitCode
}

interface Assigned {
  readonly atMs: number
  readonly partitions: readonly number[]
  readonly kept: number
}

export interface ProcessOptions {
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A worker process, and what it said. */
export class Member {
  readonly child: ChildProcess
  readonly assigned: Assigned[] = []
  /** Partitions in the order in which their state was restored. */
  readonly restored: { readonly atMs: number; readonly partition: number }[] = []
  #said = ''
  #line = ''

  constructor(setup: WorkerSetup, { nodeArgs = [], env = {} }: ProcessOptions) {
    this.child = spawn(process.execPath, [...nodeArgs, WORKER, JSON.stringify(setup)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => this.#hear(chunk.toString()))
  }

  get said(): string {
    return this.#said
  }

  get partitions(): readonly number[] {
    return this.assigned.at(-1)?.partitions ?? []
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** `running`, or how it ended and the last it said. */
  get standing(): string {
    if (this.running) return 'running'
    return `ended with ${this.child.signalCode ?? this.child.exitCode}: ${this.#said.slice(-2_000)}`
  }

  #hear(text: string): void {
    this.#said += text
    const lines = (this.#line + text).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) {
      const [, message, json] = /^(assigned|task restored) (\{.*?\}) /.exec(`${line} `) ?? []
      if (json === undefined) continue
      const facts = JSON.parse(json) as { partitions: number[]; kept: number; partition: number }
      const atMs = Date.now()
      if (message === 'assigned') this.assigned.push({ atMs, ...facts })
      else this.restored.push({ atMs, partition: facts.partition })
    }
  }
}

export interface RunOptions {
  readonly brokers: string
  readonly name: string
  readonly partitions: number
  /** Names of the catalogue, for a broker that nobody else uses. */
  readonly topics?: RuntimeTopics
  readonly tenants?: number
}

export class EngineRun {
  readonly topics: RuntimeTopics
  readonly alerts: string
  readonly history: string
  readonly groupId: string
  readonly partitions: number
  readonly members: Member[] = []
  readonly tenants: readonly string[]
  readonly #brokers: readonly string[]
  readonly #port: KafkaPort
  #admin!: Admin
  #producer!: Producer
  #serial = 0
  #loading: Promise<void> | undefined
  #loaded = true
  sent = 0

  constructor({ brokers, name, partitions, topics, tenants = 100 }: RunOptions) {
    this.#brokers = brokers.split(',')
    this.partitions = partitions
    this.#port = openKafka({ brokers: this.#brokers, clientId: 'engine-run' })
    const unique = `er-${name}-${Date.now().toString(36)}`
    this.groupId = unique
    this.topics =
      topics ??
      runtimeTopics({
        events: `${unique}.in`,
        results: `${unique}.out`,
        late: `${unique}.late`,
        checkpoints: `${unique}.ckpt`,
      })
    this.alerts = `${unique}.alerts`
    this.history = `${unique}.history`
    this.tenants = Array.from({ length: tenants }, (_, i) => `tenant-${i}`)
  }

  get port(): KafkaPort {
    return this.#port
  }

  get names(): readonly string[] {
    const { events, results, late, checkpoints, eventsDlq, resultsDlq } = this.topics
    return [events, results, late, checkpoints, eventsDlq, resultsDlq, this.alerts, this.history]
  }

  async open(): Promise<this> {
    this.#admin = await this.#port.admin()
    await this.#admin.createTopics(
      this.names.map((name) => ({
        name,
        partitions: this.partitions,
        config: {
          'message.timestamp.type': name === this.topics.events ? 'LogAppendTime' : 'CreateTime',
          ...(name === this.topics.checkpoints ? { 'cleanup.policy': 'compact' } : {}),
        },
      })),
    )
    this.#producer = await this.#port.producer()
    return this
  }

  /** A worker process; with a seat it is a static member. */
  member(more: Partial<WorkerSetup> = {}, options: ProcessOptions = {}): Member {
    const { topics, alerts, history, groupId } = this
    const name = more.instanceId ?? String(this.members.length + 1)
    const setup = { brokers: this.#brokers, topics, alerts, history, groupId, ...more }
    const one = new Member({ transactionalId: `${groupId}-${name}`, ...setup }, options)
    this.members.push(one)
    return one
  }

  record(event: FinanceEvent, partition?: number): OutputRecord {
    const value = TEST_CODEC.encode(event.type, event.data as never)
    const place = partition === undefined ? {} : { partition }
    return { topic: this.topics.events, key: event.data.tenantId, value, ...place }
  }

  tick(instant: number): readonly OutputRecord[] {
    const data = { ...failed().data, tenantId: '~', aggregateVersion: null, instant }
    return Array.from({ length: this.partitions }, (_, p) => this.record({ type: 'Tick', data }, p))
  }

  /** Events of which some are duplicates, refused, foreign or unreadable; the same for the same run. */
  events(count: number): readonly OutputRecord[] {
    return Array.from({ length: count }, () => {
      const n = ++this.#serial
      const tenantId = this.tenants[(n * 7) % this.tenants.length] as string
      const fields = {
        tenantId,
        aggregateId: `P${n % 500}`,
        aggregateVersion: 1 + Math.floor(n / 500),
        failedDate: n,
      }
      if (n % 97 === 0) return { ...this.record(failed(fields)), value: Buffer.from('poison') }
      if (n % 89 === 0)
        return this.record(failed(fields), (partitionOf(tenantId, this.partitions) + 1) % this.partitions)
      if (n % 83 === 0) return this.record(failed({ ...fields, reason: 'refuse' }))
      if (n % 79 === 0) return this.record(failed({ ...fields, eventId: 'again', aggregateVersion: null }))
      return this.record(n % 3 === 0 ? reversed(fields) : failed(fields))
    })
  }

  /** Events whose tenant lives in this partition. */
  eventsFor(partition: number, make: typeof failed | typeof reversed, count = 1): readonly OutputRecord[] {
    const tenantId = this.tenants.find((tenant) => partitionOf(tenant, this.partitions) === partition)
    if (tenantId === undefined) throw new Error(`no tenant lives in partition ${partition}`)
    return Array.from({ length: count }, () => this.record(make({ tenantId, failedDate: 1 })))
  }

  async send(records: readonly OutputRecord[]): Promise<void> {
    await this.#producer.send(records)
    this.sent += records.length
  }

  /** A steady load until `quiet`; a broker that is away is waited for, and may get the last events twice. */
  load(perSecond: number): void {
    const everyMs = 20
    this.#loaded = false
    this.#loading = (async () => {
      let due = performance.now()
      while (!this.#loaded) {
        const batch = this.events(Math.round((perSecond * everyMs) / 1000))
        for (;;) {
          try {
            await this.send(batch)
            break
          } catch (error) {
            if (this.#loaded) throw error
            await this.#producer.close()
            this.#producer = await this.#port.producer()
          }
        }
        due = Math.max(due + everyMs, performance.now() - 1_000)
        if (due > performance.now()) await pause(due - performance.now())
      }
    })()
  }

  async quiet(): Promise<void> {
    this.#loaded = true
    await this.#loading
  }

  /** Records that are not committed by the group yet; undefined while a transaction is open or nobody answers. */
  async lag(): Promise<number | undefined> {
    const partitions = Array.from({ length: this.partitions }, (_, p) => p)
    try {
      const ends = await this.#admin.bounds(this.topics.events, partitions)
      const committed = await this.#admin.committed(this.groupId, this.topics.events, partitions, 300)
      return ends.reduce(
        (sum, { high }, p) => sum + Math.max(0, high - Math.max(0, committed[p]?.offset ?? 0)),
        0,
      )
    } catch {
      return undefined
    }
  }

  /** A record that another partition's task moves here may come after a look: three in a row must find nothing. */
  async idle(): Promise<boolean> {
    for (let look = 0; look < 3; look++) {
      if ((await this.lag()) !== 0) return false
      await pause(100)
    }
    return true
  }

  async committed(partition: number): Promise<number> {
    const [found] = await this.#admin.committed(this.groupId, this.topics.events, [partition], 10_000)
    return found?.offset ?? -1
  }

  async read(topic: string, partition: number, from?: number): Promise<readonly InputRecord[]> {
    const records: InputRecord[] = []
    const [bounds] = await this.#admin.bounds(topic, [partition])
    for await (const batch of this.#port.readPartition({ topic, partition, from: from ?? bounds?.low ?? 0 }))
      records.push(...batch.records)
    return records
  }

  async end(topic: string, partition: number): Promise<number> {
    return (await this.#admin.bounds(topic, [partition]))[0]?.high ?? 0
  }

  async close(): Promise<void> {
    this.#loaded = true
    await this.#loading?.catch(() => undefined)
    for (const { child, running } of this.members) if (running) child.kill('SIGKILL')
    await this.#producer.close()
    await this.#admin.close()
    await this.#port.close()
  }
}
