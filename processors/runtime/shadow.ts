/**
 * A shadow: the same engine and topologies over the same log, into topics and a group of its own, up to given ends; then
 * its results can be laid beside the live ones. Owns the names of a shadow's topics, and the port that redirects to them.
 * H1: nothing that a shadow writes reaches a live topic: every output topic is renamed, and what it would re-route into
 *     the log is dropped (the live run has done that). H2: it stops exactly at the ends, so that both stand for the same
 *     records. H3: it is a worker like any other: broken off, it can be started again or dropped.
 */
import type {
  Batch,
  Consumer,
  KafkaPort,
  OutputRecord,
  TransactionalProducer,
} from '../../platform/kafka/port.ts'
import { CATALOGUE } from '../../schemas/topics.ts'
import type { RuntimeLog } from './log.ts'
import { resetProcessors } from './reset.ts'
import type { EventCodec } from './task.ts'
import { type RuntimeTopics, runtimeTopics } from './topics.ts'
import type { Topology } from './topology.ts'
import { Worker, type WorkerOptions } from './worker.ts'

export const SHADOW_NAME = /^[a-z0-9][a-z0-9-]{0,30}$/

export const shadowOf = (topic: string, name: string): string => `${topic}.shadow-${name}`
export const shadowGroup = (groupId: string, name: string): string => `${groupId}-shadow-${name}`

/** Input as it is; everything else is the shadow's own. */
export function shadowTopics(name: string, live: RuntimeTopics = runtimeTopics()): RuntimeTopics {
  const own = (topic: string): string => shadowOf(topic, name)
  return {
    events: live.events,
    results: own(live.results),
    late: own(live.late),
    checkpoints: own(live.checkpoints),
    eventsDlq: own(live.eventsDlq),
    resultsDlq: own(live.resultsDlq),
  }
}

/** Topics that a shadow needs, with the settings of those they stand for. */
export const shadowSpecs = (
  name: string,
  events: { readonly topic: string; readonly partitions: number },
): readonly { name: string; partitions: number; config: Readonly<Record<string, string>> }[] =>
  CATALOGUE.filter((spec) => spec.name !== events.topic).map((spec) => ({
    name: shadowOf(spec.name, name),
    partitions: events.partitions,
    config: spec.config,
  }))

export interface ShadowParts {
  readonly port: KafkaPort
  readonly codec: EventCodec
  readonly topologies: readonly Topology[]
  readonly name: string
  readonly groupId: string
  readonly live?: RuntimeTopics
  /** By partition: the first offset that is not folded. */
  readonly ends: ReadonlyMap<number, number>
  readonly epochMin?: number
  readonly log?: RuntimeLog
  readonly options?: Partial<WorkerOptions>
  readonly onProgress?: (done: number, total: number) => void
}

const LOOK_EVERY_MS = 200

/** Resolves when everything up to the ends is folded and committed. The shadow's topics exist. */
export async function runShadow(parts: ShadowParts): Promise<void> {
  const { name, ends, topologies } = parts
  const topics = shadowTopics(name, parts.live)
  const groupId = shadowGroup(parts.groupId, name)
  const port = shadowPort(parts.port, { name, events: topics.events, ends })
  await resetProcessors({
    port,
    groupId,
    topics,
    topologies,
    ...(parts.epochMin === undefined ? {} : { epochMin: parts.epochMin }),
  })
  let fatal: Error | undefined
  const worker = new Worker({
    port,
    topologies,
    codec: parts.codec,
    options: { ...parts.options, groupId, topics, transactionalId: groupId },
    ...(parts.log ? { log: parts.log } : {}),
    onFatal: (error) => {
      fatal = error
    },
  })
  await worker.start()
  try {
    const total = [...ends.values()].reduce((sum, end) => sum + end, 0)
    for (;;) {
      if (fatal !== undefined) throw fatal
      const status = worker.status()
      const failed = status.find(({ state }) => state === 'failed')
      if (failed !== undefined)
        throw worker.runner(failed.partition)?.error ?? new Error(`task ${failed.partition} failed`)
      const done = status.reduce(
        (sum, { partition, offset }) => sum + Math.min(offset ?? 0, ends.get(partition) ?? 0),
        0,
      )
      parts.onProgress?.(done, total)
      if ([...ends].every(([partition, end]) => isThrough(worker, partition, end))) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  } finally {
    await worker.stop()
  }
}

function isThrough(worker: Worker, partition: number, end: number): boolean {
  const runner = worker.runner(partition)
  if (runner?.task === undefined || !runner.life.is('running')) return false
  return runner.task.offset >= end && runner.uncommitted === 0 && runner.inflight === undefined
}

/** H1, H2. */
export function shadowPort(
  port: KafkaPort,
  shadow: { readonly name: string; readonly events: string; readonly ends: ReadonlyMap<number, number> },
): KafkaPort {
  const suffix = shadowOf('', shadow.name)
  const redirected = (records: readonly OutputRecord[]): readonly OutputRecord[] =>
    records
      .filter(({ topic }) => topic !== shadow.events)
      .map((record) => (record.topic.endsWith(suffix) ? record : { ...record, topic: record.topic + suffix }))
  return {
    producer: () => Promise.reject(new Error('a shadow writes in transactions only')),
    transactionalProducer: (options) => redirecting(port.transactionalProducer(options), redirected),
    consumer: (options) => ending(port.consumer(options), shadow),
    readPartition: (options) => port.readPartition(options),
    admin: () => port.admin(),
    close: () => port.close(),
  }
}

const redirecting = (
  producer: TransactionalProducer,
  redirected: (records: readonly OutputRecord[]) => readonly OutputRecord[],
): TransactionalProducer => ({
  init: () => producer.init(),
  close: () => producer.close(),
  async begin() {
    const transaction = await producer.begin()
    return {
      async send(records) {
        const own = redirected(records)
        if (own.length > 0) await transaction.send(own)
      },
      sendOffsets: (membership, offsets) => transaction.sendOffsets(membership, offsets),
      commit: () => transaction.commit(),
      abort: () => transaction.abort(),
    }
  },
})

const ending = (
  consumer: Consumer,
  { events, ends }: { readonly events: string; readonly ends: ReadonlyMap<number, number> },
): Consumer => ({
  start: (handlers) =>
    consumer.start({
      ...handlers,
      async onBatch(batch: Batch) {
        const end = ends.get(batch.partition) ?? 0
        if (batch.nextOffset < end) return handlers.onBatch(batch)
        consumer.pause(events, batch.partition)
        const records = batch.records.filter(({ offset }) => offset < end)
        await handlers.onBatch({ ...batch, records, nextOffset: end, highWatermark: end })
      },
    }),
  seek: (topic, partition, offset) => consumer.seek(topic, partition, offset),
  pause: (topic, partition) => consumer.pause(topic, partition),
  resume: (topic, partition) => consumer.resume(topic, partition),
  commit: (offsets) => consumer.commit(offsets),
  stop: () => consumer.stop(),
})
