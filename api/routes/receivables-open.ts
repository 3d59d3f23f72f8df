/** GET /v1/receivables/open: the invoices behind a bucket, as of any day. */
import { z } from 'zod'
import { bucketLabels } from '../../schemas/rules/aging.ts'
import { parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { type OpenItemRow, openItemsSql } from '../../sinks/clickhouse/contract.ts'
import { decodeCursor, pageOf } from '../http/cursor.ts'
import { tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { basis, cursor, day, limit, money, pageInfo, resourceId } from '../http/schemas.ts'
import type { Services } from '../services.ts'
import { bucketsParameter, edgesOf } from './receivables-aging.ts'

const openItem = z
  .object({
    invoiceId: z.string(),
    invoiceNumber: z.string(),
    customerId: z.string(),
    customerName: z.string(),
    invoiceDate: day,
    dueDate: day,
    age: z
      .number()
      .int()
      .openapi({ description: 'Days past the due date, or the invoice date on basis posting.' }),
    bucket: z.string(),
    open: money,
    openBase: money.openapi({ description: 'In the base currency at the rate of the document.' }),
    total: money,
    disputed: z.boolean(),
  })
  .openapi('OpenItem')

const DAY_MAX = 106_751

/** Oldest first; `{first}` and `{last}` bound the anchor day, both included. */
const sqlOf = (anchor: 'due_date' | 'invoice_date'): string => `
SELECT * FROM (${openItemsSql}) AS items
WHERE items.${anchor} >= {first:String} AND items.${anchor} <= {last:String}
  AND ({customer:String} = '' OR items.customer_id = {customer:String})
  AND (items.${anchor}, items.invoice_id) > ({afterDay:String}, {afterId:String})
ORDER BY items.${anchor}, items.invoice_id
LIMIT {rows:UInt32}`

/** Anchor days of a bucket as of a day: the inverse of bucketIndex. */
export function anchorsOf(
  index: number,
  asOf: number,
  edges: readonly number[],
): { first: string; last: string } {
  const over = index === 0 ? undefined : edges[index - 1]
  const upTo = edges[index]
  const first = upTo === undefined ? 0 : asOf - upTo
  const last = over === undefined ? DAY_MAX : asOf - over - 1
  return { first: upTo === undefined ? '1900-01-01' : formatDay(first), last: formatDay(last) }
}

export const receivablesOpen = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/receivables/open',
    tag: 'Receivables',
    summary: 'Open invoices, as of any day, oldest first',
    description:
      'The sum of openBase over a bucket is that bucket of /v1/receivables/aging with the same asOf and basis.',
    query: {
      asOf: day.optional(),
      basis: basis.default('due'),
      bucket: z
        .string()
        .max(20)
        .optional()
        .openapi({ description: 'A label of the aging answer.', example: '31-60' }),
      buckets: bucketsParameter,
      customerId: resourceId.optional(),
      limit,
      cursor: cursor.optional(),
    },
    response: z.object({ asOf: day, basis, data: z.array(openItem), page: pageInfo }).openapi('OpenItems'),
    async handle({ principal: { tenant }, query, signal }) {
      const edges = edgesOf(query.buckets)
      const labels = bucketLabels(edges)
      const index = query.bucket === undefined ? undefined : labels.indexOf(query.bucket)
      if (index === -1)
        throw new ApiError('query_invalid', `query/bucket: must be one of ${labels.join(', ')}`)
      const [asOf, { currency }] = await Promise.all([
        services.tenants.dayOf(tenant, query.asOf),
        services.tenants.settings(tenant),
      ])
      const bounds =
        index === undefined
          ? { first: '1900-01-01', last: formatDay(DAY_MAX) }
          : anchorsOf(index, asOf, edges)
      const anchor = query.basis === 'due' ? 'due_date' : 'invoice_date'
      const binding = [
        'open',
        formatDay(asOf),
        query.basis,
        query.bucket ?? '',
        edges,
        query.customerId ?? '',
      ]
      const [afterDay = '', afterId = ''] = decodeCursor(query.cursor, binding, 2) ?? []
      const rows = await services.clickhouse.rows<OpenItemRow>({
        name: 'open_items',
        sql: sqlOf(anchor),
        params: {
          tenant,
          asOf: formatDay(asOf),
          ...bounds,
          customer: query.customerId ?? '',
          afterDay,
          afterId,
          rows: query.limit + 1,
        },
        signal,
      })
      const map = (row: OpenItemRow) => {
        const age = asOf - parseDay(row[anchor])
        return {
          invoiceId: row.invoice_id,
          invoiceNumber: row.invoice_number,
          customerId: row.customer_id,
          customerName: row.customer_name,
          invoiceDate: row.invoice_date,
          dueDate: row.due_date,
          age,
          bucket: labels[edges.filter((edge) => age > edge).length] ?? '',
          open: toMoney(parseDecimal(row.open_amount), row.currency),
          openBase: toMoney(parseDecimal(row.open_base), currency),
          total: toMoney(parseDecimal(row.total), row.currency),
          disputed: row.disputed,
        }
      }
      const page = pageOf(rows, {
        limit: query.limit,
        binding,
        keys: (row) => [row[anchor], row.invoice_id],
        map,
      })
      return { asOf: formatDay(asOf), basis: query.basis, data: [...page.data], page: page.page }
    },
  })
