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
import type { View } from '../../sinks/clickhouse/contract.ts'

export interface Resource<Row, R extends z.ZodType> {
  /** Plural, as in the path. */
  readonly plural: string
  readonly singular: string
  readonly alias: boolean
  readonly view: View
  readonly columns: string
  readonly idColumn: string
  readonly id: (row: Row) => string
  /** What the list is ordered by, newest first, as text that orders the same. */
  readonly order: {
    readonly column: string
    readonly type: 'Date32' | 'String'
    readonly of: (row: Row) => string
  }
  /** Query parameters with equality on a column. */
  readonly filters: Readonly<Record<string, { readonly column: string; readonly schema: z.ZodType<string> }>>
  /** Bounds `from` and `to` apply to this column. */
  readonly dateColumn?: string
  readonly response: R
  readonly map: (row: Row) => z.input<R>
}

const dated = { from: day.optional(), to: day.optional() }

function listOf<Row, R extends z.ZodType>(services: Services, resource: Resource<Row, R>): Operation {
  const { order, idColumn, filters, dateColumn } = resource
  const names = Object.keys(filters)
  const conditions = [
    'tenant_id = {tenant:String}',
    ...names.map((name) => `({${name}:String} = '' OR ${filters[name]?.column} = {${name}:String})`),
    ...(dateColumn ? [`${dateColumn} >= {from:Date32}`, `${dateColumn} <= {to:Date32}`] : []),
    `({first:Bool} OR (${order.column}, ${idColumn}) < ({afterKey:${order.type}}, {afterId:String}))`,
  ]
  const sql = `SELECT ${resource.columns} FROM finance.${resource.view}
WHERE ${conditions.join(' AND ')}
ORDER BY ${order.column} DESC, ${idColumn} DESC
LIMIT {rows:UInt32}`
  const filterShape: Record<string, z.ZodType<string | undefined>> = Object.fromEntries(
    names.map((name) => [name, (filters[name]?.schema ?? z.string()).optional()]),
  )
  return tenantOperation({
    method: 'get',
    path: `/v1/${resource.plural}`,
    ...(resource.alias ? { aliases: [`/finance/${resource.plural}`] } : {}),
    tag: 'Documents',
    summary: `List ${resource.plural}, newest first`,
    description: 'As they stand with all that is recorded.',
    query: { ...filterShape, ...(dateColumn ? dated : {}), limit, cursor: cursor.optional() },
    response: z
      .object({ asOf: day, data: z.array(resource.response), page: pageInfo })
      .openapi(`${resource.singular.charAt(0).toUpperCase()}${resource.singular.slice(1)}List`),
    async handle({ principal: { tenant }, query, signal }) {
      const given = query as Readonly<Record<string, string | undefined>> & { readonly limit: number }
      const values = Object.fromEntries(names.map((name) => [name, given[name] ?? '']))
      const range = dateColumn ? { from: given['from'] ?? '1900-01-01', to: given['to'] ?? '2299-12-31' } : {}
      const binding = [resource.plural, values, range]
      const after = decodeCursor(given['cursor'], binding, 2)
      const rows = await services.clickhouse.rows<Row>({
        name: `list_${resource.plural}`,
        sql,
        params: {
          tenant,
          ...values,
          ...range,
          first: after === undefined,
          afterKey: after?.[0] ?? (order.type === 'Date32' ? '1970-01-01' : ''),
          afterId: after?.[1] ?? '',
          rows: given.limit + 1,
        },
        signal,
      })
      const keys = (row: Row) => [order.of(row), resource.id(row)]
      const page = pageOf(rows, { limit: given.limit, binding, keys, map: resource.map })
      return { asOf: await services.tenants.today(tenant), data: [...page.data], page: page.page }
    },
  })
}

function oneOf<Row, R extends z.ZodType>(services: Services, resource: Resource<Row, R>): Operation {
  const sql = `SELECT ${resource.columns} FROM finance.${resource.view}
WHERE tenant_id = {tenant:String} AND ${resource.idColumn} = {id:String}
LIMIT 1`
  return tenantOperation({
    method: 'get',
    path: `/v1/${resource.plural}/{id}`,
    ...(resource.alias ? { aliases: [`/finance/${resource.plural}/{id}`] } : {}),
    tag: 'Documents',
    summary: `One ${resource.singular}`,
    problems: ['resource_unknown'],
    params: { id: resourceId },
    response: resource.response,
    async handle({ principal: { tenant }, params: { id }, signal }) {
      const params = { tenant, id }
      const [row] = await services.clickhouse.rows<Row>({
        name: `one_${resource.singular}`,
        sql,
        params,
        signal,
      })
      if (row === undefined) throw new ApiError('resource_unknown', `There is no ${resource.singular} ${id}.`)
      return resource.map(row)
    },
  })
}

export const operationsOfResource = <Row, R extends z.ZodType>(
  services: Services,
  resource: Resource<Row, R>,
): readonly Operation[] => [listOf(services, resource), oneOf(services, resource)]
