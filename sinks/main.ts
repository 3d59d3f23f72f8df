/**
 * Owns the process of a sink. SINK=redis: current figures; SINK=clickhouse: facts and history; SINK=audit: the trail; SINK=reconcile: whether
 * the stores agree (it writes nothing).
 */
import { z } from 'zod'
import { env, loadConfig } from '../platform/config.ts'
import { openKafka } from '../platform/kafka/kafkajs/port.ts'
import { createBreakers } from '../platform/breaker.ts'
import { type Lifecycle, runService } from '../platform/lifecycle.ts'
import type { KafkaPort } from '../platform/kafka/port.ts'
import { RecordCodec } from '../schemas/codec/event-codec.ts'
import { isPassing, openRegistry } from '../schemas/registry.ts'
import { AuditSink } from './audit/sink.ts'
import { openStore } from './clickhouse/client.ts'
import { ClickHouseSink } from './clickhouse/sink.ts'
import { CanaryLoop } from './reconcile/canary-loop.ts'
import { ReconcileLoop } from './reconcile/loop.ts'
import { openReconcile } from './reconcile/open.ts'
import { RedisSink } from './redis/sink.ts'
import { type SinkMetrics, sinkMetrics } from './runtime/metrics.ts'

interface Parts {
  readonly life: Lifecycle
  readonly kafka: KafkaPort
  readonly codec: RecordCodec
  readonly metrics: SinkMetrics
}

const onFatal = (life: Lifecycle) => (error: Error) => life.fatal(error)

async function runRedis({ life, kafka, codec, metrics }: Parts): Promise<void> {
  const { REDIS_URL } = loadConfig({ REDIS_URL: env.url() }, process.env)
  const admin = await kafka.admin()
  life.onStop('admin', () => admin.close())
  const sink = new RedisSink({
    kafka,
    admin,
    codec,
    url: REDIS_URL,
    metrics,
    log: life.log,
    onFatal: onFatal(life),
  })
  life.check('redis', () => sink.check())
  life.onStop('redis sink', () => sink.stop())
  await sink.start()
}

async function runClickHouse({ life, kafka, codec, metrics }: Parts): Promise<void> {
  const config = loadConfig(
    { CLICKHOUSE_URL: env.url(), CLICKHOUSE_USER: env.text(), CLICKHOUSE_PASSWORD: env.secret(1) },
    process.env,
  )
  const admin = await kafka.admin()
  life.onStop('admin', () => admin.close())
  const store = openStore({
    url: config.CLICKHOUSE_URL,
    username: config.CLICKHOUSE_USER,
    password: config.CLICKHOUSE_PASSWORD,
  })
  life.onStop('clickhouse', () => store.close())
  const sink = new ClickHouseSink({
    kafka,
    admin,
    codec,
    store,
    metrics,
    log: life.log,
    onFatal: onFatal(life),
  })
  life.check('clickhouse', () => sink.check())
  life.onStop('clickhouse sink', () => sink.stop())
  await sink.start()
}

async function runAudit({ life, kafka, codec, metrics }: Parts): Promise<void> {
  const { AUDIT_DATABASE_URL } = loadConfig({ AUDIT_DATABASE_URL: env.url() }, process.env)
  const admin = await kafka.admin()
  life.onStop('admin', () => admin.close())
  const sink = new AuditSink({
    kafka,
    admin,
    codec,
    databaseUrl: AUDIT_DATABASE_URL,
    metrics,
    log: life.log,
    onFatal: onFatal(life),
  })
  life.check('postgres', () => sink.check())
  life.onStop('audit sink', () => sink.stop())
  await sink.start()
}

async function runReconcile({ life, kafka, codec }: Parts): Promise<void> {
  const config = loadConfig(
    {
      REDIS_URL: env.url(),
      CLICKHOUSE_URL: env.url(),
      CLICKHOUSE_USER: env.text(),
      CLICKHOUSE_PASSWORD: env.secret(1),
      DATABASE_READER_URL: env.url(),
      /** Whether the canary tenant trades in this stack. */
      CANARY: z.enum(['on', 'off']).default('off'),
    },
    process.env,
  )
  const { parts, close } = await openReconcile(kafka, codec, {
    redis: config.REDIS_URL,
    clickhouse: {
      url: config.CLICKHOUSE_URL,
      username: config.CLICKHOUSE_USER,
      password: config.CLICKHOUSE_PASSWORD,
    },
    database: config.DATABASE_READER_URL,
  })
  life.onStop('stores', close)
  const loop = new ReconcileLoop({ parts, metrics: life.metrics, log: life.log })
  life.check('comparison', () => loop.check())
  life.show('/reconcile', () => loop.report())
  life.onStop('comparison', () => loop.stop())
  loop.start()
  if (config.CANARY === 'off') return
  const canary = new CanaryLoop({ parts, metrics: life.metrics, log: life.log, nowMs: () => Date.now() })
  life.show('/canary', () => canary.report())
  life.onStop('canary', () => canary.stop())
  canary.start()
}

const RUN = { redis: runRedis, clickhouse: runClickHouse, audit: runAudit, reconcile: runReconcile }

await runService({ service: 'sinks', logLevel: process.env['LOG_LEVEL'] ?? 'info' }, async (life) => {
  const config = loadConfig(
    {
      SINK: z.enum(['redis', 'clickhouse', 'audit', 'reconcile']),
      KAFKA_BROKERS: env.brokers(),
      SCHEMA_REGISTRY_URL: env.url(),
      ADMIN_PORT: env.port(0),
      LOG_LEVEL: env.logLevel(),
    },
    process.env,
  )
  await life.admin(config.ADMIN_PORT)
  const kafka = openKafka({
    brokers: config.KAFKA_BROKERS,
    clientId: `nikash-sink-${config.SINK}`,
    log: life.log,
  })
  life.onStop('kafka', () => kafka.close())
  // Schemas are fetched as records with them come.
  const guard = createBreakers(life.metrics).guard('registry', { isFailure: isPassing })
  const codec = new RecordCodec(openRegistry(config.SCHEMA_REGISTRY_URL, { guard }))
  const parts = { life, kafka, codec, metrics: sinkMetrics(life.metrics) }
  await RUN[config.SINK](parts)
})
