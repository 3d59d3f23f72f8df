/** GET /v1/daily: what moved on each day of a range, for charts. */
import { z } from 'zod'
import { NO_FIGURES } from '../../schemas/rules/kpis.ts'
import { toMoney } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { tenantOperation } from '../http/operation.ts'
import { rangeOf } from '../http/range.ts'
import { currencyCode, day, money } from '../http/schemas.ts'
import { readDays } from '../reads/kpis.ts'
import type { Services } from '../services.ts'

const RANGE = { defaultDays: 90, maxDays: 3_660 }

const dayFigures = z
  .object({
    date: day,
    netRevenue: money,
    sales: money,
    paidRevenue: money,
    cashIn: money,
    expenses: money,
    receivables: money.openapi({ description: 'Change of the receivables control account on the day.' }),
    invoices: z.number().int(),
  })
  .openapi('DayFigures')

export const daily = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/daily',
    tag: 'KPIs',
    summary: 'Movements by day, every day of the range',
    description:
      'asOf is the last day: paidRevenue is as it stands at its end. Days without movement have zeros.',
    query: { from: day.optional(), to: day.optional() },
    response: z.object({ asOf: day, from: day, to: day, currency: currencyCode, data: z.array(dayFigures) }),
    async handle({ principal: { tenant }, query }) {
      const today = query.to ?? (await services.tenants.today(tenant))
      const { from, to } = rangeOf({ from: query.from, to: query.to }, today, RANGE)
      const { currency } = await services.tenants.settings(tenant)
      const byDay = new Map((await readDays(services, { tenant, asOf: to })).map((row) => [row.day, row]))
      const data = Array.from({ length: to - from + 1 }, (_, i) => {
        const figures = byDay.get(from + i) ?? NO_FIGURES
        return {
          date: formatDay(from + i),
          netRevenue: toMoney(figures.netRevenue, currency),
          sales: toMoney(figures.sales, currency),
          paidRevenue: toMoney(figures.paidRevenue, currency),
          cashIn: toMoney(figures.cashIn, currency),
          expenses: toMoney(figures.expenses, currency),
          receivables: toMoney(figures.receivables, currency),
          invoices: figures.invoices,
        }
      })
      return { asOf: formatDay(to), from: formatDay(from), to: formatDay(to), currency, data }
    },
  })
