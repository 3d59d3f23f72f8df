/** GET /v1/achievements: the targets whose period holds the day, with what was achieved of each by its end. */
import { z } from 'zod'
import { computeMeasure } from '../../schemas/rules/kpis.ts'
import { achievementOf } from '../../schemas/rules/kpis/achievement.ts'
import { formatDecimal, parseDecimal } from '../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { tenantOperation } from '../http/operation.ts'
import { currencyCode, day, decimal } from '../http/schemas.ts'
import { kpiInput } from '../reads/kpis.ts'
import { orNull } from '../reads/text.ts'
import type { Services } from '../services.ts'

/** Bound of the answer; a company has tens. */
const TARGETS_MAX = 500

const SQL = `
SELECT target_id, measure, slice, toString(from_date) AS first, toString(to_date) AS last, toString(amount) AS target, unit
FROM finance.fct_targets
WHERE tenant_id = {tenant:String} AND NOT is_withdrawn AND from_date <= {asOf:Date32} AND to_date >= {asOf:Date32}
ORDER BY measure, slice, first, last
LIMIT ${TARGETS_MAX}`

interface Row {
  readonly target_id: string
  readonly measure: string
  readonly slice: string
  readonly first: string
  readonly last: string
  readonly target: string
  readonly unit: string
}

const achievement = z
  .object({
    targetId: z.string(),
    measure: z.string(),
    slice: z.string().nullable().openapi({ description: 'null = the whole company.' }),
    from: day,
    to: day,
    unit: z.string(),
    target: decimal.openapi({ description: 'Of the whole period.' }),
    elapsedTarget: decimal.openapi({
      description: 'Of the days up to asOf; of a measure that does not add up over days, all of it.',
    }),
    actual: decimal.nullable().openapi({ description: 'From the first day of the period to asOf.' }),
    achievement: decimal.nullable().openapi({ description: 'actual / elapsedTarget x 100.' }),
    reason: z.string().optional().openapi({
      description:
        'Why there is no achievement: zero_denominator, no_history, no_figures (a slice, or no KPI of ours).',
    }),
  })
  .openapi('Achievement')

export const achievements = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/achievements',
    tag: 'KPIs',
    summary: 'Targets that run on a day, and what was achieved of them',
    query: { asOf: day.optional() },
    response: z.object({ asOf: day, currency: currencyCode, data: z.array(achievement) }),
    async handle({ principal: { tenant }, query, signal }) {
      const today = await services.tenants.dayOf(tenant, query.asOf)
      const asOf = formatDay(today)
      const [input, rows] = await Promise.all([
        kpiInput(services, { tenant, asOf: today }),
        services.clickhouse.rows<Row>({ name: 'achievements', sql: SQL, params: { tenant, asOf }, signal }),
      ])
      const data = rows.map((row) => {
        const target = { amount: parseDecimal(row.target), from: parseDay(row.first), to: parseDay(row.last) }
        const found = row.slice === '' ? computeMeasure(row.measure, input, target.from, today) : undefined
        const head = {
          targetId: row.target_id,
          measure: row.measure,
          slice: orNull(row.slice),
          from: row.first,
          to: row.last,
          unit: row.unit,
          target: row.target,
        }
        if (found === undefined)
          return { ...head, elapsedTarget: row.target, actual: null, achievement: null, reason: 'no_figures' }
        const { elapsed, rate } = achievementOf(target, found.raw, found.isFlow, today)
        return {
          ...head,
          elapsedTarget: formatDecimal(elapsed, 4),
          actual: found.value,
          achievement: rate.value === null ? null : formatDecimal(rate.value, 8, 8),
          ...(rate.reason === null ? {} : { reason: rate.reason }),
        }
      })
      return { asOf, currency: input.currency, data }
    },
  })
