/**
 * GET /finance/dashboard: the shape that earlier clients know: kpis, revenue, expenses, cashFlow, workingCapital,
 * predictions, charts, metadata. A part that has no figures yet is null, and `unavailable` says why: nothing is invented.
 */
import { z } from 'zod'
import { FigureSeries, type Figures } from '../../schemas/rules/kpis.ts'
import { type Amount, toMoney } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { tenantOperation } from '../http/operation.ts'
import { rangeOf } from '../http/range.ts'
import { currencyCode, day, instant, money } from '../http/schemas.ts'
import { answerOf, readAging } from '../reads/aging.ts'
import { readDays, readKpis } from '../reads/kpis.ts'
import { DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import type { Services } from '../services.ts'
import { kpi } from './kpis.ts'

const RANGE = { defaultDays: 30, maxDays: 3_660 }
const NO_LEDGER = 'needs the general ledger, which is not processed yet'
const UNAVAILABLE = {
  'revenue.byCategory': 'needs figures by category, which are not processed yet',
  'expenses.byCategory': 'needs figures by category, which are not processed yet',
  'cashFlow.outflow': 'needs payments to vendors, which are not processed yet',
  'cashFlow.closing': NO_LEDGER,
  'workingCapital.payables': 'needs bills, which are not processed yet',
  'workingCapital.inventory': 'needs stock movements, which are not processed yet',
  predictions: 'needs forecasts, which are not processed yet',
} as const

const missing = z.null()

const dashboard = z
  .object({
    asOf: day,
    from: day,
    to: day,
    currency: currencyCode,
    kpis: z.record(z.string(), kpi).openapi({ description: 'Of the window 30d as of the last day.' }),
    revenue: z.object({ total: money, net: money, invoices: z.number().int(), byCategory: missing }),
    expenses: z.object({ total: money, byCategory: missing }),
    cashFlow: z.object({ inflow: money, outflow: missing, closing: missing }),
    workingCapital: z.object({
      receivables: money,
      aging: z.record(z.string(), money),
      payables: missing,
      inventory: missing,
    }),
    predictions: missing,
    charts: z.object({
      days: z.array(z.object({ date: day, netRevenue: money, cashIn: money, expenses: money })),
    }),
    unavailable: z.record(z.string(), z.string()),
    metadata: z.object({
      lastUpdated: instant.nullable(),
      dataFreshness: z.enum(['real-time', 'computed']),
      queryTime: z.number(),
    }),
  })
  .openapi('FinanceDashboard')

export const financeDashboard = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/finance/dashboard',
    tag: 'KPIs',
    summary: 'The dashboard in one answer',
    query: { from: day.optional(), to: day.optional() },
    response: dashboard,
    async handle({ principal: { tenant }, query }) {
      const started = services.now()
      const today = query.to ?? (await services.tenants.today(tenant))
      const range = rangeOf({ from: query.from, to: query.to }, today, RANGE)
      const [from, to] = [formatDay(range.from), formatDay(range.to)]
      const [kpis, days, aging] = await Promise.all([
        readKpis(services, { tenant, window: '30d', asOf: to }),
        readDays(services, { tenant, asOf: range.to }),
        readAging(services, {
          tenant,
          asOf: to,
          basis: 'due',
          groupBy: undefined,
          ageCredits: 'none',
          edges: DEFAULT_EDGES,
        }),
      ])
      const series = new FigureSeries(days)
      const [end, before] = [series.through(range.to), series.through(range.from - 1)]
      const sum = (name: Exclude<keyof Figures, 'invoices'>): Amount => end[name] - before[name]
      const { currency } = kpis
      const amount = (value: Amount) => toMoney(value, currency)
      const { buckets, total } = answerOf(aging.whole, aging.labels)
      return {
        asOf: to,
        from,
        to,
        currency,
        kpis: { ...kpis.kpis },
        revenue: {
          total: amount(sum('paidRevenue')),
          net: amount(sum('netRevenue')),
          invoices: end.invoices - before.invoices,
          byCategory: null,
        },
        expenses: { total: amount(sum('expenses')), byCategory: null },
        cashFlow: { inflow: amount(sum('cashIn')), outflow: null, closing: null },
        workingCapital: {
          receivables: total,
          aging: Object.fromEntries(buckets.map((bucket) => [bucket.label, bucket.amount])),
          payables: null,
          inventory: null,
        },
        predictions: null,
        charts: {
          days: days
            .filter((one) => one.day >= range.from)
            .map((one) => ({
              date: formatDay(one.day),
              netRevenue: amount(one.netRevenue),
              cashIn: amount(one.cashIn),
              expenses: amount(one.expenses),
            })),
        },
        unavailable: { ...UNAVAILABLE },
        metadata: {
          lastUpdated: kpis.watermark,
          dataFreshness: kpis.source === 'redis' ? ('real-time' as const) : ('computed' as const),
          queryTime: services.now() - started,
        },
      }
    },
  })
