/** Opens what a comparison reads, all of it read-only, and closes it again. */
import { Redis } from 'ioredis'
import pg from 'pg'
import type { KafkaPort } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { openStore } from '../clickhouse/client.ts'
import type { CanaryParts } from './canary.ts'
import { ResultsTable } from './results-table.ts'

export interface ReconcileUrls {
  readonly redis: string
  readonly clickhouse: { readonly url: string; readonly username: string; readonly password: string }
  /** Of a role that only reads. */
  readonly database: string
}

const TIMEOUT_MS = 30_000

export async function openReconcile(
  kafka: KafkaPort,
  codec: RecordCodec,
  urls: ReconcileUrls,
): Promise<{ readonly parts: CanaryParts; readonly close: () => Promise<void> }> {
  const admin = await kafka.admin()
  const [description] = await admin.describeTopics([TOPICS.events])
  if (description === undefined) {
    await admin.close()
    throw new Error(`the broker has no topic ${TOPICS.events}`)
  }
  const redis = new Redis(urls.redis, { commandTimeout: TIMEOUT_MS, maxRetriesPerRequest: 2 })
  redis.on('error', () => undefined)
  const clickhouse = openStore(urls.clickhouse)
  const database = new pg.Pool({
    connectionString: urls.database,
    max: 2,
    application_name: 'nikash-reconcile',
    connectionTimeoutMillis: 5_000,
    statement_timeout: TIMEOUT_MS,
  })
  database.on('error', () => undefined)
  return {
    parts: {
      results: new ResultsTable({ kafka, admin, codec, topic: TOPICS.results }),
      redis,
      clickhouse,
      database,
      admin,
      eventsTopic: TOPICS.events,
      partitions: description.partitions,
    },
    close: async () => {
      redis.disconnect()
      await clickhouse.close()
      await database.end()
      await admin.close()
    },
  }
}
