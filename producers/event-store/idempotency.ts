/**
 * Owns the memory of answered commands. The answer is written in the command's own transaction: both or neither.
 * M1: of two requests with one key at the same time, one runs and the other is told so; nobody waits.
 * M2: only answers of success are kept; a refused command may be sent again, corrected or not.
 * M3: the lock of the tenant's chart (charts.ts C1) is waited for here, before any other lock is held.
 */
import type { PoolClient } from 'pg'

export interface StoredAnswer {
  readonly fingerprint: string
  readonly status: number
  readonly body: unknown
}

const KEEP_DAYS = 7
const PURGE_ROWS_MAX = 500

const lockText = (chart: string): string => `
  with c as materialized (select ${chart})
  select k.key, case when k.key is not null
                then pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || k.key, 7)) end as locked
  from c left join unnest($2::text[]) as k(key) on true`
const LOCKS = {
  none: lockText('1'),
  posts: lockText('pg_advisory_xact_lock_shared(hashtextextended($1, 8))'),
  changes: lockText('pg_advisory_xact_lock(hashtextextended($1, 8))'),
} as const

/**
 * Locks the chart and keys until the end of the transaction; gives the keys that were free. What is stored for them is
 * read by a later statement, whose snapshot is younger than the locks.
 */
export async function lockKeys(
  client: PoolClient,
  tenant: string,
  keys: readonly string[],
  chart: keyof typeof LOCKS,
): Promise<ReadonlySet<string>> {
  if (keys.length === 0 && chart === 'none') return new Set()
  const { rows } = await client.query<{ key: string | null; locked: boolean | null }>({
    name: `lock-keys-${chart}`,
    text: LOCKS[chart],
    values: [tenant, keys],
  })
  return new Set(rows.flatMap(({ key, locked }) => (key !== null && locked === true ? [key] : [])))
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
