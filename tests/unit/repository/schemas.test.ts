/** The contract's shape: one envelope, first and in order, in every event; documented fields; generated types in step. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { CATALOGUE, PARTITIONS, TOPICS } from '../../../schemas/topics.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const folder = path.join(ROOT, 'schemas/avro')
interface Field {
  name: string
  doc?: string
  type: unknown
  default?: unknown
}
interface RecordSchema {
  name: string
  namespace: string
  doc: string
  fields: Field[]
}
const records = readdirSync(folder).map((file) => ({
  file,
  schema: JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as RecordSchema,
}))
const events = records.filter(({ schema }) => schema.fields[0]?.name === 'eventId')

const ENVELOPE = [
  'eventId',
  'tenantId',
  'aggregateType',
  'aggregateId',
  'aggregateVersion',
  'schemaVersion',
  'occurredAt',
  'recordedAt',
  'actor',
  'correlationId',
  'causationId',
]

describe('schemas/avro', () => {
  it('starts every event with the same envelope, field for field', () => {
    expect(events.length).toBeGreaterThanOrEqual(17)
    const first = JSON.stringify(events[0]?.schema.fields.slice(0, ENVELOPE.length))
    for (const { file, schema } of events) {
      expect([file, schema.fields.slice(0, ENVELOPE.length).map((f) => f.name)]).toEqual([file, ENVELOPE])
      expect([file, JSON.stringify(schema.fields.slice(0, ENVELOPE.length))]).toEqual([file, first])
    }
  })

  it('names the file as the record and documents every field', () => {
    for (const { file, schema } of records) {
      expect(file).toBe(`${schema.name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()}.avsc`)
      expect(schema.namespace).toBe('nikash.finance.v1')
      for (const field of schema.fields)
        expect([file, field.name, field.doc ?? '']).not.toEqual([file, field.name, ''])
    }
  })

  it('has no union at the top and gives every enum a default', () => {
    const walk = (node: unknown): void => {
      if (Array.isArray(node)) node.forEach(walk)
      else if (typeof node === 'object' && node !== null) {
        const n = node as Record<string, unknown>
        if (n['type'] === 'enum') expect([n['name'], typeof n['default']]).toEqual([n['name'], 'string'])
        Object.values(n).forEach(walk)
      }
    }
    for (const { schema } of records) {
      expect(Array.isArray(schema)).toBe(false)
      walk(schema)
    }
  })

  it('matches the generated types', () => {
    const script = path.join(ROOT, 'schemas/generate.ts')
    expect(() =>
      execFileSync(process.execPath, [script, '--check'], {
        stdio: 'pipe',
        env: { PATH: process.env['PATH'] ?? '' },
      }),
    ).not.toThrow()
  })
})

describe('the topic catalogue', () => {
  it('lists each topic once, with ten partitions and append time on the log of record', () => {
    expect(new Set(CATALOGUE.map((t) => t.name)).size).toBe(CATALOGUE.length)
    expect(CATALOGUE.every((t) => t.partitions === PARTITIONS && PARTITIONS === 10)).toBe(true)
    for (const name of Object.values(TOPICS)) expect(CATALOGUE.map((t) => t.name)).toContain(name)
    expect(CATALOGUE.find((t) => t.name === TOPICS.events)?.config).toMatchObject({
      'retention.ms': '-1',
      'message.timestamp.type': 'LogAppendTime',
    })
  })
})
