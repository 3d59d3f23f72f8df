/** The event catalogue: in step with the schemas, valid by the specification's own schema, and with examples that encode. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { asyncApiDocument } from '../../../schemas/catalogue/asyncapi.ts'
import { exampleOf } from '../../../schemas/catalogue/examples.ts'
import { GROUPS, INTEGRATION_NAMES } from '../../../schemas/catalogue/groups.ts'
import { eventsPage } from '../../../schemas/catalogue/page.ts'
import { defaultText, typeText } from '../../../schemas/catalogue/schema-text.ts'
import { AVRO_TYPES, SCHEMAS } from '../../../schemas/codec/avro-types.ts'
import { EVENT_TYPES, RESULT_TYPES } from '../../../schemas/generated/records.ts'
import { CATALOGUE } from '../../../schemas/topics.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const require = createRequire(import.meta.url)

interface Described {
  readonly channels: Readonly<Record<string, { address: string; messages: Record<string, { $ref: string }> }>>
  readonly operations: Readonly<Record<string, { channel: { $ref: string } }>>
  readonly components: { readonly messages: Readonly<Record<string, { payload?: { schema: unknown } }>> }
}

const document = asyncApiDocument() as Described

/** Where the document is not one, by the JSON schema that the AsyncAPI initiative publishes. */
function faultsOf(value: unknown): unknown[] {
  const schema: unknown = JSON.parse(
    readFileSync(require.resolve('@asyncapi/specs/schemas/3.1.0-without-$id.json'), 'utf8'),
  )
  const { default: Ajv } = require('ajv') as { default: new (options: object) => Validator }
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  ajv.validate(schema, value)
  return ajv.errors ?? []
}
interface Validator {
  readonly errors: unknown[] | null
  validate(schema: unknown, value: unknown): boolean
}

describe('/asyncapi.json', () => {
  it('is AsyncAPI 3.1 by the schema of the specification', () => {
    expect(faultsOf(document)).toEqual([])
  })

  it('would not be with a wrong binding, version or payload', () => {
    const { channels, components } = document
    const event = 'finance.events.v1'
    const wrongBinding = { ...channels[event], bindings: { kafka: { partitions: 'ten' } } }
    const wrongPayload = structuredClone(components)
    const { payload } = wrongPayload.messages['InvoiceCreated'] ?? {}
    if (payload) Object.assign(payload, { schema: { type: 'no avro' } })
    for (const change of [
      { asyncapi: '4.0.0' },
      { channels: { ...channels, [event]: wrongBinding } },
      { components: wrongPayload },
    ]) {
      expect(faultsOf({ ...document, ...change })).not.toEqual([])
    }
  })

  it('has every topic that others may use as a channel, and every record as a message with its own schema', () => {
    const topics = CATALOGUE.map(({ name }) => name).filter((name) => name !== 'finance.checkpoints.v1')
    expect(Object.values(document.channels).map(({ address }) => address)).toEqual(topics)
    expect(Object.keys(document.channels['finance.events.v1']?.messages ?? {})).toEqual([...EVENT_TYPES])
    for (const type of [...EVENT_TYPES, ...RESULT_TYPES]) {
      expect([type, document.components.messages[type]?.payload?.schema]).toEqual([type, SCHEMAS[type]])
    }
    expect(EVENT_TYPES.length).toBeGreaterThanOrEqual(19)
  })

  it('refers only to what it has', () => {
    for (const { messages } of Object.values(document.channels)) {
      for (const [name, { $ref }] of Object.entries(messages)) {
        expect($ref).toBe(`#/components/messages/${name}`)
        expect(Object.keys(document.components.messages)).toContain(name)
      }
    }
    for (const { channel } of Object.values(document.operations)) {
      expect(Object.keys(document.channels)).toContain(channel.$ref.replace('#/channels/', ''))
    }
  })
})

describe('examples', () => {
  it.each([...EVENT_TYPES, ...RESULT_TYPES])('of %s encodes and comes back', (type) => {
    const avro = AVRO_TYPES[type]
    const example = exampleOf(type, ['thing', 'id-1'])
    const bytes = avro.toBuffer(example)
    expect(avro.toBuffer(avro.fromBuffer(bytes)).equals(bytes)).toBe(true)
  })

  it('of a journal entry is balanced and posts the example of an invoice', () => {
    const { lines, total } = exampleOf('JournalEntryPosted')
    const sum = (side: 'debit' | 'credit') => lines.reduce((all, line) => all + line[side], 0n)
    expect([sum('debit'), sum('credit')]).toEqual([total, total])
    const invoice = exampleOf('InvoiceCreated')
    expect(total).toBe(invoice.total)
    expect(invoice.total).toBe(invoice.subtotal + invoice.sdAmount + invoice.vatAmount)
    expect(invoice.lines.reduce((all, line) => all + line.netAmount, 0n)).toBe(invoice.subtotal)
    expect(invoice.lines.reduce((all, line) => all + line.vatAmount, 0n)).toBe(invoice.vatAmount)
  })
})

describe('docs/events.md', () => {
  it('has every event once, with its doc and every own field', () => {
    expect(GROUPS.flatMap(({ events }) => events).sort()).toEqual([...EVENT_TYPES].sort())
    const page = eventsPage()
    for (const type of EVENT_TYPES) {
      const section = page.split(`\n### ${type}\n`)[1]?.split('\n### ')[0] ?? ''
      const { doc, fields } = SCHEMAS[type] as { doc: string; fields: { name: string; doc: string }[] }
      expect([type, section.includes(doc)]).toEqual([type, true])
      const own = fields.slice(11)
      expect([type, own.filter(({ name }) => !section.includes(`\n| \`${name}\` |`))]).toEqual([type, []])
      if (own.length > 0) expect([type, section.includes('```json\n{')]).toEqual([type, true])
    }
  })

  it('says how to consume the names that integrations know', () => {
    const names = INTEGRATION_NAMES.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['invoice.created', 'invoice.paid', 'payment.received']))
    for (const { name } of INTEGRATION_NAMES) expect(eventsPage()).toContain(`| \`${name}\` |`)
  })

  it.each([
    [{ type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 }, 'decimal(18, 4)'],
    [['null', { type: 'int', logicalType: 'date' }], 'null or date'],
    [{ type: 'array', items: { type: 'record', name: 'Line', fields: [] } }, 'Line[]'],
    [{ type: 'enum', name: 'Kind', symbols: ['A', 'B'] }, 'A | B'],
    [{ type: 'map', values: 'string' }, 'map of string'],
    ['Line', 'Line'],
  ])('says %j as %s', (schema, text) => expect(typeText(schema)).toBe(text))

  it('says defaults of decimals as numbers, and nothing where there is none', () => {
    const type = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 }
    expect(defaultText({ name: 'a', type, default: '\u0000' })).toBe('0')
    expect(defaultText({ name: 'a', type })).toBe('')
    expect(defaultText({ name: 'a', type: ['null', 'string'], default: null })).toBe('null')
  })
})

describe('the files of the catalogue', () => {
  it('are those that the schemas give', () => {
    const script = path.join(ROOT, 'schemas/catalogue.ts')
    expect(() =>
      execFileSync(process.execPath, [script, '--check'], {
        stdio: 'pipe',
        env: { PATH: process.env['PATH'] ?? '' },
      }),
    ).not.toThrow()
  })
})
