/**
 * Owns how payloads and states look in Postgres' jsonb: amounts and rates as decimal text with all their decimals, so
 * that `(event_data->>'total')::numeric` is right in SQL; all else as it is. Written and read by field name.
 * J1: every decimal field of schemas/avro is in this table with its scale (a test compares them).
 */
import { formatDecimal, parseDecimal } from '../../schemas/values/amount.ts'

export const DECIMAL_SCALES: ReadonlyMap<string, number> = new Map([
  ['amount', 4],
  ['creditLimit', 4],
  ['netAmount', 4],
  ['quantity', 4],
  ['subtotal', 4],
  ['total', 4],
  ['unitPrice', 4],
  ['vatAmount', 4],
  ['fxRate', 8],
  ['rate', 8],
  ['vatRate', 8],
])

/** JSON text of a payload or state. */
export const toJson = (value: object): string =>
  JSON.stringify(value, (key, field: unknown) => {
    if (typeof field !== 'bigint') return field
    const scale = DECIMAL_SCALES.get(key)
    if (scale === undefined) throw new Error(`field ${key} is a bigint, but not in DECIMAL_SCALES (J1)`)
    return formatDecimal(field, scale, scale)
  })

/** The payload or state in what the driver parsed from jsonb. */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson)
  if (value === null || typeof value !== 'object') return value
  const read: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value)) {
    const scale = DECIMAL_SCALES.get(key)
    read[key] =
      scale !== undefined && typeof field === 'string' ? parseDecimal(field, scale) : fromJson(field)
  }
  return read
}
