/** The Store of the ClickHouse sinks over chdb in this process: the engine without a server. One session a process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Insert, literal, type Store } from '../../../../sinks/clickhouse/client.ts'

interface Session {
  query(sql: string, format?: string): string
  cleanup(): void
}

export interface ChdbStore extends Store {
  /** Called before each insert; may throw, to play a failure. `after`: the effect has happened. */
  onInsert: ((insert: Insert, phase: 'before' | 'after') => void) | undefined
}

const plainOf = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : literal(String(value))

const bound = (sql: string, parameters: Readonly<Record<string, unknown>>): string =>
  sql.replaceAll(/\{(\w+):([^}]+)\}/g, (_, name: string, type: string) => {
    const value = parameters[name]
    if (Array.isArray(value)) return `[${value.map(plainOf).join(', ')}]`
    if (type.startsWith('UInt')) return `to${type}(${literal(String(value))})`
    return type.startsWith('Date') ? `toDate32(${literal(String(value))})` : plainOf(value)
  })

export function openChdb(): ChdbStore {
  const { Session: Open } = createRequire(import.meta.url)('chdb') as {
    Session: new (path: string) => Session
  }
  const folder = mkdtempSync(join(tmpdir(), 'nikash-chdb-'))
  const session = new Open(folder)
  const store: ChdbStore = {
    onInsert: undefined,
    query: <T>(sql: string, parameters: Readonly<Record<string, unknown>> = {}) => {
      const settings = 'output_format_json_quote_64bit_integers=0'
      session.query(`SET ${settings}`)
      const text = session.query(bound(sql, parameters), 'JSONEachRow')
      return Promise.resolve(
        text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as T),
      )
    },
    insert: (insert) =>
      // Synchronous inside of a promise: what the engine throws becomes a rejection.
      Promise.resolve().then(() => {
        store.onInsert?.(insert, 'before')
        const { table, rows, token } = insert
        const body = rows.map((row) => JSON.stringify(row)).join('\n')
        session.query(
          `INSERT INTO ${table} SETTINGS insert_deduplication_token = ${literal(token)}, insert_deduplicate = 1 FORMAT JSONEachRow\n${body}`,
        )
        store.onInsert?.(insert, 'after')
      }),
    command: (sql) => Promise.resolve().then(() => void session.query(sql)),
    ping: () => Promise.resolve(),
    close: () => {
      session.cleanup()
      rmSync(folder, { recursive: true, force: true })
      return Promise.resolve()
    },
  }
  return store
}
