/**
 * Puts the API together: stores, reads, sockets, HTTP. Owns the order of start and stop; knows no environment, so that
 * tests start it with a config of their own.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBreakers } from '../platform/breaker.ts'
import { messageOf } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { createApp } from './app.ts'
import { createVerify, signToken } from './auth/token.ts'
import { rememberVerified } from './auth/verified.ts'
import { codeDigest } from './code.ts'
import type { ApiConfig } from './config.ts'
import type { Check } from './http/health.ts'
import { type ApiMetrics, createApiMetrics } from './http/metrics.ts'
import { createTransactionCount } from './reads/transaction-count.ts'
import { Gateway, GATEWAY_LIMITS, type GatewayLimits } from './live/gateway.ts'
import { Hub } from './live/hub.ts'
import { RedisFeed } from './live/redis-feed.ts'
import { createAnswers } from './reads/answers.ts'
import { isOutage, openClickHouse } from './reads/clickhouse.ts'
import { createFacts } from './reads/facts.ts'
import { createLiveFigures } from './reads/live-figures.ts'
import { createTenants } from './reads/tenants.ts'
import { operationsOf } from './routes/index.ts'
import { DEMO_TENANT, type Services } from './services.ts'
import { openRedis, waitForRedis } from './stores.ts'

const HOST = '127.0.0.1'
const VERIFY_MS = 2_000
const DEMO_TTL_SECONDS = 900
const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
const KEEP_ALIVE_MS = 65_000

export interface Api {
  readonly port: number
  readonly checks: readonly Check[]
  close(): Promise<void>
}

export interface StartOptions {
  readonly config: ApiConfig
  readonly log: Log
  readonly metrics: Metrics
  readonly now?: () => number
  readonly socketLimits?: GatewayLimits
  readonly pageFolder?: string
}

export async function startApi(options: StartOptions): Promise<Api> {
  const { config, log, metrics } = options
  const now = options.now ?? Date.now
  const verify = rememberVerified(createVerify(config.JWT_ACCESS_SECRET, now), now)
  const redis = openRedis(config.REDIS_URL, log)
  const feed = new RedisFeed({ commands: redis.commands, blocking: redis.blocking, runId: redis.runId, log })
  const hub = new Hub(feed)
  const own: { gateway?: Gateway; metrics?: ApiMetrics } = {}
  const apiMetrics = createApiMetrics(metrics, {
    connections: () => own.gateway?.connectionCount ?? 0,
    subscriptions: () => hub.memberCount(),
    transactions: () => transactions.count(),
  })
  const breakers = createBreakers(metrics)
  const clickhouse = openClickHouse({
    url: config.CLICKHOUSE_URL,
    username: config.CLICKHOUSE_USER,
    password: config.CLICKHOUSE_PASSWORD,
    onQuery: (name, seconds) => apiMetrics.query(name, seconds),
    guard: breakers.guard('clickhouse', { isFailure: isOutage }),
  })
  const transactions = createTransactionCount(clickhouse, now)
  const live = createLiveFigures({
    redis: redis.commands,
    runId: redis.runId,
    onRead: (hit) => apiMetrics.cacheRead(hit),
    guard: breakers.guard('redis'),
  })
  const facts = createFacts(clickhouse)
  const answers = createAnswers({
    redis: redis.commands,
    runId: redis.runId,
    facts,
    code: codeDigest(),
    onRead: (kind, outcome) => apiMetrics.answerRead(kind, outcome),
    // Of its own: a cache that is full says nothing about live figures.
    guard: breakers.guard('redis_cache'),
  })
  const services: Services = {
    answers,
    clickhouse,
    facts,
    live,
    tenants: createTenants({ clickhouse, facts, live, now }),
    now,
    commandsUrl: config.COMMANDS_URL,
    demoToken: config.NIKASH_ENV === 'local' ? () => demoToken(config, now()) : undefined,
  }
  const checks: readonly Check[] = [
    { name: 'redis', run: () => redis.ping() },
    { name: 'clickhouse', run: () => clickhouse.ping() },
  ]
  let stopping = false
  const app = createApp({
    operations: operationsOf(services),
    verify,
    log,
    metrics: apiMetrics,
    checks,
    isStopping: () => stopping,
    corsOrigins: config.CORS_ORIGIN,
    perMinute: config.RATE_LIMIT_PER_MINUTE,
    anonymousPerMinute: config.RATE_LIMIT_ANONYMOUS_PER_MINUTE,
    commandsUrl: config.COMMANDS_URL,
    ...(options.pageFolder === undefined ? {} : { pageFolder: options.pageFolder }),
  })
  const server = createServer(app)
  server.headersTimeout = HEADERS_MS
  server.requestTimeout = REQUEST_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  const gateway = new Gateway({
    hub,
    verify,
    now,
    allowedOrigins: config.CORS_ORIGIN,
    limits: options.socketLimits ?? GATEWAY_LIMITS,
    metrics: {
      closed: (code) => apiMetrics.socketClosed(code),
      coalesced: () => apiMetrics.updatesDropped('merged', 1),
      dropped: (count) => apiMetrics.updatesDropped('closed', count),
      sent: (logTimeMs) => apiMetrics.updateSent((now() - logTimeMs) / 1000),
      refused: (reason) => apiMetrics.socketRefused(reason),
    },
  })
  own.gateway = gateway
  feed.start(hub)
  if (!(await waitForRedis(redis))) log.warn('Redis does not answer: live figures start when it does')
  const verifying = setInterval(() => {
    hub
      .verify()
      .catch((error: unknown) => log.debug({ err: error }, 'could not look at the stores of the rooms'))
  }, VERIFY_MS)
  gateway.attach(server)
  const port = await listen(server, config.PORT)
  return {
    port,
    checks,
    async close() {
      stopping = true
      clearInterval(verifying)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await gateway.close()
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), 3_000)
      await closed
      clearTimeout(cut)
      await feed.stop()
      redis.close()
      await clickhouse.close()
    },
  }
}

async function demoToken(config: ApiConfig, nowMs: number) {
  const request = {
    tenant: DEMO_TENANT,
    subject: 'user:demo',
    role: 'reader',
    ttlSeconds: DEMO_TTL_SECONDS,
  } as const
  const token = await signToken(config.JWT_ACCESS_SECRET, { ...request, nowMs })
  return { token, expiresAtMs: nowMs + DEMO_TTL_SECONDS * 1000 }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Error(`port ${HOST}:${port} can not be opened (${messageOf(cause)}): is another API running?`, {
          cause,
        }),
      ),
    )
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port))
  })
}
