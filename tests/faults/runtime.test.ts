/** The engine on a real broker, as processes that are killed, paused and stopped: readers see a single pass. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import type { Admin, InputRecord, KafkaPort, OutputRecord, Producer } from '../../platform/kafka/port.ts'
import { STEPS } from '../../processors/runtime/steps.ts'
import { TEST_CODEC } from '../../processors/runtime/testing/driver.ts'
import { runtimeTopics } from '../../processors/runtime/topics.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { describeStack } from '../support/stack.ts'
import { disturb, PARTITIONS, random, type Target } from '../topology/runtime/cluster.ts'
import { checkLog } from '../topology/runtime/oracle.ts'
import { failed, toys } from '../topology/runtime/toy.ts'
import type { WorkerSetup } from './runtime-worker.ts'

const WORKER = fileURLToPath(new URL('./runtime-worker.ts', import.meta.url))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for: ${what}`)
    await pause(50)
  }
}

/** One set of topics and one group on the broker; records are appended in the order of the calls. */
class Bench implements Target {
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

  worker(failpoint?: string): ChildProcess {
    const setup: WorkerSetup = {
      brokers: this.#brokers,
      topics: this.topics,
      alerts: this.alerts,
      history: this.history,
      groupId: this.groupId,
      transactionalId: `${this.groupId}-${++this.#workers}`,
      ...(failpoint === undefined ? {} : { failpoint }),
    }
    const child = spawn(process.execPath, [WORKER, JSON.stringify(setup)], {
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

  async close(): Promise<void> {
    for (const child of this.children)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await this.#producer.close()
    await this.#admin.close()
    await this.#port.close()
  }
}

const ended = async (child: ChildProcess): Promise<NodeJS.Signals | number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.signalCode ?? child.exitCode
}

describeStack('the engine on a real broker', ['kafkaBrokers'], ({ kafkaBrokers }) => {
  let bench: Bench
  const open = async (name: string): Promise<Bench> => {
    bench = await new Bench(kafkaBrokers, name).open()
    return bench
  }
  beforeAll(() => undefined)
  afterAll(() => bench?.close())

  it('loses and doubles nothing when it is killed after every step, one after the other', async () => {
    const b = await open('kill')
    const next = random(11)
    const first = b.worker()
    disturb(b, next, 30)
    await b.flush()
    await until('caught up', () => b.caughtUp())
    first.kill('SIGKILL')
    for (const step of STEPS) {
      disturb(b, next, 30)
      await b.flush()
      const victim = b.worker(`${step}:${step === 'cells' || step === 'replay' ? 1 : 2}`)
      while (victim.exitCode === null && victim.signalCode === null) {
        disturb(b, next, 5)
        await b.flush()
        await pause(100)
      }
      expect([step, await ended(victim)]).toEqual([step, 'SIGKILL'])
    }
    const last = b.worker()
    const from = performance.now()
    await until('caught up', () => b.caughtUp())
    expect(performance.now() - from).toBeLessThan(15_000)
    await b.check()
    last.kill('SIGTERM')
    expect(await ended(last)).toBe(0)
    await b.close()
  }, 180_000)

  it('fences a worker that was paused past its session: none of its late records is visible', async () => {
    const b = await open('zombie')
    const next = random(12)
    const zombie = b.worker()
    disturb(b, next, 30)
    await b.flush()
    await until('caught up', () => b.caughtUp())
    disturb(b, next, 200)
    void b.flush()
    await pause(30)
    zombie.kill('SIGSTOP')
    const heir = b.worker()
    await until('the heir went on', () => b.caughtUp())
    disturb(b, next, 60)
    await b.flush()
    zombie.kill('SIGCONT')
    await until('caught up', () => b.caughtUp())
    await until(
      'the zombie is a member again',
      () => (b.said.get(zombie)?.() ?? '').split('assigned').length > 2,
    )
    disturb(b, next, 60)
    await b.flush()
    await until('caught up', () => b.caughtUp())
    await b.check()
    for (const child of [zombie, heir]) child.kill('SIGTERM')
    expect([await ended(zombie), await ended(heir)]).toEqual([0, 0])
    await b.close()
  }, 120_000)

  it('hands over at SIGTERM under load without a failed commit, and the next one needs no wait', async () => {
    const b = await open('term')
    const next = random(13)
    const workers = [b.worker()]
    for (let round = 0; round < 3; round++) {
      await until('started', () =>
        (b.said.get(workers.at(-1) as ChildProcess)?.() ?? '').includes('task restored'),
      )
      for (let i = 0; i < 10; i++) {
        disturb(b, next, 20)
        await b.flush()
      }
      const old = workers.at(-1) as ChildProcess
      old.kill('SIGTERM')
      expect(await ended(old)).toBe(0)
      expect(b.said.get(old)?.()).not.toContain('a commit failed')
      workers.push(b.worker())
    }
    await until('caught up', () => b.caughtUp())
    await b.check()
    await b.close()
  }, 120_000)
})
