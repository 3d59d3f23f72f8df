/** GET /v1/kpis/{name}/history: how a KPI stood over time, as the processors recorded it. */
import { z } from 'zod'
import { MEASURES } from '../../schemas/rules/kpis.ts'
import { type Trend, trendOf } from '../../schemas/rules/trend.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { formatAmount, formatDecimal, parseDecimal, RATE_SCALE } from '../../schemas/values/amount.ts'
import { tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { rangeOf } from '../http/range.ts'
import { day, decimal, instant, windowName } from '../http/schemas.ts'
import type { Services } from '../services.ts'

const GRAINS = ['hour', 'day', 'month', 'quarter', 'year'] as const
type Grain = (typeof GRAINS)[number]

/** Days of a range that give a few thousand points at most. */
const DAYS_MAX: Readonly<Record<Grain, number>> = {
  hour: 92,
  day: 3_660,
  month: 36_600,
  quarter: 36_600,
  year: 36_600,
}
const DAYS_DEFAULT: Readonly<Record<Grain, number>> = {
  hour: 7,
  day: 90,
  month: 730,
  quarter: 1_830,
  year: 3_660,
}

/** What a point is the last of. */
const PERIODS: Readonly<Record<Grain, string>> = {
  hour: `toStartOfHour(log_time)`,
  day: `as_of`,
  month: `toStartOfMonth(as_of)`,
  quarter: `toStartOfQuarter(as_of)`,
  year: `toStartOfYear(as_of)`,
}

/**
 * The newest figure of each period: of its last day, and of that day its close as last corrected, where it has one. An
 * hour shows what stood at that hour: the close of an earlier day that was corrected then says nothing about it.
 */
const sqlOf = (grain: Grain): string => `
SELECT toString(point.1) AS as_of_text, point.2 AS log_ms, toString(point.3) AS value, point.4 AS unit, point.5 AS reason
FROM (
  SELECT ${PERIODS[grain]} AS period,
    argMax((as_of, toUnixTimestamp64Milli(log_time), value, unit, reason), (as_of, kind = 'CLOSE', log_time)) AS point
  FROM finance.kpi_history
  WHERE tenant_id = {tenant:String} AND measure = {measure:String} AND window = {window:String}
    AND as_of >= {from:Date32} AND as_of <= {to:Date32}${grain === 'hour' ? ' AND NOT is_corrected' : ''}
  GROUP BY period
)
ORDER BY point.1, point.2`

interface Row {
  readonly as_of_text: string
  readonly log_ms: number | string
  readonly value: string | null
  readonly unit: string
  readonly reason: string
}

const trend = z
  .object({
    slopePerDay: z
      .number()
      .openapi({ description: 'Median slope of all pairs of points (Theil-Sen), in the unit.' }),
    p: z
      .number()
      .openapi({ description: 'Mann-Kendall, two-sided: the chance of such an order without a trend.' }),
    significant: z.boolean().openapi({ description: 'p is below 0.05.' }),
  })
  .openapi('Trend')

const MINUTES_A_DAY = 1_440

/** Of the points that have a value. Hours count as parts of a day. */
function trendOfRows(rows: readonly Row[], grain: Grain): Trend | null {
  const points = rows.flatMap((row) => {
    if (row.value === null) return []
    const day =
      grain === 'hour' ? Math.floor(Number(row.log_ms) / 60_000) / MINUTES_A_DAY : parseDay(row.as_of_text)
    return [{ day, value: Number(row.value) }]
  })
  return trendOf(points)
}

export const kpiName = z.enum(MEASURES as [string, ...string[]]).openapi({ example: 'dso' })

export const requireKpi = (name: string): void => {
  if (!MEASURES.includes(name))
    throw new ApiError('kpi_unknown', `There is no KPI ${name}: ${MEASURES.join(', ')}.`)
}

/** Stored with 8 decimals; shown with as many as /v1/kpis does. */
const textOf = (value: string, unit: string): string => {
  const scaled = parseDecimal(value, RATE_SCALE)
  const isCurrency = /^[A-Z]{3}$/.test(unit)
  return isCurrency
    ? formatAmount(parseDecimal(formatDecimal(scaled, 4, RATE_SCALE)), unit)
    : formatDecimal(scaled, RATE_SCALE, RATE_SCALE)
}

export const kpiHistory = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/kpis/{name}/history',
    tag: 'KPIs',
    summary: 'A KPI over time',
    description:
      'Each point is the newest figure of its hour, day, month, quarter or year. Points exist since the tenant is processed; ' +
      'for the figure of any day ask /v1/kpis with asOf.',
    problems: ['kpi_unknown'],
    params: { name: z.string().max(60).openapi({ example: 'dso' }) },
    query: {
      window: windowName.default('30d'),
      grain: z.enum(GRAINS).default('day'),
      from: day.optional(),
      to: day.optional(),
    },
    response: z
      .object({
        name: kpiName,
        window: windowName,
        grain: z.enum(GRAINS),
        asOf: day,
        from: day,
        to: day,
        data: z.array(
          z.object({
            asOf: day,
            at: instant,
            value: decimal.nullable(),
            unit: z.string(),
            reason: z.string().optional(),
          }),
        ),
        trend: trend
          .nullable()
          .openapi({ description: 'Of the points; null where fewer than four have a value.' }),
      })
      .openapi('KpiHistory'),
    async handle({ principal: { tenant }, params: { name }, query, signal }) {
      requireKpi(name)
      const { window, grain } = query
      const today = query.to ?? (await services.tenants.today(tenant))
      const rule = { defaultDays: DAYS_DEFAULT[grain], maxDays: DAYS_MAX[grain] }
      const range = rangeOf({ from: query.from, to: query.to }, today, rule)
      const [from, to] = [formatDay(range.from), formatDay(range.to)]
      const rows = await services.clickhouse.rows<Row>({
        name: 'kpi_history',
        sql: sqlOf(grain),
        params: { tenant, measure: name, window, from, to },
        signal,
      })
      const data = rows.map((row) => ({
        asOf: row.as_of_text,
        at: new Date(Number(row.log_ms)).toISOString(),
        value: row.value === null ? null : textOf(row.value, row.unit),
        unit: row.unit,
        ...(row.reason === '' ? {} : { reason: row.reason }),
      }))
      return { name, window, grain, asOf: to, from, to, data, trend: trendOfRows(rows, grain) }
    },
  })
