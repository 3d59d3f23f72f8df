/**
 * Remembers what was computed from the facts of a tenant until that tenant has new ones. Owns the test for "new": the
 * base tables are append-only, so their row counts are a version. Asking it costs a fraction of an as-of query, and
 * what is remembered is never older than the question.
 *
 * M1  a value is used only under the version at which its computing began; a value computed while facts arrived is
 *     stored under the older version, so nobody meets it afterwards.
 */
import { LRUCache } from 'lru-cache'
import type { ClickHouse } from './clickhouse.ts'

/** About what is kept, in rows of any kind. */
const ROWS_MAX = 400_000

const VERSION_SQL = `
SELECT toString(count()) AS events,
  toString((SELECT count() FROM finance.refused_events WHERE tenant_id = {tenant:String})) AS refused
FROM finance.event_log WHERE tenant_id = {tenant:String}`

interface VersionRow {
  readonly events: string
  readonly refused: string
}

export interface Facts {
  /** `key` names the question, tenant apart; `rowsOf` says how large an answer is. */
  remember<T extends object>(tenant: string, key: string, ask: Ask<T>): Promise<T>
}

export interface Ask<T> {
  readonly compute: () => Promise<T>
  readonly rowsOf: (value: T) => number
}

export function createFacts(clickhouse: ClickHouse): Facts {
  const known = new LRUCache<string, object>({ maxSize: ROWS_MAX })
  return {
    async remember<T extends object>(tenant: string, key: string, { compute, rowsOf }: Ask<T>) {
      const [version] = await clickhouse.rows<VersionRow>({
        name: 'version',
        sql: VERSION_SQL,
        params: { tenant },
      })
      const name = `${tenant}|${version?.events}|${version?.refused}|${key}`
      const remembered = known.get(name)
      if (remembered) return remembered as T
      const value = await compute()
      known.set(name, value, { size: rowsOf(value) + 1 })
      return value
    },
  }
}
