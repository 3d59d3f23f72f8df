/**
 * Owns the change of the database's schema: runs the plain SQL of event-store/migrations as the owner, under
 * node-pg-migrate's advisory lock, so that any number of processes may start at once. Refuses: running as the writer.
 * Use: `await migrate(url)` or `DATABASE_OWNER_URL=... node producers/migrate.ts`.
 */
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'

const DIRECTORY = fileURLToPath(new URL('./event-store/migrations', import.meta.url))
const quiet = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error }

/** Names of the migrations that were applied now. */
export async function migrate(
  databaseOwnerUrl: string,
  direction: 'up' | 'down' = 'up',
): Promise<readonly string[]> {
  const applied = await runner({
    databaseUrl: { connectionString: databaseOwnerUrl, connectionTimeoutMillis: 10_000 },
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
  return applied.map((migration) => migration.name)
}

if (import.meta.main) {
  const url = process.env['DATABASE_OWNER_URL']
  if (!url) {
    console.error(
      'DATABASE_OWNER_URL is not set: it names the database and its owner, postgresql://owner:password@host:port/database',
    )
    process.exitCode = 2
  } else {
    const applied = await migrate(url)
    console.log(applied.length === 0 ? 'nothing to migrate' : `migrated: ${applied.join(', ')}`)
  }
}
