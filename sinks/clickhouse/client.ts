/**
 * The connection to ClickHouse: inserts that a repetition can't double, and queries. Every call is bounded in time.
 * B1: an insert is one block (rows are bounded, parsing is not parallel), written when it is answered, and carries a
 * token: the same token again writes nothing.
 */
import { ClickHouseError, createClient } from '@clickhouse/client'
import { NikashError } from '../../platform/errors.ts'

export interface StoreOptions {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly timeoutMs?: number
}

export type Row = Readonly<Record<string, unknown>>

export interface Insert {
  readonly table: string
  readonly rows: readonly Row[]
  readonly token: string
}

export interface Store {
  query<T>(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<T[]>
  insert(insert: Insert): Promise<void>
  /** One statement without an answer: DDL. */
  command(sql: string): Promise<void>
  ping(): Promise<void>
  close(): Promise<void>
}

/** An answer of ClickHouse that says no; `type` is its own name for the reason, e.g. ACCESS_DENIED. */
export class StoreError extends NikashError {
  override readonly name = 'StoreError'
  readonly type: string

  constructor(what: string, cause: unknown) {
    const type = cause instanceof ClickHouseError ? (cause.type ?? cause.code) : 'UNREACHABLE'
    const text = cause instanceof Error ? cause.message.slice(0, 500) : String(cause)
    super('clickhouse_failed', `ClickHouse could not ${what} (${type}): ${text}`, { recover: 'retry', cause })
    this.type = type
  }
}

export function openStore({ url, username, password, timeoutMs = 30_000 }: StoreOptions): Store {
  const client = createClient({
    url,
    username,
    password,
    request_timeout: timeoutMs,
    max_open_connections: 4,
    application: 'nikash-sinks',
    log: { LoggerClass: Silent },
  })
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (cause) {
      throw new StoreError(what, cause)
    }
  }
  return {
    query: <T>(sql: string, parameters: Readonly<Record<string, unknown>> = {}) =>
      attempt('answer a query', async () => {
        const answer = await client.query({
          query: sql,
          query_params: { ...parameters },
          format: 'JSONEachRow',
          clickhouse_settings: {
            output_format_json_quote_64bit_integers: 0,
            output_format_json_quote_decimals: 1,
          },
        })
        return answer.json<T>()
      }),
    insert: ({ table, rows, token }) =>
      attempt(`write to ${table}`, async () => {
        await client.insert({
          table,
          values: rows,
          format: 'JSONEachRow',
          clickhouse_settings: {
            insert_deduplicate: 1,
            insert_deduplication_token: token,
            deduplicate_blocks_in_dependent_materialized_views: 1,
            async_insert: 0,
            input_format_parallel_parsing: 0,
            wait_end_of_query: 1,
          },
        })
      }),
    command: (sql) =>
      attempt('run a statement', async () => {
        await client.command({ query: sql })
      }),
    ping: () =>
      attempt('be reached', async () => {
        const answer = await client.ping()
        if (!answer.success) throw answer.error
      }),
    close: () => client.close(),
  }
}

/** Failures are reported by their caller, once. */
class Silent {
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
}

/** A string literal. */
export const literal = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`
