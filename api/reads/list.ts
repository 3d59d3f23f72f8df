/**
 * Lists and single resources over the views of ClickHouse. One definition of a resource gives its list, its single
 * read and their documents. Owns the SQL's form; every name in it is a constant of a definition.
 */
import { z } from 'zod'
import { decodeCursor, pageOf } from '../http/cursor.ts'
import { type Operation, tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { cursor, day, limit, pageInfo, resourceId } from '../http/schemas.ts'
import type { Services } from '../services.ts'
import { kept } from './answers.ts'
import type { View } from '../../sinks/clickhouse/contract.ts'

/** What a list and a single read have in common. */
export interface Source<Row, R extends z.ZodType> {
  /** Plural, as in the path. */
  readonly plural: string
  readonly singular: string
  readonly view: View
  readonly columns: string
  readonly idColumn: string
  readonly id: (row: Row) => string
  /** What the list is ordered by, newest or last first unless ascending, as text that orders the same. */
  readonly order: {
    readonly column: string
    readonly type: 'Date32' | 'String'
    readonly of: (row: Row) => string
    readonly ascending?: true
  }
  /** Query parameters with equality on a column or an expression of text. */
  readonly filters: Readonly<Record<string, { readonly column: string; readonly schema: z.ZodType<string> }>>
  /** Bounds `from` and `to` apply to this column. */
  readonly dateColumn?: string
  /** Rows with what another question tells of them: asked once for a page, never once for each row. */
  readonly complete?: (tenant: string, rows: readonly Row[], signal: AbortSignal) => Promise<readonly Row[]>
  readonly response: R
  readonly map: (row: Row) => z.input<R>
}

export interface Resource<Row, R extends z.ZodType> extends Source<Row, R> {
  /** Also under /finance: by its own name, or by another. */
  readonly alias: boolean | string
  readonly tag?: string
  readonly description?: string
  /** Master data: answers are kept while the tenant's data do not change. */
  readonly kept?: 'master'
}

export interface ListQuestion {
  readonly tenant: string
  readonly query: Readonly<Record<string, unknown>> & { readonly limit: number }
  readonly signal: AbortSignal
}

export interface OneQuestion {
  readonly tenant: string
  readonly id: string
  readonly signal: AbortSignal
}

const dated = { from: day.optional(), to: day.optional() }

/** JournalEntry of journal-entry. */
const titled = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_, _dash: string, letter: string) => letter.toUpperCase())

/** Reads a page. */
export function listReader<Row, R extends z.ZodType>(services: Services, source: Source<Row, R>) {
  const { order, idColumn, filters, dateColumn } = source
  const [after, direction] = order.ascending ? ['>', 'ASC'] : ['<', 'DESC']
  const names = Object.keys(filters)
  const conditions = [
    'tenant_id = {tenant:String}',
    ...names.map((name) => `({${name}:String} = '' OR ${filters[name]?.column} = {${name}:String})`),
    ...(dateColumn ? [`${dateColumn} >= {from:Date32}`, `${dateColumn} <= {to:Date32}`] : []),
    `({first:Bool} OR (${order.column}, ${idColumn}) ${after} ({afterKey:${order.type}}, {afterId:String}))`,
  ]
  const sql = `SELECT ${source.columns} FROM finance.${source.view}
WHERE ${conditions.join(' AND ')}
ORDER BY ${order.column} ${direction}, ${idColumn} ${direction}
LIMIT {rows:UInt32}`
  return async ({ tenant, query, signal }: ListQuestion) => {
    const given = query as Readonly<Record<string, string | undefined>> & { readonly limit: number }
    const values = Object.fromEntries(names.map((name) => [name, given[name] ?? '']))
    const range = dateColumn ? { from: given['from'] ?? '1900-01-01', to: given['to'] ?? '2299-12-31' } : {}
    const binding = [source.plural, source.view, values, range]
    const afterKeys = decodeCursor(given['cursor'], binding, 2)
    const rows = await services.clickhouse.rows<Row>({
      name: `list_${source.plural}`,
      sql,
      params: {
        tenant,
        ...values,
        ...range,
        first: afterKeys === undefined,
        afterKey: afterKeys?.[0] ?? (order.type === 'Date32' ? '1970-01-01' : ''),
        afterId: afterKeys?.[1] ?? '',
        rows: given.limit + 1,
      },
      signal,
    })
    const keys = (row: Row) => [order.of(row), source.id(row)]
    const { data, page } = pageOf(rows, { limit: given.limit, binding, keys, map: (row) => row })
    const whole = source.complete && data.length > 0 ? await source.complete(tenant, data, signal) : data
    return { asOf: await services.tenants.today(tenant), data: whole.map(source.map), page }
  }
}

