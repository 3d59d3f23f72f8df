/** Workers over a broker in memory, and a script of events that goes wrong in many ways. */
import { MemoryBroker } from '../../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../../platform/kafka/memory/port.ts'
import type { InputRecord } from '../../../platform/kafka/port.ts'
import type { RuntimeLog } from '../../../processors/runtime/log.ts'
import type { Failpoint, Step } from '../../../processors/runtime/steps.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import { runtimeTopics } from '../../../processors/runtime/topics.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import { Worker, type WorkerOptions } from '../../../processors/runtime/worker.ts'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { partitionOf } from '../../../schemas/values/partition.ts'
import { checkLog, codec } from './oracle.ts'

export { codec } from './oracle.ts'
import { failed, reversed, START, TOYS } from './toy.ts'

export const PARTITIONS = 2
export const GROUP = 'g'
export const topics = runtimeTopics()
const OUTPUTS = [
  topics.results,
  TOPICS.alerts,
  TOPICS.history,
  topics.eventsDlq,
  topics.resultsDlq,
  topics.late,
]

/** Deterministic numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface Started {
  /** Transactional id. */
  readonly id: string
  readonly port: MemoryKafka
  readonly worker: Worker
  readonly fatal: Error[]
  dead: boolean
}

export class Cluster {
  readonly broker: MemoryBroker
  nowMs = START
  /** Clock of sessions and transactions, when it is not the log's. */
  clockMs: number | undefined
  #workers = 0
  readonly all: Started[] = []

  /** `ownClock`: the log's time leaps without a session or a transaction being over. */
  constructor({ ownClock = false } = {}) {
    if (ownClock) this.clockMs = START
    this.broker = new MemoryBroker({
      now: () => this.clockMs ?? this.nowMs,
      appendTime: () => this.nowMs,
    })
    for (const name of [...OUTPUTS, topics.events, topics.checkpoints])
      this.broker.createTopic(name, PARTITIONS)
  }

  async start(
    options: {
      readonly failpoint?: (step: Step, me: Started) => void | Promise<void>
      readonly topologies?: readonly Topology[]
      readonly options?: Partial<WorkerOptions>
      readonly codec?: typeof codec
      readonly tell?: (line: string) => void
      /** The id of a dead one: a restart of that process. */
      readonly id?: string
    } = {},
  ): Promise<Started> {
    const port = new MemoryKafka(this.broker)
    const fatal: Error[] = []
    const failpoint: Failpoint = async (step) => {
      await options.failpoint?.(step, started)
      await port.alive()
    }
    const id = options.id ?? `${GROUP}-${++this.#workers}`
    const worker = new Worker({
      port,
      topologies: options.topologies ?? TOYS,
      codec: options.codec ?? codec,
      options: {
        groupId: GROUP,
        transactionalId: id,
        commitIntervalMs: 1,
        busyIntervalMs: 1,
        fenceAfterMs: 20,
        ...options.options,
      },
      failpoint,
      ...(options.tell === undefined ? {} : { log: logOf(id, options.tell) }),
      onFatal: (error) => fatal.push(error),
    })
    const started: Started = { id, port, worker, fatal, dead: false }
    this.all.push(started)
    await worker.start()
    return started
  }

  /** As SIGKILL: nothing of it runs any more, and the group notices at once. */
  kill(one: Started): void {
    one.dead = true
    one.port.kill()
    this.broker.expire(one.port)
  }

  async stop(): Promise<void> {
    for (const one of this.all) if (!one.dead) await one.worker.stop()
  }

  append(event: FinanceEvent, partition?: number): void {
    const value = TEST_CODEC.encode(event.type, event.data as never)
    this.bytes(event.data.tenantId, value, partition)
  }

  bytes(key: string, value: Buffer | null, partition = partitionOf(key, PARTITIONS)): void {
    this.broker.append([{ topic: topics.events, partition, key, value }])
  }

