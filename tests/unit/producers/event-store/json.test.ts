import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { DECIMAL_SCALES, fromJson, toJson } from '../../../../producers/event-store/json.ts'

/** Names and scales of all decimals in a schema. */
function decimalsIn(schema: unknown, name = ''): [string, number][] {
  if (Array.isArray(schema)) return schema.flatMap((one) => decimalsIn(one, name))
  if (schema === null || typeof schema !== 'object') return []
  const node = schema as Record<string, unknown>
  if (node['logicalType'] === 'decimal') return [[name, Number(node['scale'])]]
  const fields = (node['fields'] ?? []) as { name: string; type: unknown }[]
  return [
    ...fields.flatMap((field) => decimalsIn(field.type, field.name)),
    ...decimalsIn(node['items'], name),
    ...(typeof node['type'] === 'object' ? decimalsIn(node['type'], name) : []),
  ]
}

describe('the JSON of the store', () => {
  it('knows every decimal field of every event with its scale', () => {
    const folder = new URL('../../../../schemas/avro/', import.meta.url)
    const events = readdirSync(folder).filter((file) => !file.endsWith('-result.avsc'))
    const found = events.flatMap((file) =>
      decimalsIn(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))),
    )
    expect(found.length).toBeGreaterThan(20)
    const unknown = found.filter(([name, scale]) => DECIMAL_SCALES.get(name) !== scale)
    expect(unknown).toEqual([])
  })

  it('gives back what it was given, and is readable as SQL numerics', () => {
    const value = {
      invoiceNumber: '100.0000',
      total: 9_999_999_999_900n,
      fxRate: 12_150_000_000n,
      creditLimit: null,
      disputed: false,
      lines: [{ quantity: 30_000n, netAmount: -1n, description: '১০০ কেজি' }],
    }
    expect(JSON.parse(toJson(value))).toEqual({
      ...value,
      total: '999999999.9900',
      fxRate: '121.50000000',
      lines: [{ quantity: '3.0000', netAmount: '-0.0001', description: '১০০ কেজি' }],
    })
    expect(fromJson(JSON.parse(toJson(value)))).toEqual(value)
  })

  it('refuses a number whose scale nobody stated', () => {
    expect(() => toJson({ weight: 1n })).toThrow(/weight/)
  })
})
