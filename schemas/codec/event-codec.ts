/**
 * Records <-> bytes in the Confluent wire format. Decoding is synchronous over a cache of resolvers (writer's schema by
 * id -> our reader's schema); an id that is not in the cache is fetched by `prepare`, and the caller decodes again.
 * C1: a value that is not wholly one record (truncated, trailing bytes, out of bounds) is `undecodable`, never half read.
 * C2: an unreachable registry is an error to retry (prepare rejects); it never makes a good record look bad.
 * C3: an id that the registry does not have is asked for again after `negativeMs` at the soonest.
 */
import type avro from 'avsc'
import {
  type AnyRecords,
  EVENT_TYPES,
  type FinanceEvent,
  type FinanceResult,
  type RecordType,
} from '../generated/records.ts'
import type { SchemaRegistryPort } from '../registry.ts'
import { ALL_TYPES, AVRO_TYPES, recordTypeOf, SCHEMAS, shapeOf } from './avro-types.ts'
import { parseType } from './logical-types.ts'
import { HEADER_BYTES, schemaIdOf, writeHeader } from './wire.ts'

export type DecodeCode = 'bad_magic' | 'unknown_schema' | 'undecodable' | 'unknown_record'

export interface DecodeFailure {
  readonly ok: false
  readonly code: DecodeCode
  readonly schemaId?: number
  readonly message: string
}

export type DecodedEvent = {
  readonly ok: true
  readonly schemaId: number
  /** Where the bytes of the event's id lie in its value, [from, to), when that is known. */
  readonly idFrom?: number
  readonly idTo?: number
} & FinanceEvent
export type DecodedRecord = { readonly ok: true; readonly schemaId: number } & (FinanceEvent | FinanceResult)

type Reader =
  | {
      readonly type: RecordType
      readonly avro: avro.Type
      readonly resolver: ReturnType<avro.Type['createResolver']> | undefined
    }
  | { readonly code: 'unknown_record' | 'undecodable'; readonly message: string }

export interface CodecOptions {
  /** How long the answer "no such id" holds. */
  readonly negativeMs?: number
  /** Tries and pause for an id the registry does not have (it may be seconds behind its writer). */
  readonly missingTries?: number
  readonly missingPauseMs?: number
  readonly nowMs?: () => number
}

const NEGATIVE_MAX = 1_000
const SCRATCH_BYTES = 64 * 1024
const SCRATCH_BYTES_MAX = 16 * 1024 * 1024

const events: ReadonlySet<string> = new Set(EVENT_TYPES)

export class RecordCodec {
  readonly #registry: SchemaRegistryPort
  readonly #ids = new Map<RecordType, number>()
  readonly #readers = new Map<number, Reader>()
  readonly #missing = new Map<number, number>()
  readonly #underway = new Map<number, Promise<boolean>>()
  readonly #options: Required<CodecOptions>
  #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

