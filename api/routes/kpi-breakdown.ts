/** GET /v1/kpis/{name}/breakdown: what a KPI is made of, by customer, product, category, department or vendor. */
import { z } from 'zod'
import { windowRange } from '../../schemas/rules/windows.ts'
import { type Amount, divideRounded, formatDecimal, toMoney } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { currencyCode, day, decimal, money, windowName } from '../http/schemas.ts'
import { type Breakdown, BREAKDOWNS, DIMENSIONS, readBreakdown } from '../reads/breakdown.ts'
import type { Services } from '../services.ts'
import { kpiName, requireKpi } from './kpi-history.ts'

const PARTS_MAX = 100

const share = decimal
  .nullable()
  .openapi({ description: 'Percent of the KPI, two decimals; null where it is 0.' })

export const breakdownParts = z
  .object({
    parts: z.array(
      z.object({
        key: z.string().nullable().openapi({ description: 'null = the documents do not state it.' }),
        name: z.string().nullable(),
        amount: money,
        share,
      }),
    ),
    others: z.object({
      amount: money,
      share,
      count: z.number().int().openapi({ description: 'Parts that are not listed.' }),
    }),
    total: money.openapi({ description: 'All parts and others: the KPI.' }),
  })
  .openapi('BreakdownParts')

export function partsOf(
  { parts, others, total }: Breakdown,
  currency: string,
): z.input<typeof breakdownParts> {
  const shareOf = (amount: Amount) =>
    total === 0n ? null : formatDecimal(divideRounded(amount * 10_000n, total), 2, 2)
  return {
    parts: parts.map(({ key, name, amount }) => ({
      key,
      name,
      amount: toMoney(amount, currency),
      share: shareOf(amount),
    })),
    others: {
      amount: toMoney(others.amount, currency),
      share: shareOf(others.amount),
      count: others.count,
    },
    total: toMoney(total, currency),
  }
}

export const kpiBreakdown = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/kpis/{name}/breakdown',
    tag: 'KPIs',
    summary: 'What a KPI is made of: the largest parts, and the others as one',
    description:
      'totalRevenue and netRevenue by customer, product or category; totalExpenses by category, department or vendor. The parts and others sum to the KPI exactly. Read from the facts.',
    problems: ['kpi_unknown'],
    params: { name: z.string().max(60).openapi({ example: 'netRevenue' }) },
    query: {
      by: z.enum(DIMENSIONS),
      window: windowName.default('30d'),
      asOf: day.optional(),
      limit: z
        .string()
        .regex(/^\d{1,3}$/, 'must be a whole number')
        .transform(Number)
        .pipe(z.number().int().min(1).max(PARTS_MAX))
        .default(10)
        .openapi({ type: 'integer', minimum: 1, maximum: PARTS_MAX, default: 10 }),
    },
    response: z
      .object({
        name: kpiName,
        by: z.enum(DIMENSIONS),
        window: windowName,
        asOf: day,
        from: day,
        to: day,
        currency: currencyCode,
        ...breakdownParts.shape,
      })
      .openapi('KpiBreakdown'),
    async handle({ principal: { tenant }, params: { name }, query }) {
      requireKpi(name)
      const known = BREAKDOWNS[name]
      const { by, window, limit } = query
      if (known === undefined) {
        throw new ApiError(
          'query_invalid',
          `query/by: ${name} is no sum of documents that could be taken apart: ${Object.keys(BREAKDOWNS).join(', ')} are.`,
        )
      }
      if (known.by[by] === undefined) {
        throw new ApiError(
          'query_invalid',
          `query/by: ${name} can be taken apart by ${Object.keys(known.by).join(', ')}, not by ${by}.`,
        )
      }
      const [asOf, { currency, fiscalYearStart }] = await Promise.all([
        services.tenants.dayOf(tenant, query.asOf),
        services.tenants.settings(tenant),
      ])
      const range = windowRange(window, asOf, fiscalYearStart)
      const days = { from: formatDay(range.from), to: formatDay(range.to), asOf: formatDay(asOf) }
      const breakdown = await readBreakdown(services, { tenant, kpi: name, by, ...days, currency, limit })
      return { name, by, window, ...days, currency, ...partsOf(breakdown, currency) }
    },
  })
