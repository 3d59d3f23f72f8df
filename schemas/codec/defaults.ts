/** Owns what an event's own fields are where the schema states a default: what a reader sees of a record without them. */
import avro from 'avsc'
import { type DefaultedFields, type EventRecords, type EventType, EVENT_TYPES } from '../generated/records.ts'
import { AVRO_TYPES } from './avro-types.ts'

interface Field {
  readonly name: string
  defaultValue(): unknown
}

type Defaults<T extends EventType> = Pick<EventRecords[T], DefaultedFields[T] & keyof EventRecords[T]>

/** Fields of the envelope come first in every event and are never among the defaults. */
const ENVELOPE_FIELDS = 11

const DEFAULTS = new Map(
  EVENT_TYPES.map((type) => {
    const { fields } = AVRO_TYPES[type] as unknown as { readonly fields: readonly Field[] }
    const own = fields.slice(ENVELOPE_FIELDS).flatMap((field) => {
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
  if (type instanceof avro.types.RecordType) {
    const fields = (type.fields as unknown as readonly (Field & { readonly type: avro.Type })[]).map(
      (field) => ({ name: field.name, absent: field.defaultValue(), fill: fillOf(field.type) }),
    )
    return (value) => {
      const given = value as Record<string, unknown>
      return Object.fromEntries(
        fields.flatMap(({ name, absent, fill }) => {
          const field = given[name]
          if (field !== undefined) return [[name, fill(field)]]
          return absent === undefined ? [] : [[name, absent]]
        }),
      )
    }
  }
  if (type instanceof avro.types.ArrayType) {
    const item = fillOf(type.itemsType)
    return item === asItIs ? asItIs : (value) => (value as readonly unknown[]).map(item)
  }
  return asItIs
}

/**
 * An event's own fields as they are read: those that it lacks, also in the records inside of it, have their defaults.
 * For payloads that were stored before the fields were there. Fields of the envelope are left out.
 */
export function completed<T extends EventType>(
  type: T,
  payload: object,
): Omit<EventRecords[T], EnvelopeField> {
  const whole = fillOf(AVRO_TYPES[type])(payload) as Record<string, unknown>
  const { fields } = AVRO_TYPES[type] as unknown as { readonly fields: readonly Field[] }
  for (const { name } of fields.slice(0, ENVELOPE_FIELDS)) delete whole[name]
  return whole as Omit<EventRecords[T], EnvelopeField>
}

type EnvelopeField = keyof Omit<EventRecords['Tick'], 'instant'>
