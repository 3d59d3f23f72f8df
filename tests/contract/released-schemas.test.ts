/**
 * The log is kept for ever: what a released schema wrote is read by today's code, and what today's code writes is read by
 * a consumer that still has the released one (FULL_TRANSITIVE). `released/` holds each release's schemas and bytes that
 * they wrote; files there are added, never changed.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { AVRO_TYPES, recordTypeOf, SCHEMAS } from '../../schemas/codec/avro-types.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { parseType } from '../../schemas/codec/logical-types.ts'
import { MemoryRegistry } from '../../schemas/codec/memory-registry.ts'
import { NAMESPACE, type RecordType } from '../../schemas/generated/records.ts'
import { sampleOf } from '../unit/codec/samples.ts'

interface Released {
  readonly record: RecordType
  readonly schema: { readonly fields: readonly { readonly name: string }[] }
  readonly bytes: string
}

const folder = path.join(import.meta.dirname, 'released')
const releases = readdirSync(folder).map((file) => ({
  file,
  records: JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as readonly Released[],
}))

/** Fields that the schema has, at any depth, of a value that may have more. */
function common(value: unknown, like: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(like)) return value.map((item) => common(item, like[0]))
  if (value === null || typeof value !== 'object' || like === null || typeof like !== 'object') return value
  return Object.fromEntries(
    Object.entries(like).map(([name, inner]) => [
      name,
      common((value as Record<string, unknown>)[name], inner),
    ]),
  )
}

describe.each(releases)('the schemas released in $file', ({ records }) => {
  it('are all still there', () => {
    for (const { record } of records) expect(recordTypeOf(`${NAMESPACE}.${record}`)).toBe(record)
  })

  it.each(records.map((one) => [one.record, one] as const))(
    '%s: its bytes are read as they were written',
    async (record, released) => {
      const registry = new MemoryRegistry()
      const id = registry.add(released.schema)
      const codec = await RecordCodec.open(registry)
      expect(await codec.prepare(id)).toBe(true)
      const header = Buffer.alloc(5)
      header.writeUInt32BE(id, 1)
      const read = codec.decode(Buffer.concat([header, Buffer.from(released.bytes, 'base64')]))
      expect(read).toMatchObject({ ok: true, type: record })
      const written = sampleOf(released.schema)
      expect(common((read as unknown as { data: unknown }).data, written)).toEqual(written)
    },
  )

  it.each(records.map((one) => [one.record, one] as const))(
    '%s: a reader that still has it reads what is written today',
    (record, released) => {
      const old = parseType(released.schema)
      const today = sampleOf(SCHEMAS[record])
      const read = old.fromBuffer(AVRO_TYPES[record].toBuffer(today), old.createResolver(AVRO_TYPES[record]))
      expect({ ...(read as object) }).toEqual(common(today, sampleOf(released.schema)))
    },
  )
})

it('notices a field that went away or changed its type', () => {
  const [first] = (releases[0]?.records ?? []).filter(({ record }) => record === 'PaymentReceived')
  const old = parseType(first?.schema)
  const spoil = (change: (fields: { name: string; type: unknown; default?: unknown }[]) => unknown) => {
    const schema = structuredClone(SCHEMAS.PaymentReceived) as { fields: { name: string; type: unknown }[] }
    return parseType({ ...schema, fields: change(schema.fields) })
  }
  const without = spoil((fields) => fields.filter(({ name }) => name !== 'customerId'))
  expect(() => old.createResolver(without)).toThrow()
  const required = spoil((fields) => [...fields, { name: 'mood', type: 'string' }])
  expect(() => required.createResolver(old)).toThrow()
  const other = spoil((fields) =>
    fields.map((one) => (one.name === 'paymentDate' ? { ...one, type: 'string' } : one)),
  )
  expect(() => other.createResolver(old)).toThrow()
})
