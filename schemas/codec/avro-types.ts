/**
 * The avsc type of every record in schemas/avro (reader side), its schema text as registered, and its full name.
 * Loaded once, synchronously: a process that cannot read its own contract must not start.
 */
import { readFileSync } from 'node:fs'
import type avro from 'avsc'
import { EVENT_TYPES, NAMESPACE, RECORD_FILES, RESULT_TYPES, type RecordType } from '../generated/records.ts'
import { parseType } from './logical-types.ts'

export const ALL_TYPES: readonly RecordType[] = [...EVENT_TYPES, ...RESULT_TYPES]

export const fullName = (type: RecordType): string => `${NAMESPACE}.${type}`

const known = new Map<string, RecordType>(ALL_TYPES.map((type) => [fullName(type), type]))

/** Our record of a full name; undefined when it is not ours. */
export const recordTypeOf = (name: string | undefined): RecordType | undefined => known.get(name ?? '')

const table = <V>(make: (type: RecordType) => V): Readonly<Record<RecordType, V>> =>
  Object.fromEntries(ALL_TYPES.map((type) => [type, make(type)])) as Record<RecordType, V>

export const SCHEMAS: Readonly<Record<RecordType, unknown>> = table((type) => {
  const file = new URL(`../avro/${RECORD_FILES[type]}`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as unknown
})

export const AVRO_TYPES: Readonly<Record<RecordType, avro.Type>> = table((type) => parseType(SCHEMAS[type]))

/** What of a schema decides its bytes: everything but docs and defaults, keys in order. */
export function shapeOf(schema: unknown): string {
  return JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'doc') return undefined
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    const entries = Object.entries(value).filter(([name]) => name !== 'doc' && name !== 'default')
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