  tick(instant: number): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const data = { ...failed().data, tenantId: '~', aggregateVersion: null, instant }
      this.append({ type: 'Tick', data }, partition)
    }
  }

  /** True when input waits that the group has not committed. */
  get working(): boolean {
    for (let p = 0; p < PARTITIONS; p++) {
      const log = this.broker.log(topics.events, p)
      for (let at = Math.max(0, this.committed(p)); at < log.stable; ) {
        const { records, nextOffset } = log.read(at, { maxRecords: 1 })
        if (records.length > 0) return true
        if (nextOffset === at) break
        at = nextOffset
      }
    }
    return false
  }

  /** Offset up to which the group is done, by partition; -1 = nothing. */
  committed(partition: number): number {
    return this.broker.committed(GROUP, topics.events, partition).offset
  }

  /** Next offset after the last record that readers can see. */
  end(partition: number): number {
    const records = this.read(topics.events, partition)
    return (records.at(-1)?.offset ?? -1) + 1
  }

  caughtUp(): boolean {
    for (let p = 0; p < PARTITIONS; p++) if (Math.max(0, this.committed(p)) < this.end(p)) return false
    return true
  }

  /** Committed records of a partition. */
  read(topic: string, partition: number): readonly InputRecord[] {
    const log = this.broker.log(topic, partition)
    const records: InputRecord[] = []
    for (let at = log.low; at < log.stable; ) {
      const read = log.read(at, { maxRecords: 100_000 })
      records.push(...read.records)
      if (read.nextOffset === at) break
      at = read.nextOffset
    }
    return records
  }
}

/** What a worker says, as lines. */
const logOf = (id: string, tell: (line: string) => void): RuntimeLog => {
  const line = (facts: object, message: string): void => {
    const { err, ...rest } = facts as { readonly err?: Error }
    tell(`${id}: ${message} ${JSON.stringify(rest)} ${err?.message ?? ''}`)
  }
  return { debug: () => undefined, info: line, warn: line, error: line }
}

export async function until(what: string, condition: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const TENANTS = ['acme', 'beta', 'gamma', 'delta', 'zeta', 'omega']

/** Appends events of which some are duplicates, regressions, refused, foreign, unreadable; time moves on. */
export interface Target {
  nowMs: number
  append(event: FinanceEvent, partition?: number): void
  bytes(key: string, value: Buffer | null, partition?: number): void
  tick(instant: number): void
}

export function disturb(cluster: Target, next: () => number, count: number): void {
  for (let i = 0; i < count; i++) {
    const tenantId = TENANTS[Math.floor(next() * TENANTS.length)] as string
    const aggregateId = `P${Math.floor(next() * 12)}`
    const dice = next()
    const aggregateVersion = next() < 0.15 ? null : 1 + Math.floor(next() * 6)
    const eventId = aggregateVersion === null && next() < 0.5 ? `dup-${Math.floor(next() * 5)}` : undefined
    const fields = {
      tenantId,
      aggregateId,
      aggregateVersion,
      failedDate: Math.floor(next() * 1000),
      recordedAt: cluster.nowMs,
      ...(eventId === undefined ? {} : { eventId }),
    }
    if (dice < 0.05) cluster.append(failed({ ...fields, reason: 'refuse' }))
    else if (dice < 0.1) cluster.append(failed({ ...fields, reason: 'late-boom' }))
    else if (dice < 0.15) cluster.bytes(tenantId, Buffer.from('poison'))
    else if (dice < 0.25) cluster.append(failed(fields), Math.floor(next() * PARTITIONS))
    else if (dice < 0.3) cluster.append(failed({ ...fields, reason: 'delete' }))
    else if (dice < 0.5) cluster.append(reversed(fields))
    else cluster.append(failed(fields))
    if (next() < 0.2) cluster.nowMs += Math.floor(next() * 1_800_000)
    if (next() < 0.1) cluster.tick(Math.floor(cluster.nowMs / 900_000) * 900_000)
  }
}

/** Everything that readers of committed data see, against a single pass over the final log. */
export function checkAgainstSinglePass(cluster: Cluster, topologies: readonly Topology[] = TOYS): void {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const read = new Map([...OUTPUTS, topics.events].map((topic) => [topic, cluster.read(topic, partition)]))
    const once = [TOPICS.alerts, TOPICS.history, topics.eventsDlq, topics.late]
    checkLog({
      partition,
      partitions: PARTITIONS,
      topics,
      once,
      topologies,
      read: (topic) => read.get(topic) ?? [],
    })
  }
}

/** A failpoint that kills its worker at the n-th time a step is done. */
export function killAt(cluster: Cluster, step: Step, nth: number): (step: Step, me: Started) => void {
  let seen = 0
  return (done, me) => {
    if (done === step && ++seen === nth) cluster.kill(me)
  }
}
