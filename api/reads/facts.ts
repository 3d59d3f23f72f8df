/**
 * Remembers what was computed from the facts of a tenant until that tenant has new ones. Owns the test for "new": the
 * base tables are append-only, so their row counts are a version. Asking it costs a fraction of an as-of query, and
 * what is remembered is never older than the question.
 *
 * M1  a value is used only under the version at which its computing began; a value computed while facts arrived is
 *     stored under the older version, so nobody meets it afterwards.
 * M2  who asks the same while it is being computed waits for that one answer.
 */
import { LRUCache } from 'lru-cache'
import { shared } from '../shared.ts'
import type { ClickHouse } from './clickhouse.ts'

/** About what is kept, in rows of any kind. */
const ROWS_MAX = 400_000
const TENANTS_MAX = 1_000

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
  const computing = new Map<string, Promise<object>>()
  const versions = new LRUCache<string, () => Promise<string>>({ max: TENANTS_MAX })
  const versionOf = (tenant: string): Promise<string> => {
    let ask = versions.get(tenant)
    if (!ask) {
      ask = shared(async () => {
        const [row] = await clickhouse.rows<VersionRow>({
          name: 'version',
          sql: VERSION_SQL,
          params: { tenant },
        })
        return `${row?.events}|${row?.refused}`
      })
      versions.set(tenant, ask)
    }
    return ask()
  }
  return {
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
