/**
 * The JSON form of any record, for people and for ClickHouse payloads: decimals as text with all their decimals, days
 * as YYYY-MM-DD, instants as RFC 3339 with Z, bytes as base64. One-way: nothing of ours reads it back.
 */
import avro from 'avsc'
import type { AnyRecords, RecordType } from '../generated/records.ts'
import { formatDecimal } from '../values/amount.ts'
import { formatDay } from '../values/calendar.ts'
import { AVRO_TYPES } from './avro-types.ts'
import { DateType, DecimalType, InstantType } from './logical-types.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

type Convert = (value: unknown) => Json

const converters = new Map<avro.Type, Convert>()

function converterOf(type: avro.Type): Convert {
  const before = converters.get(type)
  if (before) return before
  const made = make(type)
  converters.set(type, made)
  return made
}

function make(type: avro.Type): Convert {
  if (type instanceof DecimalType) return (v) => formatDecimal(v as bigint, type.scale, type.scale)
  if (type instanceof DateType) return (v) => formatDay(v as number)
  if (type instanceof InstantType) return (v) => new Date(v as number).toISOString()
  if (type instanceof avro.types.RecordType) {
    const fields = type.fields.map((field) => [field.name, converterOf(field.type)] as const)
    return (v) =>
      Object.fromEntries(
        fields.map(([name, convert]) => [name, convert((v as Record<string, unknown>)[name])]),
      )
  }
  if (type instanceof avro.types.ArrayType) {
    const item = converterOf(type.itemsType)
    return (v) => (v as readonly unknown[]).map(item)
  }
  if (type instanceof avro.types.MapType) {
    const item = converterOf(type.valuesType as avro.Type)
    return (v) => Object.fromEntries(Object.entries(v as object).map(([key, value]) => [key, item(value)]))
  }
  if (type instanceof avro.types.UnwrappedUnionType) {
    // The generator allows "null | T" alone, so the one branch that is not null is the value's.
    const branch = type.types.find((t) => t.typeName !== 'null')
    const convert = branch ? converterOf(branch) : () => null
    return (v) => (v === null || v === undefined ? null : convert(v))
  }
  if (type.typeName === 'bytes' || type.typeName === 'fixed') return (v) => (v as Buffer).toString('base64')
  return (v) => v as Json
}

export function jsonOf<T extends RecordType>(type: T, data: AnyRecords[T]): { readonly [key: string]: Json } {
  return converterOf(AVRO_TYPES[type])(data) as { readonly [key: string]: Json }
}
