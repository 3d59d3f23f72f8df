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
export const SUM = 'Decimal(38, 4)'
export const INSTANT = "DateTime64(3, 'UTC')"

export const TENANT = column('tenant_id', TEXT, 'Tenant')

export const lineage: readonly Column[] = [
  column('_epoch', 'UInt64', 'Incarnation: of the topic for facts, of the processors for figures'),
  column('_partition', 'UInt16', 'Partition'),
  column('_offset', 'UInt64', 'Offset in the partition'),
  column('_revision', 'UInt64', 'Offset in finance.events.v1 that the row stands for'),
]

/** The same view under the name that older queries use. */
export const alias = (view: View): View => ({
  name: `${view.name}_mv`,
  doc: `${view.doc} Alias of ${view.name}.`,
  columns: view.columns.map(({ name, type, doc }) => ({ name, type, doc })),
  from: `finance.${view.name}`,
})

const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

export function definitionOf({ name, doc, columns, from, today }: View): string {
  const declared = columns.map((c) => `  ${c.name} ${c.type} COMMENT ${quote(c.doc)}`).join(',\n')
  const selected = columns
    .map((c) => (c.sql === undefined ? `  ${c.name}` : `  ${c.sql} AS ${c.name}`))
    .join(',\n')
  const scope = today ? `${TODAY.with}\n` : ''
  // The time zone of a tenant is a value of a column.
  const settings = today ? '\nSETTINGS allow_nonconst_timezone_arguments = 1' : ''
  return `CREATE OR REPLACE VIEW finance.${name}\n(\n${declared}\n)
AS ${scope}SELECT\n${selected}\nFROM ${from}${settings}\nCOMMENT ${quote(doc)}`
}
