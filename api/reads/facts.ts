/**
 * Remembers what was computed from the facts of a tenant until that tenant has new ones. Owns the test for "new": the
 * base tables are append-only, so their row counts are a version. Asking it costs a fraction of an as-of query, and
 * what is remembered is never older than the question. Answers that all processes share are under the same version
 * (answers.ts).
 *
 * M1  a value is used only under the version at which its computing began; a value computed while facts arrived is
 *     stored under the older version, so nobody meets it afterwards.
 * M2  who asks the same while it is being computed waits for that one answer.
 * M3  versions of many tenants are one query, and one query at a time: who asks while it runs waits for the next one.
 * M4  a rebuild puts other tables in their place (EXCHANGE), perhaps with as many rows: which tables they are is part of the
 *     version. It is asked for once a second, so for that long an answer may still be from before.
 * M5  inside of `within` a tenant has the version that is said there: what an answer is made of is asked for once.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { LRUCache } from 'lru-cache'
import { shared } from '../shared.ts'
import type { ClickHouse } from './clickhouse.ts'

/** About what is kept, in rows of any kind. */
const ROWS_MAX = 400_000

const VERSION_SQL = `
SELECT tenant_id AS tenant, toString(sum(is_event)) AS events, toString(sum(is_refused)) AS refused
FROM (
  SELECT tenant_id, 1 AS is_event, 0 AS is_refused FROM finance.event_log WHERE tenant_id IN {tenants:Array(String)}
  UNION ALL
  SELECT tenant_id, 0 AS is_event, 1 AS is_refused FROM finance.refused_events WHERE tenant_id IN {tenants:Array(String)}
)
GROUP BY tenant_id`

/** M4. */
const TABLES_SQL = `
SELECT arrayStringConcat(arraySort(groupArray(toString(uuid))), ' ') AS tables FROM system.tables
WHERE database = 'finance' AND name IN ('event_log', 'refused_events')`
const TABLES_MS = 1_000

interface VersionRow {
  readonly tenant: string
  readonly events: string
  readonly refused: string
}

export interface Facts {
  /** `key` names the question, tenant apart; `rowsOf` says how large an answer is. */
  remember<T extends object>(tenant: string, key: string, ask: Ask<T>): Promise<T>
  /** Of the tenant's facts as they are when it is asked. */
  version(tenant: string): Promise<string>
  /** M5. */
  within<T>(tenant: string, version: string, call: () => Promise<T>): Promise<T>
}

export interface Ask<T> {
  readonly compute: () => Promise<T>
  readonly rowsOf: (value: T) => number
}

export function createFacts(clickhouse: ClickHouse, now: () => number = () => performance.now()): Facts {
  const known = new LRUCache<string, object>({ maxSize: ROWS_MAX })
  const computing = new Map<string, Promise<object>>()
  const said = new AsyncLocalStorage<{ readonly tenant: string; readonly version: string }>()
  let waiting = new Set<string>()
  let tables = { text: '', at: Number.NEGATIVE_INFINITY }
  const askTables = async (): Promise<void> => {
    const at = now()
    if (at - tables.at < TABLES_MS) return
    const query = { name: 'version_tables', sql: TABLES_SQL, params: {} }
    const [row] = await clickhouse.rows<{ readonly tables: string }>(query)
    tables = { text: row?.tables ?? '', at }
  }
  const askAll = shared(async () => {
    const tenants = [...waiting]
    waiting = new Set()
    // Tables first: rows that are counted are of these, or of newer ones.
    await askTables()
    const rows = await clickhouse.rows<VersionRow>({ name: 'version', sql: VERSION_SQL, params: { tenants } })
    return new Map(rows.map(({ tenant, events, refused }) => [tenant, `${events}|${refused}`]))
  })
  /** M3. Added and asked for without a pause in between: the call that has not begun yet asks for this one too. */
  const versionOf = async (tenant: string): Promise<string> => {
    const here = said.getStore()
    if (here?.tenant === tenant) return here.version
    waiting.add(tenant)
    const rows = (await askAll()).get(tenant) ?? '0|0'
    return `${rows}|${tables.text}`
  }
  return {
    version: versionOf,
    within: (tenant, version, call) => said.run({ tenant, version }, call),
    async remember<T extends object>(tenant: string, key: string, { compute, rowsOf }: Ask<T>) {
      const name = `${tenant}|${await versionOf(tenant)}|${key}`
      const remembered = known.get(name)
      if (remembered) return remembered as T
      // Looked up and set without a pause in between: two who ask at once must not both compute.
      const pending = computing.get(name)
      if (pending) return (await pending) as T
      const computed = compute()
      computing.set(name, computed)
      try {
        const value = await computed
        known.set(name, value, { size: rowsOf(value) + 1 })
        return value
      } finally {
        computing.delete(name)
      }
    },
  }
}
