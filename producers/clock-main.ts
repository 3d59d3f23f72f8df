/** Owns the process of the clock: ticks into the log. Any number may run. */
import { env, loadConfig } from '../platform/config.ts'
import { openKafka } from '../platform/kafka/kafkajs/port.ts'
import { runService } from '../platform/lifecycle.ts'
import { Clock, lastQuarter } from './clock/clock.ts'
import { awaitCodec } from './outbox/codec.ts'

await runService({ service: 'clock', logLevel: process.env['LOG_LEVEL'] ?? 'info' }, async (life) => {
  const config = loadConfig(
    {
      ADMIN_PORT: env.port(3103),
      KAFKA_BROKERS: env.brokers(),
      SCHEMA_REGISTRY_URL: env.url(),
      LOG_LEVEL: env.logLevel(),
    },
    process.env,
  )
  const { log, metrics } = life
  await life.admin(config.ADMIN_PORT)
  const kafka = openKafka({ brokers: config.KAFKA_BROKERS, clientId: 'nikash-clock', log })
  life.onStop('kafka', () => kafka.close())
  const encoder = await awaitCodec(config.SCHEMA_REGISTRY_URL, ['Tick'], life)
  if (!encoder) return
  const nowMs = () => Date.now()
  const clock = new Clock({
    kafka,
    encoder,
    nowMs,
    log,
    onTick: (instant) => log.debug({ instant: new Date(instant).toISOString() }, 'tick'),
  })
  metrics.gauge('clock_tick_timestamp_seconds', 'Instant of the last tick sent.', [], (gauge) =>
    gauge.set((clock.lastSent ?? 0) / 1_000),
  )
  life.check('ticks', () => {
    if ((clock.lastSent ?? 0) < lastQuarter(nowMs()) - 60_000)
      throw new Error('the last quarter-hour has no tick yet')
  })
  const running = clock.run()
  running.catch((error: unknown) => life.fatal(error))
  life.onStop('clock', async () => {
    clock.stop()
    await running
  })
})