  constructor(registry: SchemaRegistryPort, options: CodecOptions = {}) {
    this.#registry = registry
    this.#options = {
      negativeMs: 30_000,
      missingTries: 4,
      missingPauseMs: 250,
      nowMs: () => Date.now(),
      ...options,
    }
  }

  /** A codec whose schema ids are looked up, so that encode works at once. Rejects when a schema is not registered. */
  static async open(
    registry: SchemaRegistryPort,
    types: readonly RecordType[] = ALL_TYPES,
    options: CodecOptions = {},
  ): Promise<RecordCodec> {
    const codec = new RecordCodec(registry, options)
    for (const type of types) codec.#adopt(type, await registry.idOf(type))
    return codec
  }

  #adopt(type: RecordType, id: number): void {
    this.#ids.set(type, id)
    this.#readers.set(id, { type, avro: AVRO_TYPES[type], resolver: undefined })
  }

  /** Framed bytes. Throws with the path of the first wrong field. */
  encode<T extends RecordType>(type: T, value: AnyRecords[T]): Buffer {
    const id = this.#ids.get(type)
    if (id === undefined)
      throw new Error(`no schema id for ${type}: open the codec with it (RecordCodec.open)`)
    let end: number
    try {
      end = this.#write(AVRO_TYPES[type], value)
    } catch (cause) {
      throw new TypeError(`cannot encode ${type}: ${wrongField(type, value) ?? String(cause)}`, { cause })
    }
    writeHeader(this.#scratch, id)
    return Buffer.from(this.#scratch.subarray(0, end))
  }

  #write(type: avro.Type, value: unknown): number {
    for (;;) {
      const end = type.encode(value, this.#scratch, HEADER_BYTES)
      if (end >= 0) return end
      const size = Math.max(this.#scratch.length * 2, this.#scratch.length - end)
      if (size > SCRATCH_BYTES_MAX) throw new RangeError(`record larger than ${SCRATCH_BYTES_MAX} bytes`)
      this.#scratch = Buffer.allocUnsafeSlow(size)
    }
  }

  decode(bytes: Buffer | null): DecodedRecord | DecodeFailure {
    const schemaId = schemaIdOf(bytes)
    if (bytes === null || schemaId === undefined) {
      return { ok: false, code: 'bad_magic', message: notFramed(bytes) }
    }
    const reader = this.#readers.get(schemaId)
    if (reader === undefined) {
      return { ok: false, code: 'unknown_schema', schemaId, message: `schema id ${schemaId} is not known` }
    }
    if ('code' in reader) return { ok: false, code: reader.code, schemaId, message: reader.message }
    try {
      const { value, offset } = reader.avro.decode(bytes, HEADER_BYTES, reader.resolver) as {
        value: unknown
        offset: number
      }
      if (offset === bytes.length)
        return { ok: true, schemaId, type: reader.type, data: value } as DecodedRecord
      const message =
        offset < 0 ? 'the bytes end inside the record' : `${bytes.length - offset} bytes after the record`
      return { ok: false, code: 'undecodable', schemaId, message: `${reader.type}: ${message}` }
    } catch (cause) {
      return { ok: false, code: 'undecodable', schemaId, message: `${reader.type}: ${messageOf(cause)}` }
    }
  }

  /** As decode, for topics that carry events alone: a result record there is `unknown_record`. */
  decodeEvent(bytes: Buffer | null): DecodedEvent | DecodeFailure {
    const decoded = this.decode(bytes)
    if (!decoded.ok || events.has(decoded.type)) return decoded as DecodedEvent | DecodeFailure
    return {
      ok: false,
      code: 'unknown_record',
      schemaId: decoded.schemaId,
      message: `${decoded.type} is not an event`,
    }
  }

  /** Schema id of these bytes when it must be prepared before decode can judge them; else undefined. */
  wants(bytes: Buffer | null): number | undefined {
    const id = schemaIdOf(bytes)
    if (id === undefined || this.#readers.has(id)) return undefined
    return this.#heldMissing(id) ? undefined : id
  }

  #heldMissing(id: number): boolean {
    const until = this.#missing.get(id)
    return until !== undefined && until > this.#options.nowMs()
  }

  /** Fetches the schema of an id: true = decode can judge it now, false = the registry has no such id. */
  prepare(schemaId: number): Promise<boolean> {
    if (this.#readers.has(schemaId)) return Promise.resolve(true)
    if (this.#heldMissing(schemaId)) return Promise.resolve(false)
    const before = this.#underway.get(schemaId)
    if (before) return before
    const made = this.#fetch(schemaId).finally(() => this.#underway.delete(schemaId))
    this.#underway.set(schemaId, made)
    return made
  }

  async #fetch(schemaId: number): Promise<boolean> {
    for (let left = this.#options.missingTries; left > 0; left--) {
      const schema = await this.#registry.fetchSchema(schemaId)
      if (schema !== null) {
        this.#readers.set(schemaId, readerFor(schemaId, schema))
        return true
      }
      if (left > 1) await new Promise((resolve) => setTimeout(resolve, this.#options.missingPauseMs))
    }
    if (this.#missing.size >= NEGATIVE_MAX) this.#missing.clear()
    this.#missing.set(schemaId, this.#options.nowMs() + this.#options.negativeMs)
    return false
  }
}

function readerFor(schemaId: number, schema: unknown): Reader {
  let writer: avro.Type
  try {
    writer = parseType(schema)
  } catch (cause) {
    return { code: 'undecodable', message: `schema id ${schemaId} is not readable here: ${messageOf(cause)}` }
  }
  const type = recordTypeOf(writer.name)
  if (type === undefined) {
    return {
      code: 'unknown_record',
      message: `schema id ${schemaId} is ${writer.name ?? writer.typeName}, not a record of ours`,
    }
  }
  const reader = AVRO_TYPES[type]
  if (shapeOf(schema) === shapeOf(SCHEMAS[type])) return { type, avro: reader, resolver: undefined }
  try {
    return { type, avro: reader, resolver: reader.createResolver(writer) }
  } catch (cause) {
    return {
      code: 'undecodable',
      message: `schema id ${schemaId} cannot be read as ${type}: ${messageOf(cause)}`,
    }
  }
}

const messageOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).slice(0, 300)

function notFramed(bytes: Buffer | null): string {
  if (bytes === null) return 'no value'
  if (bytes.length < HEADER_BYTES) return `${bytes.length} bytes are too few for a framed record`
  return `first byte is ${bytes[0]}, not 0`
}

function wrongField(type: RecordType, value: unknown): string | undefined {
  let found: string | undefined
  AVRO_TYPES[type].isValid(value, {
    errorHook(path, wrong) {
      found ??= `${path.join('.') || 'the record'} is ${typeof wrong === 'bigint' ? `${wrong}n` : JSON.stringify(wrong)?.slice(0, 80)}`
    },
  })
  return found
}
