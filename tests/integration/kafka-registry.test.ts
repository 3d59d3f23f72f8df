/** Our schemas on the registry of the stack. Needs SCHEMA_REGISTRY_URL. */
import { describe, expect, it, jest } from '@jest/globals'
import { ALL_TYPES, fullName, SCHEMAS } from '../../schemas/codec/avro-types.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { openRegistry } from '../../schemas/registry.ts'

jest.setTimeout(40_000)

const url = process.env['SCHEMA_REGISTRY_URL']

if (!url) {
  describe('the schemas on a registry', () => {
    it.skip('needs SCHEMA_REGISTRY_URL: start the stack with ./nikash up', () => {})
  })
} else {
  describe('the schemas on a registry', () => {
    const registry = openRegistry(url)
    const post = (subject: string, schema: unknown) =>
      fetch(`${url}/subjects/${subject}/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ schema: JSON.stringify(schema) }),
      })

    it('are registered once, however often', async () => {
      const first = await registry.registerAll()
      expect([...first.keys()]).toEqual(ALL_TYPES)
      expect(await registry.registerAll()).toEqual(first)
      for (const type of ALL_TYPES) expect(await registry.idOf(type)).toBe(first.get(type))
      expect(await registry.fetchSchema(first.get('Tick') ?? 0)).toEqual(SCHEMAS.Tick)
      expect(await registry.fetchSchema(2_000_000_000)).toBeNull()
    })

    it('cannot be followed by a version that breaks readers of old or new records', async () => {
      await registry.registerAll()
      const subject = fullName('Tick')
      const tick = SCHEMAS.Tick as { fields: object[] }
      const withoutDefault = { ...tick, fields: [...tick.fields, { name: 'added', type: 'string' }] }
      const withoutField = {
        ...tick,
        fields: tick.fields.filter((f) => (f as { name: string }).name !== 'instant'),
      }
      expect((await post(subject, withoutDefault)).status).toBe(409)
      expect((await post(subject, withoutField)).status).toBe(409)
    })

    it('let a codec write and another read by the id', async () => {
      const writer = await RecordCodec.open(registry)
      const reader = new RecordCodec(registry)
      const tick = {
        eventId: 'e',
        tenantId: '~',
        aggregateType: 'tick',
        aggregateId: 't',
        aggregateVersion: null,
        schemaVersion: 1,
        occurredAt: 1,
        recordedAt: 1,
        actor: 'service:clock',
        correlationId: null,
        causationId: null,
        instant: 900_000,
      }
      const bytes = writer.encode('Tick', tick)
      expect(reader.decode(bytes)).toMatchObject({ ok: false, code: 'unknown_schema' })
      expect(await reader.prepare(reader.wants(bytes) ?? 0)).toBe(true)
      expect(reader.decode(bytes)).toMatchObject({ ok: true, type: 'Tick', data: tick })
      expect(await reader.prepare(2_000_000_001)).toBe(false)
    })
  })
}
