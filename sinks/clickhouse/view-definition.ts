/**
 * What a view is and how its text is made: columns with type, comment and expression. Owns no view (views.ts does).
 */
import { TODAY } from './as-of.ts'

export interface Column {
  readonly name: string
  readonly type: string
  readonly doc: string
  /** Expression; absent = the column of that name. */
  readonly sql?: string
}

export interface View {
  readonly name: string
  readonly doc: string
  readonly columns: readonly Column[]
  readonly from: string
  /** Fields of the payload that the columns take with `said`: see saidBy. */
  readonly said?: string
  /** Needs what TODAY needs. */
  readonly today?: true
}

export const column = (name: string, type: string, doc: string, sql?: string): Column =>
  sql === undefined ? { name, type, doc } : { name, type, doc, sql }

export const TEXT = 'String'
export const CODE = 'LowCardinality(String)'
export const DAY = 'Date32'
export const MAYBE_DAY = 'Nullable(Date32)'
export const LINE = 'Decimal(18, 4)'
export const MAYBE_LINE = 'Nullable(Decimal(18, 4))'
export const RATE = 'Decimal(18, 8)'
export const SUM = 'Decimal(38, 4)'
export const INSTANT = "DateTime64(3, 'UTC')"

export const TENANT = column('tenant_id', TEXT, 'Tenant')

export const lineage: readonly Column[] = [
  column('_epoch', 'UInt64', 'Incarnation: of the topic for facts, of the processors for figures'),
  column('_partition', 'UInt16', 'Partition'),
  column('_offset', 'UInt64', 'Offset in the partition'),
  column('_revision', 'UInt64', 'Offset in finance.events.v1 that the row stands for'),
]

/** Lineage of a thing made of several events: its newest one. */
export const newest: readonly Column[] = [
  column('_epoch', 'UInt64', 'Incarnation of the topic of the newest event', 'argMax(log._epoch, _position)'),
  column('_partition', 'UInt16', 'Partition of the newest event', 'argMax(log._partition, _position)'),
  column('_offset', 'UInt64', 'Offset of the newest event', 'argMax(log._offset, _position)'),
  column('_revision', 'UInt64', 'For facts: the offset', 'argMax(log._revision, _position)'),
]

/** Value of a column of event_log (as `log`) in the newest event that fulfils a condition. */
export const last = (name: string, when: string): string => `argMaxIf(log.${name}, _position, ${when})`
export const maybe = (name: string, when: string): string => `argMaxOrNullIf(log.${name}, _position, ${when})`

/** Value of a column in the newest event. */
export const now = (name: string): string => `argMax(log.${name}, _position)`
export const nowOrNull = (name: string): string => `argMax(tuple(log.${name}), _position).1`

/**
 * Fields of the newest event that fulfils a condition, out of its payload. What only one kind of thing has is no column of
 * event_log: every row pays for every column. Read in one go, since each extraction parses the whole text; a field that an
 * older event lacks has the empty value of its type.
 */
export const saidBy = (fields: Readonly<Record<string, string>>, when?: string): string => {
  const types = Object.entries(fields).map(([name, type]) => `${name} ${type}`)
  const newestPayload = when === undefined ? now('payload') : last('payload', when)
  return `JSONExtract(${newestPayload}, 'Tuple(${types.join(', ')})')`
}
export const said = (field: string): string => `said.${field}`

/** The same view under the name that older queries use. */
export const alias = (view: View): View => ({
  name: `${view.name}_mv`,
  doc: `${view.doc} Alias of ${view.name}.`,
  columns: view.columns.map(({ name, type, doc }) => ({ name, type, doc })),
  from: `finance.${view.name}`,
})

const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

export function definitionOf({ name, doc, columns, from, said: fields, today }: View): string {
  const declared = columns.map((c) => `  ${c.name} ${c.type} COMMENT ${quote(c.doc)}`).join(',\n')
  const selected = columns
    .map((c) => (c.sql === undefined ? `  ${c.name}` : `  ${c.sql} AS ${c.name}`))
    .join(',\n')
  const scope = `${today ? `${TODAY.with}\n` : ''}${fields === undefined ? '' : `WITH ${fields} AS said\n`}`
  // The time zone of a tenant is a value of a column.
  const settings = today ? '\nSETTINGS allow_nonconst_timezone_arguments = 1' : ''
  return `CREATE OR REPLACE VIEW finance.${name}\n(\n${declared}\n)
AS ${scope}SELECT\n${selected}\nFROM ${from}${settings}\nCOMMENT ${quote(doc)}`
}
