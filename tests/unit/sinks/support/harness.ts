/** The ClickHouse sinks over a broker in memory and chdb, with the means to end them at any point. */
import { createLog } from '../../../../platform/log.ts'
import { createMetrics } from '../../../../platform/metrics.ts'
import { MemoryBroker } from '../../../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../../../platform/kafka/memory/port.ts'
import { RecordCodec } from '../../../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../../../schemas/codec/memory-registry.ts'
import type { FinanceEvent, FinanceResult } from '../../../../schemas/generated/records.ts'
import { dlqOf, TOPICS } from '../../../../schemas/topics.ts'
import { partitionOf } from '../../../../schemas/values/partition.ts'
import { ClickHouseSink } from '../../../../sinks/clickhouse/sink.ts'
import type { Store } from '../../../../sinks/clickhouse/client.ts'
import type { LaneLimits } from '../../../../sinks/runtime/lane.ts'
import { sinkMetrics } from '../../../../sinks/runtime/metrics.ts'

export const LIMITS: LaneLimits = {
  intervalMs: 5,
  chunkRecordsMax: 1_000,
  chunkBytesMax: 1_000_000,
  bufferRecordsMax: 2_000,
  bufferBytesMax: 4_000_000,
  retryFirstMs: 5,
  retryMostMs: 20,
}

export const quietLog = createLog({ service: 'test', level: 'silent' })

export const makeBroker = (partitions = 2): MemoryBroker => {
  const broker = new MemoryBroker()
  const { events, late, history, results, alerts } = TOPICS
  const read = [events, history, results, alerts]
  for (const topic of [...read, ...read.map(dlqOf), late]) broker.createTopic(topic, partitions)
  return broker
}

export const openCodec = (): Promise<RecordCodec> => RecordCodec.open(new MemoryRegistry())

export function produceEvents(
  broker: MemoryBroker,
  codec: RecordCodec,
  events: readonly FinanceEvent[],
): void {
  broker.append(
    events.map((event) => ({
      topic: TOPICS.events,
      key: event.data.tenantId,
      value: codec.encode(event.type, event.data as never),
    })),
  )
}

export function produceHistory(
  broker: MemoryBroker,
  codec: RecordCodec,
  results: readonly FinanceResult[],
): void {
  broker.append(
    results.map((result) => ({
      topic: TOPICS.history,
      key: result.data.tenantId,
      value: codec.encode(result.type, result.data as never),
    })),
  )
}

export const homeOf = (tenantId: string, partitions = 2): number => partitionOf(tenantId, partitions)

export interface RunningSink {
  readonly kafka: MemoryKafka
  readonly sink: ClickHouseSink
  /** As SIGKILL: nothing of it goes on. */
  kill(): void
  stop(): Promise<void>
}

export async function startSink(
  broker: MemoryBroker,
  store: Store,
  codec: RecordCodec,
  limits: LaneLimits = LIMITS,
): Promise<RunningSink> {
  const kafka = new MemoryKafka(broker)
  const sink = new ClickHouseSink({
    kafka,
    admin: await kafka.admin(),
    codec,
    store,
    metrics: sinkMetrics(createMetrics('test')),
    log: quietLog,
    limits,
    onFatal: (error) => {
      throw error
    },
  })
  await sink.start()
  return {
    kafka,
    sink,
    kill: () => {
      kafka.kill()
      broker.expire(kafka)
    },
    stop: () => sink.stop(),
  }
}

/** Waits until `done` gives true. */
export async function until(
  what: string,
  done: () => boolean | Promise<boolean>,
  timeoutMs = 5_000,
): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`did not happen in ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
