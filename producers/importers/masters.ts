/**
 * Owns kinds whose rows are one record each: customers, vendors, products, accounts. A column is a field of the command;
 * an empty one is not sent, so that the command's own default holds. PURE. The form of fields is the command's to check.
 */
import type { RowFields } from './fields.ts'
import { Wrong } from './fields.ts'
import { type ColumnRule, type Kind, masterId } from './kind.ts'

export interface MasterColumn extends ColumnRule {
  readonly as: 'text' | 'id' | 'number' | 'decimal' | 'yes-no' | 'list'
}

export interface MasterRow {
  readonly id: string
  readonly body: Readonly<Record<string, unknown>>
}

/** One field of the command; undefined = not sent. */
function valueOf(fields: RowFields, name: string, { as }: MasterColumn): unknown {
  const text = fields.text(name)
  if (text === '') return undefined
  switch (as) {
    case 'id':
      return masterId(text)
    case 'yes-no':
      return fields.yesNo(name)
    case 'decimal':
      return fields.decimal(name)
    case 'list':
      return text.split(/\s*[;|]\s*/).filter((part) => part !== '')
    case 'number': {
      if (/^-?\d{1,15}$/.test(text)) return Number(text)
      throw new Wrong(name, `${JSON.stringify(text.slice(0, 40))} is not a whole number`)
    }
    default:
      return text
  }
}

export function masterKind(
  given: Pick<Kind<MasterRow>, 'name' | 'summary'> & {
    readonly type: string
    /** Column that the id is made of, and the command's field that keeps its text as it is. */
    readonly identity: string
    readonly number: string
    readonly columns: Readonly<Record<string, MasterColumn>>
  },
): Kind<MasterRow> {
  const { name, summary, type, identity, number, columns } = given
  return {
    name,
    summary,
    columns,
    money: false,
    units: 'rows',
    unique: identity,
    read(fields) {
      const word = fields.word(identity, 64)
      for (const [column, { required }] of Object.entries(columns)) if (required) fields.word(column, 1_000)
      const values = Object.entries(columns)
        .filter(([column]) => column !== identity)
        .map(([column, rule]) => [column, valueOf(fields, column, rule)] as const)
        .filter(([, value]) => value !== undefined)
      return { id: word, body: { id: masterId(word), [number]: word, ...Object.fromEntries(values) } }
    },
    label: (row) => row.id,
    commands: ({ rows }) => ({
      items: rows.map(({ row }) => ({
        type,
        body: row.body,
        blame: (pointer: string) => {
          const field = pointer.split('/')[1] ?? ''
          const column = field === 'id' || field === number ? identity : field
          return columns[column] ? { column } : {}
        },
      })),
    }),
  }
}
