/** Avro schemas as the catalogue reads them: their shape, and their types in words. */
import { formatDecimal } from '../values/amount.ts'

export interface FieldSchema {
  readonly name: string
  readonly type: AvroSchema
  readonly doc?: string
  readonly default?: unknown
}

export interface ComplexSchema {
  readonly type: AvroSchema
  readonly name?: string
  readonly logicalType?: string
  readonly precision?: number
  readonly scale?: number
  readonly items?: AvroSchema
  readonly values?: AvroSchema
  readonly symbols?: readonly string[]
  readonly fields?: readonly FieldSchema[]
  readonly doc?: string
}

export interface RecordSchema extends ComplexSchema {
  readonly name: string
  readonly doc: string
  readonly fields: readonly FieldSchema[]
}

export type AvroSchema = string | readonly AvroSchema[] | ComplexSchema

export const isUnion = (schema: AvroSchema): schema is readonly AvroSchema[] => Array.isArray(schema)

/** The branch of a union that is not null; any other schema as it is. */
export const branchOf = (schema: AvroSchema): string | ComplexSchema => {
  if (!isUnion(schema)) return schema
  const branch = schema.find((one) => one !== 'null')
  return branch === undefined ? 'null' : branchOf(branch)
}

/** `decimal(18, 4)`, `JournalLine[]`, `null or string`, `DRAFT | APPROVED`. */
export function typeText(schema: AvroSchema): string {
  if (isUnion(schema)) return schema.map(typeText).join(' or ')
  if (typeof schema === 'string') return schema
  if (schema.logicalType === 'decimal') return `decimal(${schema.precision}, ${schema.scale})`
  if (schema.logicalType === 'date') return 'date'
  if (schema.logicalType === 'timestamp-millis') return 'instant'
  if (schema.type === 'array') return `${typeText(schema.items ?? 'null')}[]`
  if (schema.type === 'map') return `map of ${typeText(schema.values ?? 'null')}`
  if (schema.type === 'enum') return (schema.symbols ?? []).join(' | ')
  if (schema.type === 'record') return schema.name ?? ''
  return typeText(schema.type)
}

/** The default in words; empty = the field must be there. Bytes of a decimal stand as text in a schema. */
export function defaultText({ type, default: value }: FieldSchema): string {
  if (value === undefined) return ''
  const schema = branchOf(type)
  if (typeof value === 'string' && typeof schema === 'object' && schema.logicalType === 'decimal') {
    const units = BigInt.asIntN(64, BigInt(`0x${Buffer.from(value, 'latin1').toString('hex') || '0'}`))
    return formatDecimal(units, 0, schema.scale ?? 0)
  }
  return JSON.stringify(value)
}

/** Named types (records, enums) inside of a schema, by name: a second mention of one is its name alone. */
export function namedIn(schema: AvroSchema): Map<string, ComplexSchema> {
  const found = new Map<string, ComplexSchema>()
  const walk = (one: AvroSchema): void => {
    if (isUnion(one)) return one.forEach(walk)
    if (typeof one === 'string') return
    if (one.name !== undefined) found.set(one.name, one)
    for (const { type } of one.fields ?? []) walk(type)
    if (one.items !== undefined) walk(one.items)
    if (one.values !== undefined) walk(one.values)
    if (typeof one.type === 'object') walk(one.type)
  }
  walk(schema)
  return found
}

/** Records inside of a record, by name. */
export const partsOf = (schema: RecordSchema): [name: string, part: RecordSchema][] =>
  [...namedIn(schema)].filter(
    (entry): entry is [string, RecordSchema] => entry[1].type === 'record' && entry[0] !== schema.name,
  )
