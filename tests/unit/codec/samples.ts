/** A value of any record, made by its schema alone: every field has something to say. */
type Schema =
  | string
  | readonly Schema[]
  | {
      readonly type: Schema
      readonly logicalType?: string
      readonly items?: Schema
      readonly values?: Schema
      readonly symbols?: readonly string[]
      readonly name?: string
      readonly fields?: readonly {
        readonly name: string
        readonly type: Schema
        readonly default?: unknown
      }[]
    }

const PLAIN: Readonly<Record<string, unknown>> = {
  string: 'নাম-1',
  int: 7,
  long: 1_700_000_000_000,
  boolean: true,
  null: null,
}

/** `bare` leaves out the fields that have a default. Named types may stand by name once they were defined. */
export function sampleOf(schema: unknown, bare = false, named = new Map<string, Schema>()): unknown {
  return sample(schema as Schema, bare, named)
}

function sample(schema: Schema, bare: boolean, named: Map<string, Schema>): unknown {
  if (typeof schema === 'string') {
    const known = named.get(schema)
    return known === undefined ? PLAIN[schema] : sample(known, bare, named)
  }
  if (Array.isArray(schema)) {
    const branch = (schema as readonly Schema[]).find((one) => one !== 'null')
    return branch === undefined ? null : sample(branch, bare, named)
  }
  const one = schema as Exclude<Schema, string | readonly Schema[]>
  if (one.name !== undefined) named.set(one.name, one)
  if (one.logicalType === 'decimal') return -1_234_567n
  if (one.logicalType === 'date') return 20_780
  if (one.type === 'array') return [sample(one.items ?? 'null', bare, named)]
  if (one.type === 'map') return { key: sample(one.values ?? 'null', bare, named) }
  if (one.type === 'enum') return one.symbols?.at(-1)
  if (one.type === 'record') {
    const fields = (one.fields ?? []).map((field) => [field, sample(field.type, bare, named)] as const)
    return Object.fromEntries(
      fields.filter(([field]) => !bare || !('default' in field)).map(([field, value]) => [field.name, value]),
    )
  }
  return sample(one.type, bare, named)
}
