/**
 * Open amounts by age as of any day, of either side of the books, by what is known now or was at an instant. Owns the query
 * and the shape of the answer; receivables-aging.ts and payables-aging.ts are the two operations.
 */
import { z } from 'zod'
import { type AgingBasis, checkEdges, DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { lasting, tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { basis, cursor, day, instant, limit, money, pageInfo, source } from '../http/schemas.ts'
import {
  type AgingFigures,
  type AgingGroup,
  answerOf,
  readAgingOfFacts,
  readLiveAging,
} from '../reads/aging.ts'
import type { AgingSide, GroupBy } from '../reads/aging-sides.ts'
import { kept } from '../reads/answers.ts'
import { knownAt } from '../reads/known-at.ts'
import type { Services } from '../services.ts'

const buckets = z.array(z.object({ label: z.string().openapi({ example: '1-30' }), amount: money }))
const figures = { buckets, unapplied: money, disputed: money, total: money, openItems: z.number().int() }

export const agingAnswer = z
  .object({
    asOf: day,
    knownAt: instant.nullable().openapi({ description: 'By what was known then; null = now.' }),
    basis,
    source,
    watermark: instant.nullable(),
    ...figures,
    groups: z
      .array(
        z.object({
          key: z.string(),
          name: z.string().optional(),
          ...figures,
          totalBase: money
            .optional()
            .openapi({ description: 'With groupBy=currency: the total in the base currency.' }),
        }),
      )
      .optional(),
    page: pageInfo.optional(),
  })
  .openapi('Aging', {
    description: 'Sum of the buckets + unapplied = total, the control account of receivables or payables.',
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
  .regex(/^\d{1,5}(,\d{1,5}){0,9}$/, 'must be 1 to 10 ascending whole days, e.g. 30,60,90,120')
  .optional()
  .openapi({
    description: 'Last days of the buckets after "current", at most 10. Default 30,60,90.',
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

const SELLS = ' groupBy=salesperson is by who sold what an invoice is for; unapplied payments have none.'

interface Page {
  readonly basis: AgingBasis
  readonly groupBy?: GroupBy | undefined
  readonly ageCredits: 'none' | 'own-date'
  readonly limit: number
  readonly cursor?: string | undefined
}

type Body = z.input<typeof agingAnswer>

/** Bodies of live figures without groups, which are the same object while nothing has changed. */
const bodies = new WeakMap<AgingFigures, Body>()

function wholeOf(found: AgingFigures, by: AgingBasis): Body {
  const { asOf, knownAt: known, source: from, watermark, whole, labels } = found
  return { asOf, knownAt: known, basis: by, source: from, watermark, ...answerOf(whole, labels) }
}

function lastingBody(found: AgingFigures, by: AgingBasis): Body {
  const body = bodies.get(found) ?? lasting(wholeOf(found, by))
  bodies.set(found, body)
  return body
}

function bodyOf(side: AgingSide, found: AgingFigures, query: Page, edges: readonly number[]): Body {
  const { basis: by, groupBy, ageCredits } = query
  if (!found.groups) return wholeOf(found, by)
  const { asOf, knownAt: known } = found
  const binding = ['aging', side.name, asOf, known ?? '', by, groupBy ?? '', ageCredits, edges]
  const after = decodeCursor(query.cursor, binding, 1)
  return { ...wholeOf(found, by), ...pageOfGroups(found.groups, found.labels, after, query.limit, binding) }
}

export const agingOperation = (services: Services, side: AgingSide) =>
  tenantOperation({
    method: 'get',
    path: `/v1/${side.name}/aging`,
    keeps: true,
    tag: side.name === 'receivables' ? 'Receivables' : 'Payables',
    summary: `Open ${side.name} by age, as of any day`,
    description:
      'Without asOf: today of the tenant. Amounts in the base currency; groupBy=currency gives groups in document currency, with their total in the base currency. ' +
      'ageCredits=own-date puts unapplied payments into the bucket of their own date instead of beside the buckets. ' +
      `Two clocks: asOf is the day that the figures stand for, knownAt the moment whose knowledge they are made of.${
        side.groupings.includes('salesperson') ? SELLS : ''
      }`,
    query: {
      asOf: day.optional(),
      knownAt: knownAt.optional(),
      basis: basis.default('due'),
      groupBy: z.enum(side.groupings).optional(),
      ageCredits: z.enum(['none', 'own-date']).default('none'),
      buckets: bucketsParameter,
      limit,
      cursor: cursor.optional(),
    },
    response: agingAnswer,
    async handle(input) {
      const { query } = input
      const { basis: by, groupBy, ageCredits, knownAt: known } = query
      const edges = edgesOf(query.buckets)
      const { tenant } = input.principal
      const question = {
        side,
        tenant,
        asOf: query.asOf,
        knownAt: known,
        basis: by,
        groupBy,
        ageCredits,
        edges,
      }
      const live = await readLiveAging(services, question)
      if (live) return groupBy === undefined ? lastingBody(live, by) : bodyOf(side, live, query, edges)
      const asked = await services.tenants.dayOf(tenant, query.asOf)
      const parts = [
        `aging-${side.name}`,
        formatDay(asked),
        known ?? '',
        by,
        groupBy ?? '',
        ageCredits,
        edges.join(','),
        // Pages are of groups alone.
        ...(groupBy === undefined ? [] : [String(query.limit), query.cursor ?? '']),
      ]
      return kept(services.answers, input, { kind: 'report', parts }, async () =>
        bodyOf(side, await readAgingOfFacts(services, question, asked), query, edges),
      )
    },
  })
