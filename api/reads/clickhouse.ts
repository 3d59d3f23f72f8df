/**
 * Owns the questions to ClickHouse: bounded time, values as query parameters only, errors with a code. Refuses text
 * built from values: SQL here and in its callers is constant but for names from allow-lists.
 */
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type Guard, UNGUARDED } from '../../platform/breaker.ts'
import { DATABASE } from '../../sinks/clickhouse/contract.ts'
import { ApiError } from '../http/problem.ts'

const QUERY_SECONDS_MAX = 10
const REQUEST_MS = 12_000
const CONNECTIONS_MAX = 16
/** ClickHouse's own code for a query over its time. */
const TIMEOUT_CODES = new Set(['159', '160'])

export type Params = Readonly<
  Record<string, string | number | boolean | readonly string[] | readonly number[]>
>

export interface Question {
  /** For metrics. */
  readonly name: string
  readonly sql: string
  readonly params: Params
  readonly signal?: AbortSignal
}

export interface ClickHouse {
  rows<Row>(question: Question): Promise<Row[]>
  ping(): Promise<void>
  close(): Promise<void>
}

export interface ClickHouseOptions {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly onQuery: (name: string, seconds: number) => void
  /** Circuit breaker in front of the queries. */
  readonly guard?: Guard
}

/** No answer, as opposed to a refusal, and to a reader who went away. */
export const isOutage = (cause: unknown): boolean =>
  !(cause instanceof ClickHouseError) && !(cause instanceof Error && /aborted/i.test(cause.message))

export function openClickHouse(options: ClickHouseOptions): ClickHouse {
  const { url, username, password, onQuery, guard = UNGUARDED } = options
  const client = createClient({
    url,
    username,
    password,
    database: DATABASE,
    request_timeout: REQUEST_MS,
    max_open_connections: CONNECTIONS_MAX,
    keep_alive: { enabled: true },
    // Failures come back as errors and are logged where they are answered.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      max_execution_time: QUERY_SECONDS_MAX,
      max_result_rows: '200000',
      result_overflow_mode: 'throw',
    },
  })
  return {
    async rows<Row>({ name, sql, params, signal }: Question): Promise<Row[]> {
      const started = performance.now()
      try {
        return await guard(async () => {
          const result = await client.query({
            query: sql,
            query_params: { ...params },
            format: 'JSONEachRow',
            ...(signal ? { abort_signal: signal } : {}),
          })
          return result.json<Row>()
        })
      } catch (error) {
        throw failureOf(name, error)
      } finally {
        onQuery(name, (performance.now() - started) / 1000)
      }
    },
    async ping() {
      const result = await client.ping({ select: true })
      if (!result.success) throw result.error
    },
    close: () => client.close(),
  }
}

/** A refused query is a bug of ours (500, logged); all else is a store that is away. */
function failureOf(name: string, cause: unknown): Error {
  if (cause instanceof ClickHouseError) {
    if (TIMEOUT_CODES.has(cause.code)) {
      return new ApiError('store_timeout', `The query ${name} took longer than ${QUERY_SECONDS_MAX} s.`, {
        cause,
      })
    }
    return new Error(`ClickHouse refused the query ${name}: ${cause.message}`, { cause })
  }
  return new ApiError('store_unavailable', `ClickHouse did not answer the query ${name}: try again.`, {
    cause,
  })
}