/** Reads one; undefined = there is none. */
export function oneReader<Row, R extends z.ZodType>(services: Services, source: Source<Row, R>) {
  const sql = `SELECT ${source.columns} FROM finance.${source.view}
WHERE tenant_id = {tenant:String} AND ${source.idColumn} = {id:String}
LIMIT 1`
  return async ({ tenant, id, signal }: OneQuestion): Promise<z.input<R> | undefined> => {
    const rows = await services.clickhouse.rows<Row>({
      name: `one_${source.singular}`,
      sql,
      params: { tenant, id },
      signal,
    })
    const [row] = source.complete && rows.length > 0 ? await source.complete(tenant, rows, signal) : rows
    return row === undefined ? undefined : source.map(row)
  }
}

export const unknownResource = (singular: string, id: string): ApiError =>
  new ApiError('resource_unknown', `There is no ${singular} ${id}.`)

/** Query parameters of a list. */
export const listQuery = <Row, R extends z.ZodType>({ filters, dateColumn }: Source<Row, R>) => {
  const shape: Record<string, z.ZodType<string | undefined>> = Object.fromEntries(
    Object.entries(filters).map(([name, { schema }]) => [name, schema.optional()]),
  )
  return { ...shape, ...(dateColumn ? dated : {}), limit, cursor: cursor.optional() }
}

export const listResponse = <R extends z.ZodType>(singular: string, response: R) =>
  z.object({ asOf: day, data: z.array(response), page: pageInfo }).openapi(`${titled(singular)}List`)

/** Paths under which earlier clients know a resource. */
const aliasesOf = (alias: boolean | string, plural: string, rest = '') =>
  alias === false ? {} : { aliases: [`/finance/${alias === true ? plural : alias}${rest}`] }

export function operationsOfResource<Row, R extends z.ZodType>(
  services: Services,
  resource: Resource<Row, R>,
): readonly Operation[] {
  const { plural, singular, alias, order } = resource
  const name = plural.replaceAll('-', ' ')
  const keeps = resource.kept === undefined ? {} : ({ keeps: true } as const)
  const [readList, readOne] = [listReader(services, resource), oneReader(services, resource)]
  const list = tenantOperation({
    method: 'get',
    path: `/v1/${plural}`,
    ...aliasesOf(alias, plural),
    tag: resource.tag ?? 'Documents',
    summary: `List ${name}, ${order.ascending ? 'in order' : 'newest first'}`,
    description: resource.description ?? 'As they stand with all that is recorded.',
    query: listQuery(resource),
    response: listResponse(singular, resource.response),
    ...keeps,
    async handle(input) {
      const { query, signal } = input
      const { tenant } = input.principal
      const read = () => readList({ tenant, query, signal })
      if (resource.kept === undefined) return read()
      const given = Object.entries(query).filter(([, value]) => value !== undefined)
      const parts = [plural, ...given.map(([parameter, value]) => `${parameter}=${String(value)}`)]
      const page = await kept(services.answers, input, { kind: resource.kept, parts }, read)
      // Masters are as they are now, whatever day it is: the day of a kept answer is that of this one.
      return { ...page, asOf: await services.tenants.today(tenant) }
    },
  })
  const one = tenantOperation({
    method: 'get',
    path: `/v1/${plural}/{id}`,
    ...aliasesOf(alias, plural, '/{id}'),
    tag: resource.tag ?? 'Documents',
    summary: `One ${singular.replaceAll('-', ' ')}`,
    problems: ['resource_unknown'],
    params: { id: resourceId },
    response: resource.response,
    ...keeps,
    async handle(input) {
      const { id } = input.params
      const { tenant } = input.principal
      const read = async (): Promise<z.input<R>> => {
        const found = await readOne({ tenant, id, signal: input.signal })
        if (found === undefined) throw unknownResource(singular, id)
        return found
      }
      if (resource.kept === undefined) return read()
      const name = { kind: resource.kept, parts: [singular, id] }
      return kept(services.answers, input, name, read as () => Promise<z.input<R> & object>)
    },
  })
  return [list, one]
}
