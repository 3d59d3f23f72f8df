/**
 * Owns the memory of answered commands. The answer is written in the command's own transaction: both or neither.
 * M1: of two requests with one key at the same time, one runs and the other is told so; nobody waits.
 * M2: only answers of success are kept; a refused command may be sent again, corrected or not.
 */
import type { PoolClient } from 'pg'

export interface StoredAnswer {
  readonly fingerprint: string
  readonly status: number
  readonly body: unknown
}

const KEEP_DAYS = 7
const PURGE_ROWS_MAX = 500

/**
 * Locks keys until the end of the transaction; gives those that were free. What is stored for them is read by a later
 * statement, whose snapshot is younger than the locks.
 */
export async function lockKeys(
  client: PoolClient,
  tenant: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const { rows } = await client.query<{ key: string; locked: boolean }>({
    name: 'lock-keys',
    text: `select k.key, pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || k.key, 7)) as locked
           from unnest($2::text[]) as k(key)`,
    values: [tenant, keys],
  })
  return new Set(rows.filter((row) => row.locked).map((row) => row.key))
}

/** Forgets old answers of this tenant, a bounded number at a time. */
export async function purgeAnswers(client: PoolClient, tenant: string): Promise<void> {
  await client.query({
    name: 'purge-answers',
    text: `delete from finance.idempotency_keys where tenant_id = $1 and key in (
             select key from finance.idempotency_keys
             where tenant_id = $1 and created_at < now() - interval '${KEEP_DAYS} days' limit ${PURGE_ROWS_MAX})`,
    values: [tenant],
  })
}
