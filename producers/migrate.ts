/**
 * Owns the change of the database's schema: runs the plain SQL of event-store/migrations as the owner, under
 * node-pg-migrate's advisory lock, so that any number of processes may start at once. Refuses: running as the writer; a
 * database that newer code has changed; ending with one that is not as it should be (event-store/schema-check.ts).
 * Use: `await migrate(url)` or `DATABASE_OWNER_URL=... node producers/migrate.ts [--check]`.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { findingsAfter, findingsBefore } from './event-store/schema-check.ts'

const DIRECTORY = fileURLToPath(new URL('./event-store/migrations', import.meta.url))
const quiet = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error }
const CONNECT_MS = 10_000

const migrationNames = (): readonly string[] =>
  readdirSync(DIRECTORY).map((file) => file.replace(/\.sql$/, ''))

async function asOwner<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function refuse(what: string, findings: readonly string[]): void {
  if (findings.length > 0) throw new Error(`${what}:\n  ${findings.join('\n  ')}`)
}

/** What is wrong with the database as it stands; empty = nothing. */
export const checkSchema = (databaseOwnerUrl: string): Promise<readonly string[]> =>
  asOwner(databaseOwnerUrl, async (client) => [
    ...(await findingsBefore(client, migrationNames())),
    ...(await findingsAfter(client)),
  ])

/** Names of the migrations that were applied now. */
export async function migrate(
  databaseOwnerUrl: string,
  direction: 'up' | 'down' = 'up',
): Promise<readonly string[]> {
  refuse(
    'the database can not be migrated',
    await asOwner(databaseOwnerUrl, (client) => findingsBefore(client, migrationNames())),
  )
  const applied = await runner({
    databaseUrl: { connectionString: databaseOwnerUrl, connectionTimeoutMillis: CONNECT_MS },
    dir: DIRECTORY,
    migrationsTable: 'migrations',
    migrationsSchema: 'finance_meta',
    createMigrationsSchema: true,
    direction,
    count: direction === 'up' ? Infinity : 1,
    singleTransaction: true,
    advisoryLockMode: 'wait',
    logger: quiet,
  })
  if (direction === 'up') {
    refuse(
      'the database is not as it should be after the migrations',
      await asOwner(databaseOwnerUrl, findingsAfter),
    )
  }
  return applied.map((migration) => migration.name)
}

if (import.meta.main) {
  const url = process.env['DATABASE_OWNER_URL']
  if (!url) {
    console.error(
      'DATABASE_OWNER_URL is not set: it names the database and its owner, postgresql://owner:password@host:port/database',
    )
    process.exitCode = 2
  } else if (process.argv.includes('--check')) {
    const findings = await checkSchema(url)
    console.log(findings.length === 0 ? 'the schema is as it should be' : findings.join('\n'))
    if (findings.length > 0) process.exitCode = 1
  } else {
    const applied = await migrate(url)
    console.log(applied.length === 0 ? 'nothing to migrate' : `migrated: ${applied.join(', ')}`)
  }
}
