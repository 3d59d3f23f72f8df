/** Owns the process of the command service: configuration, parts, start and stop. */
import { createServer } from 'node:http'
import { createBreakers } from '../platform/breaker.ts'
import { env, loadConfig } from '../platform/config.ts'
import { NikashError } from '../platform/errors.ts'
import { runService } from '../platform/lifecycle.ts'
import { isOutage, openPool } from './event-store/database.ts'
import { authenticator } from './http/auth.ts'
import { commandApp } from './http/app.ts'
import { Executor } from './kernel/executor.ts'
import { Lanes } from './kernel/lanes.ts'
import { Waker } from './outbox/waker.ts'

const HOST = '127.0.0.1'
/** For batches, reads and the relay's wake-ups; the others serve single commands, one transaction each. */
const CONNECTIONS_ASIDE = 2

await runService({ service: 'commands', logLevel: process.env['LOG_LEVEL'] ?? 'info' }, async (life) => {
  const config = loadConfig(
    {
      PORT: env.port(3007),
      ADMIN_PORT: env.port(3101),
      DATABASE_URL: env.url(),
      DATABASE_CONNECTIONS: env.integer(3, 100, 6),
      JWT_ACCESS_SECRET: env.secret(),
      LOG_LEVEL: env.logLevel(),
    },
    process.env,
  )
  const { log, metrics } = life
  await life.admin(config.ADMIN_PORT)
  const url = config.DATABASE_URL
  const pool = openPool(
    { url, connectionsMax: config.DATABASE_CONNECTIONS, applicationName: 'nikash-commands' },
    (error) => log.warn({ err: error }, 'an idle connection to the store broke'),
  )
  life.onStop('store', () => pool.end())
  try {
    await pool.query('select from finance.outbox limit 0')
  } catch (cause) {
    throw new NikashError(
      'store_unavailable',
      `the store is not usable: ${cause instanceof Error ? cause.message : String(cause)}. Is Postgres up, and did producers/migrate.ts run?`,
      {
        recover: 'retry',
        cause,
      },
    )
  }
  const waker = new Waker(pool, (error) => log.debug({ err: error }, 'the relay was not woken; it polls'))
  const nowMs = () => Date.now()
  const guard = createBreakers(metrics).guard('store', { halfOpenMs: 1_000, isFailure: isOutage })
  const executor = new Executor(pool, { nowMs, onCommit: () => waker.wake(), guard })
  const lanes = new Lanes((tenantId, requests) => executor.run(tenantId, requests), {
    runningMax: config.DATABASE_CONNECTIONS - CONNECTIONS_ASIDE,
  })
  metrics.gauge('commands_waiting_count', 'Commands waiting for a transaction.', [], (gauge) =>
    gauge.set(lanes.waiting),
  )
  const app = commandApp({
    authenticate: authenticator(config.JWT_ACCESS_SECRET, nowMs),
    executor,
    lanes,
    pool,
    log,
    metrics,
    nowMs,
    accepting: () => !life.stopping,
  })
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 75_000 },
    app,
  )
  life.check('store', () => pool.query('select 1'))
  life.onStop('http', () => closeServer(server))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Error(`port ${HOST}:${config.PORT} cannot be opened (${cause.message})`, { cause })),
    )
    server.listen(config.PORT, HOST, resolve)
  })
  log.info({ port: config.PORT }, 'listening')
})

/** Lets running requests end; idle connections are closed at once. */
function closeServer(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
