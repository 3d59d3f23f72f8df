/** The ClickHouse sinks as a whole: facts, refusals and history, each a consumer group of its own. */
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { dlqOf, TOPICS } from '../../schemas/topics.ts'
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import type { Log } from '../../platform/log.ts'
import { type Place, SinkConsumer } from '../runtime/consumer.ts'
import { DeadLetters } from '../runtime/dead-letters.ts'
import { IntentLane, type RangeWriter } from '../runtime/intents.ts'
import type { LaneLimits } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import type { Store } from './client.ts'
import { TopicEpochs } from './epochs.ts'
import { FactsWriter } from './facts-writer.ts'
import { HistoryWriter } from './history-writer.ts'
import { RefusalsWriter } from './refusals-writer.ts'

/** Few parts under load, no wait when there is little. */
const LIMITS: LaneLimits = {
  intervalMs: 300,
  chunkRecordsMax: 10_000,
  chunkBytesMax: 4 * 1024 * 1024,
  bufferRecordsMax: 20_000,
  bufferBytesMax: 8 * 1024 * 1024,
  retryFirstMs: 100,
  retryMostMs: 2_000,
}

/** How soon the partitions of a killed process go to another. */
const SESSION_MS = 6_000

export interface Topics {
  readonly events: string
  readonly late: string
  readonly history: string
  readonly alerts: string
}

export interface ClickHouseSinkOptions {
  readonly kafka: KafkaPort
  readonly admin: Admin
  readonly codec: RecordCodec
  readonly store: Store
  readonly metrics: SinkMetrics
  readonly log: Log
  readonly topics?: Topics
  /** Before the names of the groups; for tests. */
  readonly groupPrefix?: string
  readonly limits?: LaneLimits
  readonly onFatal: (error: Error) => void
}

export class ClickHouseSink {
  readonly #options: ClickHouseSinkOptions
  readonly #letters: DeadLetters
  readonly #consumers: SinkConsumer[] = []

  constructor(options: ClickHouseSinkOptions) {
    this.#options = options
    this.#letters = new DeadLetters(options.kafka)
  }

  async start(): Promise<void> {
    const { admin, store, codec, metrics, topics = TOPICS } = this.#options
    const [described] = await admin.describeTopics([topics.events])
    if (!described) throw new Error(`the broker does not describe topic ${topics.events}`)
    const epochs = new TopicEpochs(store, admin)
    const common = { store, codec, epochs, metrics }
    const { partitions } = described
    const letters = this.#letters
    this.#add('facts', [topics.events], () => new FactsWriter({ ...common, partitions }))
    this.#add(
      'refusals',
      [dlqOf(topics.events), topics.late],
      () => new RefusalsWriter({ ...common, events: topics.events }),
    )
    this.#add('history', [topics.history, topics.alerts], () => new HistoryWriter({ ...common, letters }))
    await Promise.all(this.#consumers.map((consumer) => consumer.start()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()))
    await this.#letters.close()
  }

  /** Throws when ClickHouse is away or a partition is not getting on. */
  async check(): Promise<void> {
    await this.#options.store.ping()
    for (const consumer of this.#consumers) consumer.check()
  }

  #add(stage: string, topics: readonly string[], writerOf: (place: Place) => RangeWriter): void {
    const {
      kafka,
      admin,
      metrics,
      log,
      limits = LIMITS,
      groupPrefix = 'nikash-sink-',
      onFatal,
    } = this.#options
    const groupId = groupPrefix + stage
    this.#consumers.push(
      new SinkConsumer({
        kafka,
        group: { groupId, topics, sessionTimeoutMs: SESSION_MS },
        stage,
        limits,
        metrics,
        log,
        onFatal,
        writerOf: (place, consumer) =>
          new IntentLane({ ...place, admin, consumer, groupId, writer: writerOf(place) }),
      }),
    )
  }
}
