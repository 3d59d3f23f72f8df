/** Owns the process of the relay: from the outbox in Postgres to Kafka. */
import { env, loadConfig } from '../platform/config.ts'
import { openKafka } from '../platform/kafka/kafkajs/port.ts'
import { pipelineAge } from '../platform/metrics.ts'
import { runService } from '../platform/lifecycle.ts'
import { EVENT_TYPES } from '../schemas/generated/records.ts'
import { clientConfig } from './event-store/database.ts'
import { awaitCodec } from './outbox/codec.ts'
import { Outbox } from './outbox/outbox.ts'
import { Relay } from './outbox/relay.ts'

/** A row older than this says that Kafka, the registry or the relay is in trouble. */
const STALLED_MS = 30_000

await runService({ service: 'relay', logLevel: process.env['LOG_LEVEL'] ?? 'info' }, async (life) => {
  const config = loadConfig(
    {
      ADMIN_PORT: env.port(3102),
      DATABASE_URL: env.url(),
      KAFKA_BROKERS: env.brokers(),
      SCHEMA_REGISTRY_URL: env.url(),
      LOG_LEVEL: env.logLevel(),
    },
    process.env,
  )
  const { log, metrics } = life
  await life.admin(config.ADMIN_PORT)
  const kafka = openKafka({ brokers: config.KAFKA_BROKERS, clientId: 'nikash-relay', log })
  life.onStop('kafka', () => kafka.close())
  const encoder = await awaitCodec(config.SCHEMA_REGISTRY_URL, EVENT_TYPES, life)
  if (!encoder) return

  const sent = metrics.counter('relay_records_total', 'Records that Kafka acknowledged.')
  const age = pipelineAge(metrics)
  const relay = new Relay({
    openOutbox: () =>
      Outbox.open(clientConfig({ url: config.DATABASE_URL, applicationName: 'nikash-relay' })),
    kafka,
    encoder,
    log,
    nowMs: () => Date.now(),
    onSent: (records, oldestAgeMs) => {
      sent.inc(records)
      age('outbox', oldestAgeMs / 1_000)
    },
  })
  metrics.gauge(
    'outbox_oldest_age_seconds',
    'Age of the oldest event that Kafka has not acknowledged.',
    [],
    (gauge) => gauge.set(relay.oldestAgeMs / 1_000),
  )
  metrics.gauge('relay_leader_count', '1 when this relay leads.', [], (gauge) =>
    gauge.set(relay.leading ? 1 : 0),
  )
  metrics.gauge('relay_stuck_count', 'Tenants held back by an event that cannot be encoded.', [], (gauge) =>
    gauge.set(relay.stuckTenants),
  )
  life.check('outbox moves', () => {
    if (relay.oldestAgeMs > STALLED_MS) throw new Error(`the oldest event waits for ${relay.oldestAgeMs} ms`)
  })
  const running = relay.run()
  running.catch((error: unknown) => life.fatal(error))
  life.onStop('relay', async () => {
    await relay.stop()
    await running
  })
})
