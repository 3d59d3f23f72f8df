/**
 * Owns the environment that our processes and other people's tests get. One place, so that a service started by hand
 * with `eval "$(./nikash status -o env)"` sees what the supervisor gives it. Refuses: passing on the user's whole shell.
 */
import { PART_MARK, STACK_MARK } from './processes.ts'
import type { StackContext } from './part.ts'

const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'TMPDIR',
  'JAVA_HOME',
  'LOG_LEVEL',
  'NODE_EXTRA_CA_CERTS',
  'NIKASH_DATA_DIR',
] as const

export const inheritedFrom = (environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> => {
  const kept: Record<string, string> = {}
  for (const name of INHERITED) {
    const value = environment[name]
    if (value !== undefined) kept[name] = value
  }
  return Object.freeze(kept)
}

export const marksOf = (context: StackContext, part: string): Readonly<Record<string, string>> => ({
  [STACK_MARK]: context.layout.root,
  [PART_MARK]: part,
})

/** The names that `status -o env` prints and that integration tests read. */
export const publicEnvironment = (
  context: Pick<StackContext, 'urls' | 'secrets'>,
): Record<string, string> => ({
  KAFKA_BROKERS: context.urls.kafkaBrokers,
  SCHEMA_REGISTRY_URL: context.urls.schemaRegistry,
  CLICKHOUSE_URL: context.urls.clickhouse,
  CLICKHOUSE_USER: 'nikash_writer',
  CLICKHOUSE_PASSWORD: context.secrets.clickhouseWriter,
  REDIS_URL: context.urls.redis,
  DATABASE_URL: context.urls.database,
  DATABASE_OWNER_URL: context.urls.databaseOwner,
  DATABASE_READER_URL: context.urls.databaseReader,
  DATABASE_AUDITOR_URL: context.urls.databaseAuditor,
  API_URL: context.urls.api,
  COMMANDS_URL: context.urls.commands,
})

export const serviceEnvironment = (context: StackContext): Record<string, string> => ({
  ...publicEnvironment(context),
  NODE_ENV: 'production',
  // A business day comes from the tenant's zone and must not depend on the machine's.
  TZ: 'UTC',
  NIKASH_ENV: 'local',
  LOG_LEVEL: context.inherited['LOG_LEVEL'] ?? 'info',
  CLICKHOUSE_WRITER_USER: 'nikash_writer',
  CLICKHOUSE_WRITER_PASSWORD: context.secrets.clickhouseWriter,
  CLICKHOUSE_ANALYST_SECRET: context.secrets.clickhouseAnalystSecret,
  JWT_ACCESS_SECRET: context.secrets.jwtAccessSecret,
})
