/** The Redis sink as a whole: consumer, lanes, and the watch for a Redis that lost its memory. */
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { TOPICS } from '../../schemas/topics.ts'
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import type { Log } from '../../platform/log.ts'
import { SinkConsumer } from '../runtime/consumer.ts'
import { DeadLetters } from '../runtime/dead-letters.ts'
import type { LaneLimits } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import { RedisLost, RedisServer } from './server.ts'
import { RedisLane } from './writer.ts'

/** Nothing waits: what has come is written at once, the rest while that is under way. */
const LIMITS: LaneLimits = {
  intervalMs: 0,
  chunkRecordsMax: 2_000,
  chunkBytesMax: 4 * 1024 * 1024,
  bufferRecordsMax: 8_000,
  bufferBytesMax: 8 * 1024 * 1024,
  retryFirstMs: 50,
  retryMostMs: 1_000,
}
/** How soon the partitions of a killed process go to another. */
const SESSION_MS = 6_000
/** How soon a flush or restart of an idle Redis is noticed. */
const WATCH_MS = 1_000

export interface RedisSinkOptions {
  readonly kafka: KafkaPort
  readonly admin: Admin
  readonly codec: RecordCodec
  readonly url: string
  readonly metrics: SinkMetrics
  readonly log: Log
  readonly groupId?: string
  readonly topic?: string
  readonly limits?: LaneLimits
  readonly onFatal: (error: Error) => void
}

export class RedisSink {
  readonly #server: RedisServer
  readonly #letters: DeadLetters
  readonly #consumer: SinkConsumer
  readonly #writers = new Map<number, RedisLane>()
  readonly #log: Log
  #watch: NodeJS.Timeout | undefined
  #watching: Promise<void> | undefined

  constructor(options: RedisSinkOptions) {
    const {
      kafka,
      admin,
      codec,
      metrics,
      log,
      groupId = 'nikash-sink-redis',
      topic = TOPICS.results,
    } = options
    this.#log = log
    this.#server = new RedisServer({ url: options.url, onReady: () => this.#look() })
    this.#letters = new DeadLetters(kafka)
    this.#consumer = new SinkConsumer({
      kafka,
      group: { groupId, topics: [topic], maxWaitMs: 500, sessionTimeoutMs: SESSION_MS },
      stage: 'redis',
      limits: options.limits ?? LIMITS,
      metrics,
      log,
      onFatal: options.onFatal,
      writerOf: ({ partition }, consumer) => {
        const letters = this.#letters
        const server = this.#server
        const writer = new RedisLane({
          server,
          codec,
          admin,
          consumer,
          groupId,
          topic,
          partition,
          letters,
          metrics,
        })
        this.#writers.set(partition, writer)
        return writer
      },
    })
  }

  async start(): Promise<void> {
    await this.#consumer.start()
    this.#watch = setInterval(() => this.#look(), WATCH_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch)
    await this.#watching
    await this.#consumer.stop()
    await this.#letters.close()
    this.#server.close()
  }

  /** Throws when Redis is away or a partition is not getting on. */
  async check(): Promise<void> {
    await this.#server.ping()
    this.#consumer.check()
  }

  #look(): void {
    this.#watching ??= this.#lookAtAll().finally(() => {
      this.#watching = undefined
    })
  }

  async #lookAtAll(): Promise<void> {
    for (const lane of this.#consumer.lanes) {
      if (lane.state !== 'running') continue
      try {
        await this.#writers.get(lane.partition)?.check()
      } catch (error) {
        // Away: the writer's own retries deal with that.
        if (!(error instanceof RedisLost)) return
        this.#log.warn({ err: error, partition: lane.partition }, 'Redis lost its memory and is written anew')
        lane.reopen()
      }
    }
  }
}
