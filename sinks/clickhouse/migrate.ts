/**
 * Brings the database to the form this version needs: numbered .sql files once each, in order, then the views whenever
 * their text changed. `node sinks/clickhouse/migrate.ts` with CLICKHOUSE_URL, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD.
 * G1: running it again changes nothing. G2: a file that was applied is never changed: add another. G3: files of access need
 * a server with access control; where there is none it stays pending, and that is no failure.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Umzug, type UmzugStorage } from 'umzug'
import { env, loadConfig } from '../../platform/config.ts'
import { createLog, type Log } from '../../platform/log.ts'
import { openStore, type Store } from './client.ts'
import { VIEW_DEFINITIONS } from './views.ts'

const FOLDER = new URL('./migrations/', import.meta.url)
const NEEDS_ACCESS_CONTROL: ReadonlySet<string> = new Set(['003-access', '011b-alerts-access'])

export interface Migrated {
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

/** Statements of a file: they end with a semicolon at the end of a line; comments are whole lines. */
export const statementsOf = (text: string): string[] =>
  text
    .replaceAll(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')

const storage = (store: Store): UmzugStorage => ({
  logMigration: async ({ name }) => {
    await store.insert({
      table: 'finance.schema_migrations',
      rows: [{ name, applied_at: Date.now() }],
      token: name,
    })
  },
  unlogMigration: () => Promise.reject(new Error('migrations of ClickHouse only go forward')),
  executed: async () => {
    const rows = await store.query<{ readonly name: string }>(
      'SELECT DISTINCT name FROM finance.schema_migrations ORDER BY name',
    )
    return rows.map(({ name }) => name)
  },
})

async function prepare(store: Store): Promise<void> {
  await store.command("CREATE DATABASE IF NOT EXISTS finance COMMENT 'Nikash: facts, KPI and aging history'")
  await store.command(`CREATE TABLE IF NOT EXISTS finance.schema_migrations
(
    name String COMMENT 'File, or views@ and the digest of their text',
    applied_at DateTime64(3, 'UTC') COMMENT 'When it was applied'
)
ENGINE = MergeTree
ORDER BY name
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Migrations that were applied.'`)
}

/** False where roles can't be made: no access control (chdb), or a user that may not manage it. */
async function hasAccessControl(store: Store, log: Log): Promise<boolean> {
  try {
    await store.command('CREATE ROLE IF NOT EXISTS nikash_owner')
    return true
  } catch (error) {
    log.info(
      { reason: String((error as { type?: unknown }).type ?? error) },
      'no access control to set up here',
    )
    return false
  }
}

function umzugOf(
  store: Store,
  names: readonly { name: string; statements: readonly string[] }[],
): Umzug<Store> {
  return new Umzug<Store>({
    migrations: names.map(({ name, statements }) => ({
      name,
      up: async () => {
        for (const statement of statements) await store.command(statement)
      },
    })),
    context: store,
    storage: storage(store),
    logger: undefined,
  })
}

export async function migrate(store: Store, log: Log): Promise<Migrated> {
  await prepare(store)
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      name: file.slice(0, -'.sql'.length),
      statements: statementsOf(readFileSync(new URL(file, FOLDER), 'utf8')),
    }))
  const access = await hasAccessControl(store, log)
  const wanted = files.filter(({ name }) => access || !NEEDS_ACCESS_CONTROL.has(name))
  const digest = createHash('sha256').update(VIEW_DEFINITIONS.join('\n')).digest('hex').slice(0, 16)
  // Views come last: the digest is their version. An older text of the same views is simply replaced.
  const applied = await umzugOf(store, [
    ...wanted,
    { name: `views@${digest}`, statements: VIEW_DEFINITIONS },
  ]).up()
  const names = applied.map(({ name }) => name)
  log.info({ applied: names }, 'ClickHouse is up to date')
  return { applied: names, pending: files.filter((file) => !wanted.includes(file)).map(({ name }) => name) }
}

async function main(): Promise<void> {
  const log = createLog({ service: 'clickhouse-migrate' })
  const config = loadConfig(
    {
      CLICKHOUSE_URL: env.url(),
      CLICKHOUSE_USER: env.text(),
      CLICKHOUSE_PASSWORD: env.secret(1),
    },
    process.env,
  )
  const store = openStore({
    url: config.CLICKHOUSE_URL,
    username: config.CLICKHOUSE_USER,
    password: config.CLICKHOUSE_PASSWORD,
  })
  try {
    await migrate(store, log)
  } finally {
    await store.close()
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
