/** What the API reads from its environment: names, checks, defaults. Read once, by main.ts. */
import { type ConfigOf, env } from '../platform/config.ts'

const SECRET_CHARS_MIN = 32

export const CONFIG = {
  PORT: env.port(3006),
  ADMIN_PORT: env.port(3107),
  REDIS_URL: env.url(),
  CLICKHOUSE_URL: env.url(),
  CLICKHOUSE_USER: env.text(),
  CLICKHOUSE_PASSWORD: env.secret(1),
  JWT_ACCESS_SECRET: env.secret(SECRET_CHARS_MIN),
  /** Where commands are taken; told to the page of a local stack. */
  COMMANDS_URL: env.url().optional(),
  /** Origins that may read from a browser, comma-separated, exact; none by default. */
  CORS_ORIGIN: env.list([]),
  /** local = a stack on one machine: offers the demo sign-in. */
  NIKASH_ENV: env.text('production'),
  /** Requests a minute of one user of one tenant. */
  RATE_LIMIT_PER_MINUTE: env.integer(1, 10_000_000, 12_000),
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: env.integer(1, 10_000_000, 600),
  LOG_LEVEL: env.logLevel(),
} as const

export type ApiConfig = ConfigOf<typeof CONFIG>
