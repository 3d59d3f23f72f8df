/**
 * The invoices or bills behind a bucket, as of any day, by what is known now or was at an instant. Owns the query and the
 * shape of a row; receivables-open.ts and payables-open.ts are the two operations.
 */
import { z } from 'zod'
import { bucketLabels } from '../../schemas/rules/aging.ts'
import { parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import {
  type Knowledge,
  type OpenItemRow,
  openItemsSqlOf,
  openPartsSqlOf,
} from '../../sinks/clickhouse/contract.ts'
import { decodeCursor, pageOf } from '../http/cursor.ts'
import { tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { basis, cursor, day, instant, limit, money, pageInfo, resourceId } from '../http/schemas.ts'
import type { AgingSide } from '../reads/aging-sides.ts'
import { knownAt, knownBefore } from '../reads/known-at.ts'
import type { Services } from '../services.ts'
import { bucketsParameter, edgesOf } from './aging.ts'

/** A row in the words of its side: invoiceId and customerId, or billId and vendorId. */
function openItem({ document, party }: AgingSide): z.ZodType<Readonly<Record<string, unknown>>> {
  return z
    .object({
      [`${document}Id`]: z.string(),
      [`${document}Number`]: z.string(),
      [`${party}Id`]: z.string(),
      [`${party}Name`]: z.string(),
      [`${document}Date`]: day,
      dueDate: day,
      age: z
        .number()
        .int()
        .openapi({ description: `Days past the due date, or the ${document} date on basis posting.` }),
      bucket: z.string(),
      open: money,
      openBase: money.openapi({ description: 'In the base currency at the rate of the document.' }),
      total: money,
      disputed: z.boolean(),
    })
    .openapi(document === 'invoice' ? 'OpenItem' : 'OpenBill')
}

const DAY_MAX = 106_751

/** Oldest first; `{first}` and `{last}` bound the anchor day, both included. By due date each instalment is a row. */
const sqlOf = ({ book }: AgingSide, anchor: 'due_date' | 'invoice_date', knowledge: Knowledge): string => `
SELECT * FROM (${(anchor === 'due_date' ? openPartsSqlOf : openItemsSqlOf)(book, knowledge)}) AS items
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

export function openOperation(services: Services, side: AgingSide) {
  const partyName = `${side.party}Id`
  const partyFilter: object = { [partyName]: resourceId.optional() }
  return tenantOperation({
    method: 'get',
    path: `/v1/${side.name}/open`,
    tag: side.name === 'receivables' ? 'Receivables' : 'Payables',
    summary: `Open ${side.document}s, as of any day, oldest first`,
    description:
      `The sum of openBase over a bucket is that bucket of /v1/${side.name}/aging with the same asOf, knownAt and basis. On ` +
      `basis due a document with instalments has one row for each of them that is open.`,
    query: {
      asOf: day.optional(),
      knownAt: knownAt.optional(),
      basis: basis.default('due'),
      bucket: z
        .string()
        .max(20)
        .optional()
        .openapi({ description: 'A label of the aging answer.', example: '31-60' }),
      buckets: bucketsParameter,
      ...partyFilter,
      limit,
      cursor: cursor.optional(),
    },
    response: z
      .object({
        asOf: day,
        knownAt: instant.nullable(),
        basis,
        data: z.array(openItem(side)),
        page: pageInfo,
      })
      .openapi(side.document === 'invoice' ? 'OpenItems' : 'OpenBills'),
    async handle({ principal: { tenant }, query, signal }) {
      const edges = edgesOf(query.buckets)
      const labels = bucketLabels(edges)
      const index = query.bucket === undefined ? undefined : labels.indexOf(query.bucket)
      if (index === -1)
        throw new ApiError('query_invalid', `query/bucket: must be one of ${labels.join(', ')}`)
      const filter: unknown = (query as Readonly<Record<string, unknown>>)[partyName]
      const party = typeof filter === 'string' ? filter : ''
      const [asOf, { currency, zone }] = await Promise.all([
        services.tenants.dayOf(tenant, query.asOf),
        services.tenants.settings(tenant),
      ])
      const bounds =
        index === undefined
          ? { first: '1900-01-01', last: formatDay(DAY_MAX) }
          : anchorsOf(index, asOf, edges)
      const anchor = query.basis === 'due' ? 'due_date' : 'invoice_date'
      const before = query.knownAt === undefined ? null : knownBefore(query.knownAt, zone)
      const binding = [
        'open',
        side.name,
        formatDay(asOf),
        before ?? '',
        query.basis,
        query.bucket ?? '',
        edges,
        party,
      ]
      const [afterDay = '', afterId = ''] = decodeCursor(query.cursor, binding, 2) ?? []
      const rows = await services.clickhouse.rows<OpenItemRow>({
        name: 'open_items',
        sql: sqlOf(side, anchor, before === null ? 'now' : 'then'),
        params: {
          tenant,
          asOf: formatDay(asOf),
          ...bounds,
          customer: party,
          ...(before === null ? {} : { knownBefore: before }),
          afterDay,
          afterId,
          rows: query.limit + 1,
        },
        signal,
      })
      const map = (row: OpenItemRow) => {
        const age = asOf - parseDay(row[anchor])
        return {
          [`${side.document}Id`]: row.invoice_id,
          [`${side.document}Number`]: row.invoice_number,
          [`${side.party}Id`]: row.customer_id,
          [`${side.party}Name`]: row.customer_name,
          [`${side.document}Date`]: row.invoice_date,
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
      return {
        asOf: formatDay(asOf),
        knownAt: before === null ? null : new Date(before - 1).toISOString(),
        basis: query.basis,
        data: [...page.data],
        page: page.page,
      }
    },
  })
}
