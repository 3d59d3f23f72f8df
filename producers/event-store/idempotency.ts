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

export interface KeyLook {
  /** False: another transaction holds the key now. */
  readonly locked: boolean
  readonly answer: StoredAnswer | undefined
}

const KEEP_DAYS = 7
const PURGE_ROWS_MAX = 500

/** Locks keys until the end of the transaction and gives what is stored for them. */
export async function lookUpKeys(
  client: PoolClient,
  tenant: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, KeyLook>> {
  const looks = new Map<string, KeyLook>()
  if (keys.length === 0) return looks
  const locks = await client.query<{ key: string; locked: boolean }>({
    name: 'lock-keys',
    text: `select k.key, pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || k.key, 7)) as locked
           from unnest($2::text[]) as k(key)`,
    values: [tenant, keys],
  })
  // A statement of its own: its snapshot is younger than the locks.
  const stored = await client.query<{ key: string; fingerprint: string; status: number; response: unknown }>({
    name: 'read-keys',
    text: 'select key, fingerprint, status, response from finance.idempotency_keys where tenant_id = $1 and key = any($2)',
    values: [tenant, keys],
  })
  for (const { key, locked } of locks.rows) looks.set(key, { locked, answer: undefined })
  for (const { key, fingerprint, status, response } of stored.rows) {
    looks.set(key, { locked: true, answer: { fingerprint, status, body: response } })
  }
  return looks
}

export async function storeAnswers(
  client: PoolClient,
  tenant: string,
  nowMs: number,
  answers: readonly (StoredAnswer & { readonly key: string })[],
): Promise<void> {
  if (answers.length === 0) return
  await client.query({
    name: 'store-answers',
    text: `insert into finance.idempotency_keys (tenant_id, key, fingerprint, status, response, created_at)
           select $1, r.key, r.fingerprint, r.status, r.response, to_timestamp($2::double precision / 1000)
           from unnest($3::text[], $4::text[], $5::integer[], $6::jsonb[]) as r(key, fingerprint, status, response)`,
    values: [
      tenant,
      nowMs,
      answers.map((a) => a.key),
      answers.map((a) => a.fingerprint),
      answers.map((a) => a.status),
      answers.map((a) => JSON.stringify(a.body)),
    ],
  })
}

/** Forgets old answers of this tenant, a bounded number at a time. */
export async function purgeAnswers(client: PoolClient, tenant: string): Promise<void> {
  await client.query({
    name: 'purge-answers',
    text: `delete from finance.idempotency_keys where tenant_id = $1 and key in (
             select key from finance.idempotency_keys
             where tenant_id = $1 and created_at < now() - interval '${KEEP_DAYS} days' limit ${PURGE_ROWS_MAX}
             for update skip locked)`,
    values: [tenant],
  })
}
