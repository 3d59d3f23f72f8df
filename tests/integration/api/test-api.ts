/** The API in this process, against stores that the test gives, with a secret of its own. */
import { Writable } from 'node:stream'
import { CONFIG } from '../../../api/config.ts'
import { type Role, signToken } from '../../../api/auth/token.ts'
import { GATEWAY_LIMITS, type GatewayLimits } from '../../../api/live/gateway.ts'
import { type Api, startApi } from '../../../api/server.ts'
import { loadConfig } from '../../../platform/config.ts'
import { createLog } from '../../../platform/log.ts'
import { createMetrics } from '../../../platform/metrics.ts'

export const SECRET = 'a-secret-for-tests-alone-0123456789abcdef'
/** A port on which nothing listens. */
const NOWHERE = 'http://127.0.0.1:9'

export interface TestApi {
  readonly url: string
  readonly socketUrl: string
  readonly plainUrl: string
  readonly log: string[]
  token(tenant: string, options?: { role?: Role; ttlSeconds?: number; subject?: string }): Promise<string>
  get(path: string, token: string, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

export async function startTestApi(options: {
  redisUrl: string
  clickhouse?: { url: string; user: string; password: string }
  env?: Record<string, string>
  limits?: Partial<GatewayLimits>
  port?: number
}): Promise<TestApi> {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const config = loadConfig(CONFIG, {
    PORT: String(options.port ?? 0),
    REDIS_URL: options.redisUrl,
    CLICKHOUSE_URL: options.clickhouse?.url ?? NOWHERE,
    CLICKHOUSE_USER: options.clickhouse?.user ?? 'nobody',
    CLICKHOUSE_PASSWORD: options.clickhouse?.password ?? 'nothing',
    JWT_ACCESS_SECRET: SECRET,
    ...options.env,
  })
  const api: Api = await startApi({
    config,
    log: createLog({ service: 'api', level: 'debug', destination }),
    metrics: createMetrics('api'),
    socketLimits: { ...GATEWAY_LIMITS, ...options.limits },
  })
  const host = `127.0.0.1:${api.port}`
  return {
    url: `http://${host}`,
    socketUrl: `ws://${host}/connection/websocket`,
    plainUrl: `ws://${host}/ws`,
    log: lines,
    token: (tenant, { role = 'reader', ttlSeconds = 600, subject = 'user:test' } = {}) =>
      signToken(SECRET, { tenant, role, subject, ttlSeconds, nowMs: Date.now() }),
    get: (path, token, headers = {}) =>
      fetch(`http://${host}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } }),
    close: () => api.close(),
  }
}
