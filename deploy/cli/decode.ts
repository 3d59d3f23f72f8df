/**
 * Owns the readable form of any record of our topics. Refuses: failing on one: what can't be decoded says why, and
 * shows its bytes.
 */
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { type Json, jsonOf } from '../../schemas/codec/json.ts'

export type ReadableRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: string
  readonly key: string | null
  readonly type: string
  readonly headers: Readonly<Record<string, string>>
  readonly data: Json
  readonly problem?: string
}

/** Headers of a record on a DLQ that settles a letter (dead-letters.ts). */
export const RESOLVES_HEADER = 'nikash-dlq-resolves'
export const RESOLUTION_HEADER = 'nikash-dlq-resolution'
export const RESOLVED_BY_HEADER = 'nikash-dlq-by'

const BYTES_SHOWN = 64

export const headersOf = (record: InputRecord): Record<string, string> =>
  Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, value.toString('utf8')]))

const shownBytes = (bytes: Buffer | null): Json => {
  if (bytes === null) return null
  const more = bytes.length > BYTES_SHOWN ? `... (${bytes.length} bytes)` : ''
  return bytes.subarray(0, BYTES_SHOWN).toString('hex') + more
}

export const decodeRecord = async (record: InputRecord, codec: RecordCodec): Promise<ReadableRecord> => {
  const plain = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: new Date(record.timestamp).toISOString(),
    key: record.key === null ? null : record.key.toString('utf8'),
    headers: headersOf(record),
  }
  if (record.value === null) return { ...plain, type: '(tombstone)', data: null }
  if (RESOLVES_HEADER in plain.headers) {
    const {
      [RESOLVES_HEADER]: letter = '',
      [RESOLUTION_HEADER]: resolution = '',
      [RESOLVED_BY_HEADER]: by = '',
    } = plain.headers
    return { ...plain, type: '(settled)', data: { letter, resolution, by } }
  }
  const wanted = codec.wants(record.value)
  if (wanted !== undefined) await codec.prepare(wanted)
  const decoded = codec.decode(record.value)
  if (!decoded.ok) {
    return {
      ...plain,
      type: '(bytes)',
      data: shownBytes(record.value),
      problem: `${decoded.code}: ${decoded.message}`,
    }
  }
  return { ...plain, type: decoded.type, data: jsonOf(decoded.type, decoded.data as never) }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const valueAt = (root: unknown, path: readonly string[]): unknown => {
  let value: unknown = root
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

/** `type=InvoiceCreated`, `key=acme`, `invoiceId=7`, `data.total=...`, `headers.traceparent=...`. */
export const matches = (
  record: ReadableRecord,
  filter: { readonly path: string; readonly value: string },
): boolean => {
  const path = filter.path.split('.')
  const found = valueAt(record, path) ?? valueAt(record.data, path)
  return found !== undefined && textOf(found) === filter.value
}
