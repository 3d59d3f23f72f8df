/**
 * Owns how payloads and states look in Postgres' jsonb: amounts and rates as decimal text with all their decimals, so
 * that `(event_data->>'total')::numeric` is right in SQL; all else as it is. Written and read by field name.
 * J1: every decimal field of schemas/avro is in this table with its scale (a test compares them).
 */
import { formatDecimal, parseDecimal } from '../../schemas/values/amount.ts'

export const DECIMAL_SCALES: ReadonlyMap<string, number> = new Map([
  ['amount', 4],
  ['credit', 4],
  ['creditLimit', 4],
  ['debit', 4],
  ['discount', 4],
  ['discountAmount', 4],
  ['netAmount', 4],
  ['netIncome', 4],
  ['perUnit', 4],
  ['quantity', 4],
  ['quantityAfter', 4],
  ['reorderLevel', 4],
  ['salePrice', 4],
  ['sdAmount', 4],
  ['subtotal', 4],
  ['tdsWithheld', 4],
  ['total', 4],
  ['unitCost', 4],
  ['unitPrice', 4],
  ['value', 4],
  ['valueAfter', 4],
  ['vatAmount', 4],
  ['vatPerUnit', 4],
  ['vdsWithheld', 4],
  ['fxRate', 8],
  ['rate', 8],
  ['sdRate', 8],
  ['vatRate', 8],
])

/** JSON text of a payload or state. */
export const toJson = (value: object): string => JSON.stringify(asJson(value))

/** The payload or state with decimal text for its bigints, for JSON.stringify: a replacer would be called for every field. */
export const asJson = (value: object): unknown => written('', value)

function written(key: string, field: unknown): unknown {
  if (typeof field === 'bigint') {
    const scale = DECIMAL_SCALES.get(key)
    if (scale === undefined) throw new Error(`field ${key} is a bigint, but not in DECIMAL_SCALES (J1)`)
    return formatDecimal(field, scale, scale)
  }
  if (field === null || typeof field !== 'object') return field
  if (Array.isArray(field)) return field.map((one) => written(key, one))
  const copy: Record<string, unknown> = {}
  for (const name in field) copy[name] = written(name, (field as Record<string, unknown>)[name])
  return copy
}

/** The payload or state in what the driver parsed from jsonb. */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson)
  if (value === null || typeof value !== 'object') return value
  const read: Record<string, unknown> = {}
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key]
    if (typeof field === 'object') {
      read[key] = fromJson(field)
      continue
    }
    if (typeof field !== 'string') {
      read[key] = field
      continue
    }
    const scale = DECIMAL_SCALES.get(key)
    read[key] = scale === undefined ? field : parseDecimal(field, scale)
  }
  return read
}
