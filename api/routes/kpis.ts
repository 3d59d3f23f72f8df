/** GET /v1/kpis: every KPI of a window, as of any day. */
import { z } from 'zod'
import type { WindowName } from '../../schemas/rules/windows.ts'
import { lasting, tenantOperation } from '../http/operation.ts'
import { currencyCode, day, decimal, instant, source, windowName } from '../http/schemas.ts'
import { type KpiFigures, readKpis } from '../reads/kpis.ts'
import type { Services } from '../services.ts'

export const kpi = z
  .object({
    value: decimal.nullable(),
    unit: z.string().openapi({ description: 'Currency code, percent, days, ratio or score.' }),
    reason: z.string().optional().openapi({
      description: 'Why there is no value (zero_denominator, no_history), or a warning (not_meaningful).',
    }),
    previous: decimal.optional().openapi({ description: 'The same KPI in the window before.' }),
    change: decimal.optional().openapi({ description: 'Percent against previous.' }),
    inputs: z.record(z.string(), z.string()).openapi({ description: 'What the value was computed from.' }),
    lastYear: decimal.optional().openapi({ description: 'The same KPI in the same window a year before.' }),
    changeLastYear: decimal.optional().openapi({ description: 'Percent against lastYear.' }),
  })
  .openapi('Kpi')

export const kpisAnswer = z
  .object({
    tenantId: z.string(),
    asOf: day,
    window: windowName,
    from: day,
    to: day,
    partial: z.boolean().openapi({ description: 'The tenant has no history for the whole window.' }),
    currency: currencyCode,
    watermark: instant.nullable().openapi({ description: 'Log time of the newest event in the figures.' }),
    source,
    kpis: z.record(z.string(), kpi),
  })
  .openapi('Kpis')

/** Bodies of live figures, which are the same object while nothing has changed. */
const bodies = new WeakMap<KpiFigures, z.input<typeof kpisAnswer>>()

function bodyOf(tenantId: string, window: WindowName, found: KpiFigures): z.input<typeof kpisAnswer> {
  const before = bodies.get(found)
  if (before) return before
  const body = { tenantId, window, ...found, kpis: { ...found.kpis } }
  if (found.source === 'redis') bodies.set(found, lasting(body))
  return body
}

export const kpis = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/kpis',
    tag: 'KPIs',
    summary: 'Every KPI of a window, as of any day',
    query: { window: windowName.default('30d'), asOf: day.optional() },
    response: kpisAnswer,
    async handle({ principal: { tenant }, query: { window, asOf } }) {
      return bodyOf(tenant, window, await readKpis(services, { tenant, window, asOf }))
    },
  })
