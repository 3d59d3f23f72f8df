/** Owns what an event's own fields are where the schema states a default: what a reader sees of a record without them. */
import avro from 'avsc'
import { type DefaultedFields, type EventRecords, type EventType, EVENT_TYPES } from '../generated/records.ts'
import { AVRO_TYPES } from './avro-types.ts'

interface Field {
  readonly name: string
  defaultValue(): unknown
}

interface TypedField extends Field {
  readonly type: avro.Type
}

const fieldsOf = (type: avro.Type): readonly TypedField[] =>
  (type as unknown as { readonly fields: readonly TypedField[] }).fields

type Defaults<T extends EventType> = Pick<EventRecords[T], DefaultedFields[T] & keyof EventRecords[T]>

/** Fields of the envelope come first in every event and are never among the defaults. */
const ENVELOPE_FIELDS = 11

const DEFAULTS = new Map(
  EVENT_TYPES.map((type) => {
    const own = fieldsOf(AVRO_TYPES[type])
      .slice(ENVELOPE_FIELDS)
      .flatMap((field) => {
        const value = field.defaultValue()
        return value === undefined ? [] : [[field.name, value] as const]
      })
    return [type, Object.freeze(Object.fromEntries(own))]
  }),
)

/** Defaults of an event's own fields. Frozen and shared: spread it. */
export const defaultsOf = <T extends EventType>(type: T): Defaults<T> => DEFAULTS.get(type) as Defaults<T>

type Fill = (value: unknown) => unknown

const fills = new Map<avro.Type, Fill>()

function fillOf(type: avro.Type): Fill {
  const known = fills.get(type)
  if (known !== undefined) return known
  const made = make(type)
  fills.set(type, made)
  return made
}

const asItIs: Fill = (value) => value

function make(type: avro.Type): Fill {
  if (type instanceof avro.types.RecordType) return recordFill(fieldsOf(type))
  if (type instanceof avro.types.ArrayType) {
    const item = fillOf(type.itemsType)
    return item === asItIs ? asItIs : (value) => (value as readonly unknown[]).map(item)
  }
  return asItIs
}

/** Each event passes here, so the object is made field by field, in one order, with no pairs and no deletions. */
function recordFill(of: readonly TypedField[]): Fill {
  const fields = of.map((field) => ({
    name: field.name,
    absent: field.defaultValue(),
    fill: fillOf(field.type),
  }))
  return (value) => {
    const given = value as Record<string, unknown>
    const whole: Record<string, unknown> = {}
    for (const { name, absent, fill } of fields) {
      const field = given[name]
      if (field !== undefined) whole[name] = fill === asItIs ? field : fill(field)
      else if (absent !== undefined) whole[name] = absent
    }
    return whole
  }
}

const OWN_FILLS = new Map<EventType, Fill>(
  EVENT_TYPES.map((type) => [type, recordFill(fieldsOf(AVRO_TYPES[type]).slice(ENVELOPE_FIELDS))]),
)

/**
 * An event's own fields as they are read: those that it lacks, also in the records inside of it, have their defaults.
 * For payloads that were stored before the fields were there. Fields of the envelope are left out.
 */
export function completed<T extends EventType>(
  type: T,
  payload: object,
): Omit<EventRecords[T], EnvelopeField> {
  const fill = OWN_FILLS.get(type)
  if (fill === undefined) throw new Error(`${type} is no event of the catalogue`)
  return fill(payload) as Omit<EventRecords[T], EnvelopeField>
}

type EnvelopeField = keyof Omit<EventRecords['Tick'], 'instant'>
