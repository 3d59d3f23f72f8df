/**
 * Owns the processor process: the finance topologies on the stream engine, as one member of the group.
 * NIKASH_FAILPOINT (STEP or STEP:COUNT) makes it end by SIGKILL at that step; refused in production.
 */
import { randomUUID } from 'node:crypto'
import { ConfigError, env, loadConfig, redacted } from '../platform/config.ts'
import { openKafka } from '../platform/kafka/kafkajs/port.ts'
import { runService } from '../platform/lifecycle.ts'
import { RecordCodec } from '../schemas/codec/event-codec.ts'
import { RESULT_TYPES } from '../schemas/generated/records.ts'
import { openRegistry } from '../schemas/registry.ts'
import { NO_FAILPOINT, parseFailpoint } from './runtime/failpoints.ts'
import { DEFAULT_GROUP, DEFAULTS } from './runtime/options.ts'
import { prometheusMetrics } from './runtime/prometheus.ts'
import type { Failpoint } from './runtime/steps.ts'
import { Worker } from './runtime/worker.ts'
import { buildTopologies } from './topologies/index.ts'

function failpointOf(text: string | undefined, environment: string): Failpoint {
  if (text === undefined) return NO_FAILPOINT
  if (environment === 'production')
    throw new ConfigError(['NIKASH_FAILPOINT is for tests: unset it, or set NIKASH_ENV to something else'])
  try {
    return parseFailpoint(text, () => process.kill(process.pid, 'SIGKILL'))
  } catch (cause) {
    throw new ConfigError([`NIKASH_FAILPOINT: ${(cause as Error).message}`])
  }
}

const service = { service: 'processors', logLevel: process.env['LOG_LEVEL'] ?? 'info' }

await runService(service, async (life) => {
  const config = loadConfig(
    {
      KAFKA_BROKERS: env.brokers(),
      SCHEMA_REGISTRY_URL: env.url(),
      ADMIN_PORT: env.port(0),
      LOG_LEVEL: env.logLevel(),
      NIKASH_ENV: env.text('production'),
      NIKASH_FAILPOINT: env.optional(),
      /** The consumer group; also the name of its checkpoints. */
      PROCESSORS_GROUP: env.text(DEFAULT_GROUP),
      /**
       * Name of this process among its living peers, the same after a restart (the name of a StatefulSet's pod, say): a
       * restart then has its partitions back at once. Without it, they go to the others and some come back.
       */
      PROCESSORS_INSTANCE: env.optional(),
      PROCESSORS_SESSION_MS: env.integer(6_001, 300_000, DEFAULTS.sessionTimeoutMs),
      PROCESSORS_COMMIT_MS: env.integer(0, 5_000, DEFAULTS.busyIntervalMs),
      PROCESSORS_CHECKPOINT_MS: env.integer(100, 600_000, DEFAULTS.checkpointWorkMs),
    },
    process.env,
  )
  const failpoint = failpointOf(config.NIKASH_FAILPOINT, config.NIKASH_ENV)
  await life.admin(config.ADMIN_PORT)
  life.log.info({ config: redacted(config) }, 'starting')
  const port = openKafka({
    brokers: config.KAFKA_BROKERS,
    clientId: 'nikash-processors',
    log: life.log,
    // A broker that is away is waited for as long as commits are: the state in memory is worth it.
    retryMs: DEFAULTS.giveUpMs,
  })
  life.onStop('kafka', () => port.close())
  const instanceId = config.PROCESSORS_INSTANCE
  const codec = await RecordCodec.open(openRegistry(config.SCHEMA_REGISTRY_URL), RESULT_TYPES)
  const worker = new Worker({
    port,
    codec,
    topologies: buildTopologies((type, value) => codec.encode(type, value)),
    options: {
      groupId: config.PROCESSORS_GROUP,
      transactionalId: `${config.PROCESSORS_GROUP}-${instanceId ?? randomUUID()}`,
      instanceId,
      sessionTimeoutMs: config.PROCESSORS_SESSION_MS,
      busyIntervalMs: config.PROCESSORS_COMMIT_MS,
      checkpointWorkMs: config.PROCESSORS_CHECKPOINT_MS,
    },
    metrics: prometheusMetrics(life.metrics),
    log: life.log,
    failpoint,
    onFatal: (error) => life.fatal(error),
  })
  life.check('tasks', () => {
    if (worker.whole) return
    const off = worker.status().filter(({ state }) => state !== 'running')
    throw new Error(off.map((t) => `${t.partition} is ${t.state}${t.error ? `: ${t.error}` : ''}`).join('; '))
  })
  life.onStop('worker', () => worker.stop())
  life.show('/tasks', () => worker.report())
  await worker.start()
})
