/** The audit sink as a whole: one consumer of the log of events, and its connections to Postgres. */
import pg from 'pg'
import type { Log } from '../../platform/log.ts'
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { SinkConsumer } from '../runtime/consumer.ts'
import type { LaneLimits } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import { AuditLane } from './writer.ts'

const LIMITS: LaneLimits = {
  intervalMs: 100,
  chunkRecordsMax: 1_000,
  chunkBytesMax: 2 * 1024 * 1024,
  bufferRecordsMax: 4_000,
  bufferBytesMax: 8 * 1024 * 1024,
  retryFirstMs: 100,
  retryMostMs: 2_000,
}
const SESSION_MS = 6_000
const CONNECTIONS_MAX = 4
/** Nothing waits for ever: a statement that hangs is tried again. */
const WAITS = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 10_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 15_000,
  query_timeout: 15_000,
}

export interface AuditSinkOptions {
  readonly kafka: KafkaPort
  readonly admin: Admin
  readonly codec: RecordCodec
  /** Of a login that is a member of nikash_auditor. */
  readonly databaseUrl: string
  readonly metrics: SinkMetrics
  readonly log: Log
  readonly topic?: string
  readonly groupId?: string
  readonly limits?: LaneLimits
  readonly onFatal: (error: Error) => void
}

export class AuditSink {
  readonly #options: AuditSinkOptions
  readonly #pool: pg.Pool
  #consumer: SinkConsumer | undefined

  constructor(options: AuditSinkOptions) {
    this.#options = options
    this.#pool = new pg.Pool({
      connectionString: options.databaseUrl,
      application_name: 'nikash-sink-audit',
      max: CONNECTIONS_MAX,
      keepAlive: true,
      ...WAITS,
    })
    this.#pool.on('error', (err) => options.log.warn({ err }, 'a connection to Postgres was lost'))
  }

  async start(): Promise<void> {
    const {
      admin,
      codec,
      kafka,
      metrics,
      log,
      onFatal,
      topic = TOPICS.events,
      groupId = 'nikash-sink-audit',
    } = this.#options
    const [described] = await admin.describeTopics([topic])
    if (!described) throw new Error(`the broker does not describe topic ${topic}`)
    const { partitions } = described
    this.#consumer = new SinkConsumer({
      kafka,
      group: { groupId, topics: [topic], sessionTimeoutMs: SESSION_MS },
      stage: 'audit',
      limits: this.#options.limits ?? LIMITS,
      metrics,
      log,
      onFatal,
      writerOf: ({ partition }, consumer) =>
        new AuditLane({ pool: this.#pool, codec, admin, consumer, topic, partition, partitions, metrics }),
    })
    await this.#consumer.start()
  }

  async stop(): Promise<void> {
    await this.#consumer?.stop()
    await this.#pool.end()
  }

  /** Throws when Postgres is away or a partition is not getting on. */
  async check(): Promise<void> {
    await this.#pool.query('select 1')
    this.#consumer?.check()
  }
}
