/**
 * Owns reading what a client asked for, apart from the query's text: parameters, headers, settings. PURE.
 * R1: a name that means something to the HTTP interface is not a setting; every other one is. R2: later values win.
 * Refuses: `compress` and `decompress` (blocks with CityHash checksums, not HTTP encodings), with what to use instead.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { badArguments, notImplemented } from './errors.ts'

export interface Asked {
  readonly query: string
  readonly database: string | undefined
  readonly format: string
  readonly queryId: string | undefined
  readonly sessionId: string | undefined
  readonly sessionTimeoutS: number
  readonly sessionCheck: boolean
  readonly closeSession: boolean
  /** Settings by name, as text. */
  readonly settings: ReadonlyMap<string, string>
  /** `param_x`, without the prefix. */
  readonly parameters: ReadonlyMap<string, string>
  readonly compressResponse: boolean
}

/** Names of the HTTP interface; not settings of the engine. */
const INTERFACE = new Set([
  'query',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'query_id',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'compress',
  'decompress',
  'stacktrace',
  'role',
  'client_protocol_version',
  'enable_http_compression',
])

/**
 * Settings of the HTTP layer and of asynchronous inserts: accepted and left out. A whole answer is built before it is
 * sent (so `wait_end_of_query` always holds) and an insert is always finished when it is answered.
 */
const WITHOUT_EFFECT =
  /^(wait_end_of_query|buffer_size|(wait_for_)?async_insert|async_insert_.*|http_.*|send_progress_in_http_headers|cancel_http_readonly_queries_on_client_close|add_http_cors_header|log_queries|log_comment|network_compression_method|receive_timeout|send_timeout)$/

const SESSION_TIMEOUT_DEFAULT_S = 60
const SESSION_TIMEOUT_MAX_S = 3_600
const DATABASE = /^[^\0/]{1,128}$/

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

const yes = (value: string | null): boolean =>
  value !== null && value !== '0' && value !== 'false' && value !== ''

export function readRequest(url: URL, headers: IncomingHttpHeaders): Asked {
  const asked = url.searchParams
  if (yes(asked.get('compress'))) {
    throw notImplemented(
      'compress=1 (native block compression) is not supported: send enable_http_compression=1 with Accept-Encoding',
    )
  }
  if (yes(asked.get('decompress'))) {
    throw notImplemented(
      'decompress=1 (native block compression) is not supported: compress the body and name it in Content-Encoding',
    )
  }
  const settings = new Map<string, string>()
  const parameters = new Map<string, string>()
  for (const [name, value] of asked) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value)
    else if (!INTERFACE.has(name) && !WITHOUT_EFFECT.test(name)) settings.set(name, value)
  }
  const database = asked.get('database') ?? first(headers['x-clickhouse-database']) ?? undefined
  if (database !== undefined && database !== '' && !DATABASE.test(database)) {
    throw badArguments(`${JSON.stringify(database)} is not a name of a database`)
  }
  return {
    query: asked.get('query') ?? '',
    database: database === '' ? undefined : database,
    format: asked.get('default_format') ?? first(headers['x-clickhouse-format']) ?? 'TabSeparated',
    queryId: asked.get('query_id') ?? undefined,
    sessionId: asked.get('session_id') ?? undefined,
    sessionTimeoutS: sessionTimeout(asked.get('session_timeout')),
    sessionCheck: yes(asked.get('session_check')),
    closeSession: yes(asked.get('close_session')),
    settings,
    parameters,
    compressResponse: yes(asked.get('enable_http_compression')),
  }
}

function sessionTimeout(text: string | null): number {
  if (text === null || text === '') return SESSION_TIMEOUT_DEFAULT_S
  if (!/^\d{1,9}$/.test(text)) throw badArguments(`session_timeout=${text} is not a number of seconds`)
  return Math.min(Number(text), SESSION_TIMEOUT_MAX_S)
}
