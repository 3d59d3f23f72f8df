/**
 * What this process measures of itself. Names that dashboards and alerts of the product already use keep them
 * (`finance_*`, `http_requests_total`); the rest has the prefix of all our processes.
 * No label has ids of tenants or users: route templates, methods, status codes, close codes.
 */
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client'
import type { RequestHandler } from 'express'
import { type Metrics, pipelineAge } from '../../platform/metrics.ts'
import { CACHE_SECONDS, type CacheKind } from '../../sinks/redis/contract.ts'
import { OUTCOMES, type Outcome } from '../reads/answers.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface ApiMetrics {
  readonly registry: Registry
  readonly middleware: RequestHandler
  /** A read was answered from the live figures (hit) or had to be computed (miss). */
  cacheRead(hit: boolean): void
  /** A kept answer was used (hit), or had to be made. */
  answerRead(kind: CacheKind, outcome: Outcome): void
  query(name: string, seconds: number): void
  socketClosed(code: number): void
  /** Updates that a client did not get one by one: merged into a newer one, or lost with its connection. */
  updatesDropped(reason: 'merged' | 'closed', count: number): void
  /** Figures went out to sockets; age of the newest event in them. */
  updateSent(ageSeconds: number): void
  socketRefused(reason: string): void
}

export function createApiMetrics(
  metrics: Metrics,
  live: {
    connections(): number
    subscriptions(): number
    /** Finance transactions in the books, of all tenants; kept for a while, so that a scrape is cheap. */
    transactions(): Promise<number>
  },
): ApiMetrics {
  const registers = [metrics.registry]
  const labelNames = ['method', 'route', 'status'] as const
  const duration = new Histogram({
    name: 'finance_api_duration_seconds',
    help: 'Time to answer a request.',
    labelNames,
    buckets: SECONDS,
    registers,
  })
  const requests = new Counter({ name: 'finance_requests_total', help: 'Requests answered.', registers })
  const errors = new Counter({ name: 'finance_errors_total', help: 'Requests answered with 5xx.', registers })
  const http = new Counter({
    name: 'http_requests_total',
    help: 'Requests by route and status.',
    labelNames,
    registers,
  })
  new Counter({
    name: 'finance_transactions_total',
    help: 'Finance transactions in the books, of all tenants and sources, as ClickHouse has them. Equal in each process.',
    registers,
    async collect() {
      const count = await live.transactions()
      this.reset()
      this.inc(count)
    },
  })
  const query = new Histogram({
    name: 'database_query_duration_seconds',
    help: 'Time of a query by its name.',
    labelNames: ['query'] as const,
    buckets: SECONDS,
    registers,
  })
  let [hits, reads] = [0, 0]
  new Gauge({
    name: 'finance_cache_hit_ratio',
    help: 'Share of reads of current figures that the live store answered; 1 before the first.',
    registers,
    collect() {
      this.set(reads === 0 ? 1 : hits / reads)
    },
  })
  const kept = metrics.counter(
    'api_answers_total',
    'Answers of kinds that are kept in Redis: hit, or made because there was none (miss), one from before a change (stale), or no Redis (bypass).',
    ['kind', 'outcome'],
  )
  for (const kind of Object.keys(CACHE_SECONDS))
    for (const outcome of OUTCOMES) kept.inc({ kind, outcome }, 0)
  metrics.gauge('socket_connections', 'Open sockets.', [], (gauge) => gauge.set(live.connections()))
  metrics.gauge('socket_subscriptions', 'Subscriptions of open sockets.', [], (gauge) =>
    gauge.set(live.subscriptions()),
  )
  const closed = metrics.counter('socket_closed_total', 'Sockets closed, by code.', ['code'])
  const dropped = metrics.counter(
    'ws_dropped_updates_total',
    'Updates that a slow client did not get one by one: merged into a newer one, or lost with its connection.',
    ['reason'],
  )
  dropped.inc({ reason: 'merged' }, 0)
  dropped.inc({ reason: 'closed' }, 0)
  const age = pipelineAge(metrics)
  const refused = metrics.counter('socket_refused_total', 'Upgrades refused, by reason.', ['reason'])
  return {
    registry: metrics.registry,
    middleware(request, response, next) {
      const end = duration.startTimer()
      response.once('finish', () => {
        const route = typeof request.route?.path === 'string' ? request.route.path : 'none'
        const labels = { method: request.method, route, status: String(response.statusCode) }
        end(labels)
        http.inc(labels)
        requests.inc()
        if (response.statusCode >= 500) errors.inc()
      })
      next()
    },
    cacheRead(hit) {
      reads++
      if (hit) hits++
    },
    answerRead: (kind, outcome) => kept.inc({ kind, outcome }),
    query: (name, seconds) => query.observe({ query: name }, seconds),
    socketClosed: (code) => closed.inc({ code: String(code) }),
    updatesDropped: (reason, count) => dropped.inc({ reason }, count),
    updateSent: (seconds) => age('ws', seconds),
    socketRefused: (reason) => refused.inc({ reason }),
  }
}
