/** One group on a real broker with topics of its own, the processes that work for it, and what is left of a run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from '@jest/globals'
import { Client } from '../../platform/kafka/kafkajs/client.ts'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import type { Admin, InputRecord, KafkaPort, OutputRecord, Producer } from '../../platform/kafka/port.ts'
import { TEST_CODEC } from '../../processors/runtime/testing/driver.ts'
import { FIRST_EPOCH } from '../../processors/runtime/task.ts'
import { runtimeTopics } from '../../processors/runtime/topics.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { PARTITIONS, type Target } from '../topology/runtime/cluster.ts'
import type { History, PartitionHistory } from '../topology/runtime/crash-history.ts'
import { checkLog } from '../topology/runtime/oracle.ts'
import { failed, toys } from '../topology/runtime/toy.ts'
import { ID_HORIZON_MS } from '../../schemas/rules/accept.ts'
import type { WorkerSetup } from './runtime-worker.ts'

const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1
/** Longer than a transaction of a dead process lives. */
const OPEN_MS = 10_000
const WORKER = fileURLToPath(new URL('./runtime-worker.ts', import.meta.url))
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 30_000,
): Promise<void> {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for: ${what}`)
    await pause(50)
  }
}

/** One set of topics and one group on the broker; records are appended in the order of the calls. */
export class Bench implements Target {
  nowMs = Date.now()
  readonly topics: ReturnType<typeof runtimeTopics>
  readonly alerts: string
  readonly history: string
  readonly groupId: string
  readonly children: ChildProcess[] = []
  readonly #port: KafkaPort
  readonly #brokers: readonly string[]
  readonly #pending: OutputRecord[] = []
  #admin!: Admin
  #client: Client | undefined
  #producer!: Producer
  #workers = 0

  constructor(brokers: string, name: string) {
    this.#brokers = brokers.split(',')
    this.#port = openKafka({ brokers: this.#brokers, clientId: 'runtime-bench' })
    const unique = `rt-${name}-${Date.now().toString(36)}`
    this.groupId = unique
    this.topics = runtimeTopics({
      events: `${unique}.in`,
      results: `${unique}.out`,
      late: `${unique}.late`,
      checkpoints: `${unique}.ckpt`,
    })
    this.alerts = `${unique}.alerts`
    this.history = `${unique}.history`
  }

  async open(): Promise<this> {
    this.#admin = await this.#port.admin()
    const { events, results, late, checkpoints, eventsDlq, resultsDlq } = this.topics
    await this.#admin.createTopics(
      [events, results, late, checkpoints, eventsDlq, resultsDlq, this.alerts, this.history].map((name) => ({
        name,
        partitions: PARTITIONS,
        config: {
          'message.timestamp.type': name === events ? 'LogAppendTime' : 'CreateTime',
          ...(name === checkpoints ? { 'cleanup.policy': 'compact' } : {}),
        },
      })),
    )
    this.#producer = await this.#port.producer()
    return this
  }

  append(event: FinanceEvent, partition?: number): void {
    this.bytes(event.data.tenantId, TEST_CODEC.encode(event.type, event.data as never), partition)
  }

  bytes(key: string, value: Buffer | null, partition?: number): void {
    const place = partition === undefined ? {} : { partition }
    this.#pending.push({ topic: this.topics.events, key, value, ...place })
  }

  tick(instant: number): void {
    for (let partition = 0; partition < PARTITIONS; partition++)
      this.append(
        { type: 'Tick', data: { ...failed().data, tenantId: '~', aggregateVersion: null, instant } },
        partition,
      )
  }

  async flush(): Promise<void> {
    await this.#producer.send(this.#pending.splice(0))
  }

  /** `file` and `more`: another kind of worker, with what it wants to know. */
  worker(failpoint?: string, file = WORKER, more: object = {}): ChildProcess {
    const setup: WorkerSetup = {
      ...more,
      brokers: this.#brokers,
      topics: this.topics,
      alerts: this.alerts,
      history: this.history,
      groupId: this.groupId,
      transactionalId: `${this.groupId}-${++this.#workers}`,
      ...(failpoint === undefined ? {} : { failpoint }),
    }
    const child = spawn(process.execPath, [file, JSON.stringify(setup)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
    this.said.set(child, () => said)
    this.children.push(child)
    return child
  }

  readonly said = new Map<ChildProcess, () => string>()

  async caughtUp(): Promise<boolean> {
    const partitions = Array.from({ length: PARTITIONS }, (_, p) => p)
    const committed = await this.#admin
      .committed(this.groupId, this.topics.events, partitions, 500)
      .catch(() => [])
    for (const p of partitions) {
      const end = (await this.read(this.topics.events, p)).at(-1)?.offset ?? -1
      if ((committed[p]?.offset ?? -1) <= end) return false
    }
    return true
  }

  async read(topic: string, partition: number): Promise<readonly InputRecord[]> {
    const records: InputRecord[] = []
    const [bounds] = await this.#admin.bounds(topic, [partition])
    for await (const batch of this.#port.readPartition({ topic, partition, from: bounds?.low ?? 0 }))
      records.push(...batch.records)
    return records
  }

  async check(): Promise<void> {
    const { topics } = this
    const once = [this.alerts, this.history, topics.eventsDlq, topics.late]
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const read = new Map<string, readonly InputRecord[]>()
      for (const topic of [...once, topics.events, topics.results])
        read.set(topic, await this.read(topic, partition))
      expect(read.get(topics.results)?.length).toBeGreaterThan(0)
      checkLog({
        partition,
        partitions: PARTITIONS,
        topics,
        once,
        topologies: toys(this),
        read: (topic) => read.get(topic) ?? [],
      })
    }
  }

  /** All that is left of the run; waits a while for the transactions of the dead to end. */
  async collect(): Promise<History> {
    const { events, checkpoints, results, resultsDlq, eventsDlq, late } = this.topics
    const names = [events, checkpoints, results, resultsDlq, eventsDlq, late, this.alerts, this.history]
    let ends = await this.#ends(names)
    const held = (): boolean => ends.some((part) => part.some(({ stable, end }) => stable !== end))
    for (const until = performance.now() + OPEN_MS; held() && performance.now() < until; await pause(200))
      ends = await this.#ends(names)
    const partitions: PartitionHistory[] = []
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const [committed] = await this.#admin.committed(this.groupId, events, [partition])
      const [checkpointed] = await this.#admin.committed(this.groupId, checkpoints, [partition])
      if (!committed || !checkpointed) throw new Error('no offsets')
      partitions.push({
        partition,
        log: await this.read(events, partition),
        results: await this.read(results, partition),
        resultsDlq: await this.read(resultsDlq, partition),
        alerts: await this.read(this.alerts, partition),
        history: await this.read(this.history, partition),
        dlq: await this.read(eventsDlq, partition),
        late: await this.read(late, partition),
        checkpoints: await this.read(checkpoints, partition),
        committed,
        checkpointed,
        ends: ends[partition] ?? [],
      })
    }
    const { groupId: group } = this
    return {
      group,
      topics: { events, checkpoints },
      epoch: FIRST_EPOCH,
      idHorizonMs: ID_HORIZON_MS,
      partitions,
    }
  }

  /** Where readers of committed data stop, and where the logs end. */
  async #ends(names: readonly string[]): Promise<PartitionHistory['ends'][]> {
    const client = (this.#client ??= new Client({ brokers: this.#brokers, clientId: 'runtime-bench' }))
    await client.topics(names)
    const endOf = async (topic: string, partition: number, isolationLevel: number): Promise<number> => {
      const broker = await client.broker(client.leaderIdOf(topic, partition))
      const partitions = [{ partition, timestamp: '-1' }]
      const { responses } = await broker.listOffsets({ isolationLevel, topics: [{ topic, partitions }] })
      return Number(responses[0]?.partitions[0]?.offset ?? -1)
    }
    return Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) =>
        Promise.all(
          names.map(async (topic) => ({
            topic,
            end: await endOf(topic, partition, READ_UNCOMMITTED),
            stable: await endOf(topic, partition, READ_COMMITTED),
          })),
        ),
      ),
    )
  }

  async close(): Promise<void> {
    await this.#client?.close()
    for (const child of this.children)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await this.#producer.close()
    await this.#admin.close()
    await this.#port.close()
  }
}

export const ended = async (child: ChildProcess): Promise<NodeJS.Signals | number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.signalCode ?? child.exitCode
}
