/** GET /v1/receivables/aging: open amounts by age as of any day. */
import { z } from 'zod'
import { checkEdges, DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { basis, cursor, day, instant, limit, money, pageInfo, source } from '../http/schemas.ts'
import { type AgingGroup, answerOf, readAging } from '../reads/aging.ts'
import type { Services } from '../services.ts'

const buckets = z.array(z.object({ label: z.string().openapi({ example: '1-30' }), amount: money }))
const figures = { buckets, unapplied: money, disputed: money, total: money, openItems: z.number().int() }

export const agingAnswer = z
  .object({
    asOf: day,
    basis,
    source,
    watermark: instant.nullable(),
    ...figures,
    groups: z.array(z.object({ key: z.string(), name: z.string().optional(), ...figures })).optional(),
    page: pageInfo.optional(),
  })
  .openapi('Aging', {
    description: 'Sum of the buckets + unapplied = total, the receivables control account.',
  })

export function edgesOf(text: string | undefined): readonly number[] {
  if (text === undefined) return DEFAULT_EDGES
  try {
    return checkEdges([0, ...text.split(',').map(Number)])
  } catch (error) {
    throw new ApiError('query_invalid', 'query/buckets: must be ascending whole days, e.g. 30,60,90,120', {
      errors: [{ pointer: '/query/buckets', detail: error instanceof Error ? error.message : String(error) }],
      cause: error,
    })
  }
}

export const bucketsParameter = z
  .string()
  .regex(/^\d{1,5}(,\d{1,5}){0,18}$/, 'must be ascending whole days, e.g. 30,60,90,120')
  .optional()
  .openapi({
    description: 'Last days of the buckets after "current". Default 30,60,90.',
    example: '30,60,90,120',
  })

function pageOfGroups(
  groups: readonly AgingGroup[],
  labels: readonly string[],
  from: readonly string[] | undefined,
  size: number,
  binding: readonly unknown[],
) {
  const start = from ? groups.findIndex((group) => group.key === from[0]) + 1 : 0
  if (from && start === 0)
    throw new ApiError('cursor_invalid', 'The group of the cursor is no longer there: start without one.')
  const shown = groups.slice(start, start + size)
  const hasMore = groups.length > start + size
  const last = shown.at(-1)
  return {
    groups: shown.map((group) => ({
      key: group.key,
      ...(group.name === undefined ? {} : { name: group.name }),
      ...answerOf(group, labels),
    })),
    page: { nextCursor: hasMore && last ? encodeCursor(binding, [last.key]) : null, hasMore },
  }
}

export const receivablesAging = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/receivables/aging',
    tag: 'Receivables',
    summary: 'Open receivables by age, as of any day',
    description:
      'Without asOf: today of the tenant. Amounts in the base currency; groupBy=currency gives groups in document currency. ' +
      'ageCredits=own-date puts unapplied payments into the bucket of their own date instead of beside the buckets.',
    query: {
      asOf: day.optional(),
      basis: basis.default('due'),
      groupBy: z.enum(['customer', 'currency']).optional(),
      ageCredits: z.enum(['none', 'own-date']).default('none'),
      buckets: bucketsParameter,
      limit,
      cursor: cursor.optional(),
    },
    response: agingAnswer,
    async handle({ principal, query }) {
      const { asOf, basis: by, groupBy, ageCredits } = query
      const edges = edgesOf(query.buckets)
      const found = await readAging(services, {
        tenant: principal.tenant,
        asOf,
        basis: by,
        groupBy,
        ageCredits,
        edges,
      })
      const binding = ['aging', found.asOf, by, groupBy ?? '', ageCredits, edges]
      return {
        asOf: found.asOf,
        basis: by,
        source: found.source,
        watermark: found.watermark,
        ...answerOf(found.whole, found.labels),
        ...(found.groups
          ? pageOfGroups(
              found.groups,
              found.labels,
              decodeCursor(query.cursor, binding, 1),
              query.limit,
              binding,
            )
          : {}),
      }
    },
  })
