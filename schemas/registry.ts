/**
 * The schema registry (Confluent API; Apicurio's ccompat/v7 and Confluent's own). Subjects are record full names.
 * S1: FULL_TRANSITIVE is the rule of a subject before its first schema, or, where the registry has rules only for
 *     subjects that exist, right after it. S2: registering again changes nothing. S3: every call is bounded in time
 *     and tries; "not there" and "not reachable" are different errors.
 */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { ALL_TYPES, fullName, SCHEMAS } from './codec/avro-types.ts'
import type { RecordType } from './generated/records.ts'

export interface SchemaRegistryPort {
  /** Registers every schema of ours. Idempotent. Rejects with `schema_incompatible` naming the subject. */
  registerAll(): Promise<ReadonlyMap<RecordType, number>>
  /** Id under which our schema of this record is registered; rejects with `schema_not_registered`. */
  idOf(type: RecordType): Promise<number>
  /** Schema (parsed JSON) of an id; null = the registry has no such id. */
  fetchSchema(id: number): Promise<unknown>
  /** Rejects when the registry does not answer. */
  ping(): Promise<void>
}

export type RegistryErrorCode =
  | 'registry_unreachable'
  | 'registry_refused'
  | 'schema_not_registered'
  | 'schema_incompatible'

export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: RegistryErrorCode
  readonly recover: 'retry' | 'stop'

  constructor(code: RegistryErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.recover = code === 'registry_unreachable' ? 'retry' : 'stop'
  }
}

export interface RegistryOptions {
  readonly timeoutMs?: number
  readonly tries?: number
  readonly pauseMs?: number
  /** Runs each call, e.g. through a circuit breaker. */
  readonly guard?: <T>(call: () => Promise<T>) => Promise<T>
}

const CONTENT = { 'content-type': 'application/vnd.schemaregistry.v1+json' }

const statusOf = (cause: unknown): number => Number((cause as { status?: unknown } | null)?.status ?? 0)
const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The client of the registry answers 400 for a connection that could not be made. */
const NO_CONNECTION = /ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|ETIMEDOUT|socket hang up/

/** What another try can mend: no connection, no answer in time, 5xx, 429. */
export function isPassing(cause: unknown): boolean {
  if (cause instanceof RegistryError) return cause.recover === 'retry'
  const status = statusOf(cause)
  return status === 0 || status >= 500 || status === 429 || NO_CONNECTION.test(textOf(cause))
}

export function openRegistry(url: string, options: RegistryOptions = {}): SchemaRegistryPort {
  const host = url.replace(/\/+$/, '')
  const { timeoutMs = 5_000, tries = 5, pauseMs = 400, guard = (call) => call() } = options
  const client = new SchemaRegistry({ host, retry: { retries: 0 } })

  /** Bounded tries. */
  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    for (let left = tries; ; left--) {
      try {
        return await guard(() => within(timeoutMs, work()))
      } catch (cause) {
        if (cause instanceof RegistryError) throw cause
        if (!isPassing(cause)) throw cause
        if (left <= 1) {
          const message = `${what}: the schema registry at ${host} does not answer (${textOf(cause)})`
          throw new RegistryError('registry_unreachable', message, cause)
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  async function call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${host}${path}`, {
      method,
      headers: CONTENT,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status >= 500 || response.status === 429) {
      throw Object.assign(new Error(`HTTP ${response.status}`), { status: response.status })
    }
    return { status: response.status, body: text === '' ? null : safeJson(text) }
  }

  /** True when the subject has the rule now; false when it does not exist yet and the registry wants it to. */
  async function requireFull(subject: string): Promise<boolean> {
    const path = `/config/${encodeURIComponent(subject)}`
    const rule = { compatibility: COMPATIBILITY.FULL_TRANSITIVE }
    const answer = await attempt(`set the rule of ${subject}`, () => call('PUT', path, rule))
    if (answer.status === 404) return false
    if (answer.status < 300) return true
    throw new RegistryError(
      'registry_refused',
      `rule of ${subject}: HTTP ${answer.status} ${brief(answer.body)}`,
    )
  }

  async function register(type: RecordType): Promise<number> {
    const subject = fullName(type)
    const schema = { type: SchemaType.AVRO as const, schema: JSON.stringify(SCHEMAS[type]) }
    const ruled = await requireFull(subject)
    try {
      if (ruled) {
        const made = await attempt(`register ${subject}`, () =>
          client.register(schema, {
            subject,
            compatibility: COMPATIBILITY.FULL_TRANSITIVE,
            updateConfig: false,
          }),
        )
        return made.id
      }
      const path = `/subjects/${encodeURIComponent(subject)}/versions`
      const made = await attempt(`register ${subject}`, () => call('POST', path, { schema: schema.schema }))
      if (made.status >= 300) throw Object.assign(new Error(brief(made.body)), { status: made.status })
      await requireFull(subject)
      return (made.body as { id: number }).id
    } catch (cause) {
      if (cause instanceof RegistryError) throw cause
      throw refused(subject, cause)
    }
  }

  return {
    async registerAll() {
      const ids = new Map<RecordType, number>()
      for (const type of ALL_TYPES) ids.set(type, await register(type))
      return ids
    },
    async idOf(type) {
      const subject = fullName(type)
      const schema = { type: SchemaType.AVRO as const, schema: JSON.stringify(SCHEMAS[type]) }
      try {
        return await attempt(`look up ${subject}`, () =>
          client.getRegistryIdBySchema(subject, schema).catch(asMissing),
        )
      } catch (cause) {
        if (cause instanceof RegistryError) throw cause
        throw refused(subject, cause)
      }
    },
    async fetchSchema(id) {
      const answer = await attempt(`fetch schema ${id}`, () => call('GET', `/schemas/ids/${id}`))
      if (answer.status === 404) return null
      const text = (answer.body as { schema?: unknown } | null)?.schema
      if (answer.status >= 300 || typeof text !== 'string') {
        throw new RegistryError(
          'registry_refused',
          `schema id ${id}: HTTP ${answer.status} ${brief(answer.body)}`,
        )
      }
      return JSON.parse(text) as unknown
    },
    async ping() {
      await attempt('ping', () => call('GET', '/subjects'))
    },
  }
}

/** The client hides the status of a 404 behind an error of its own: give it back a meaning. */
function asMissing(cause: unknown): never {
  if ((cause as Error | null)?.name !== 'ConfluentSchemaRegistryError') throw cause
  throw new RegistryError(
    'schema_not_registered',
    `a schema of ours is not registered: run \`node schemas/register.ts\` (${textOf(cause)})`,
    cause,
  )
}

function refused(subject: string, cause: unknown): RegistryError {
  if (statusOf(cause) === 409) {
    const advice = 'schemas may only grow fields with a default, or lose such fields'
    return new RegistryError(
      'schema_incompatible',
      `${subject} does not fit its earlier versions: ${advice}. ${textOf(cause)}`,
      cause,
    )
  }
  return new RegistryError('registry_refused', `${subject}: ${textOf(cause)}`, cause)
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text.slice(0, 300)
  }
}

const brief = (body: unknown): string =>
  (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, 300)
