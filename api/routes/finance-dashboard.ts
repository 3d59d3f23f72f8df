/**
 * GET /finance/dashboard: the shape that earlier clients know: kpis, revenue, expenses, cashFlow, workingCapital,
 * predictions, charts, metadata. A figure that a tenant does not have is null, and `unavailable` says why: nothing is
 * invented. Rules of predictions: schemas/rules/insights.ts and cash-outlook.ts.
 */
import { z } from 'zod'
import { FORESEEN_DAYS, type Insight } from '../../schemas/rules/insights.ts'
import { type Amount, divideRounded, formatDecimal, toMoney } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { tenantOperation } from '../http/operation.ts'
import { rangeOf } from '../http/range.ts'
import { currencyCode, day, decimal, instant, money } from '../http/schemas.ts'
import { answerOf } from '../reads/aging.ts'
import { kept } from '../reads/answers.ts'
import { readDashboard } from '../reads/dashboard.ts'
import type { Services } from '../services.ts'
import { positionOf } from './cash-flow.ts'
import { breakdownParts, partsOf } from './kpi-breakdown.ts'
import { kpi } from './kpis.ts'

const RANGE = { defaultDays: 30, maxDays: 3_660 }
const NO_LEDGER = 'needs journal entries, and none is posted up to the last day'
const NO_CASH = 'needs journal entries on a cash account, and none is posted up to the last day'
const CASH_PARTS = [
  'cashFlow.outflow',
  'cashFlow.net',
  'cashFlow.operating',
  'cashFlow.investing',
  'cashFlow.financing',
  'cashFlow.opening',
  'cashFlow.closing',
  'cashFlow.forecast',
  'predictions.cashFlowNext30Days',
  'predictions.projectedBalance',
  'predictions.daysToShortage',
]
const LEDGER_PARTS = ['payables', 'inventory', 'receivablesLessPayables', 'net', 'trend'].map(
  (name) => `workingCapital.${name}`,
)

const fromLedger = money.nullable()
const trend = z
  .object({
    previous: money,
    change: decimal.nullable().openapi({ description: 'Percent; null where there was nothing before.' }),
  })
  .openapi('DashboardTrend')
const insights = z.array(
  z
    .object({
      code: z.string(),
      impact: z.enum(['HIGH', 'MEDIUM', 'LOW']),
      amount: money,
      days: z.number().int().nullable(),
      text: z.string(),
      textBn: z.string(),
    })
    .openapi('DashboardInsight'),
)

const dashboard = z
  .object({
    asOf: day,
    from: day,
    to: day,
    currency: currencyCode,
    kpis: z.record(z.string(), kpi).openapi({ description: 'Of the window 30d as of the last day.' }),
    revenue: z.object({
      total: money,
      net: money,
      invoices: z.number().int(),
      trend: trend.openapi({ description: 'Of net, against as many days just before.' }),
      byCategory: breakdownParts,
      byCustomer: breakdownParts,
      byProduct: breakdownParts,
    }),
    expenses: z.object({
      total: money,
      trend,
      byCategory: breakdownParts,
      byVendor: breakdownParts,
      byDepartment: breakdownParts,
    }),
    cashFlow: z.object({
      inflow: money.openapi({
        description: 'Without journal entries on a cash account: receipts from customers.',
      }),
      outflow: fromLedger,
      net: fromLedger,
      operating: fromLedger,
      investing: fromLedger,
      financing: fromLedger,
      opening: fromLedger,
      closing: fromLedger,
      forecast: fromLedger.openapi({ description: 'Balance expected 30 days after the last day.' }),
    }),
    workingCapital: z.object({
      receivables: money,
      aging: z.record(z.string(), money),
      payables: fromLedger,
      inventory: fromLedger,
      receivablesLessPayables: fromLedger,
      net: fromLedger.openapi({ description: 'receivables + inventory - payables, as the ledger has them.' }),
      trend: trend.nullable().openapi({ description: 'Of net, against the day before the first.' }),
    }),
    predictions: z.object({
      revenueNext30Days: money.nullable(),
      cashFlowNext30Days: fromLedger,
      projectedBalance: fromLedger,
      daysToShortage: z.number().int().nullable(),
      riskAlerts: insights,
      opportunities: insights,
    }),
    charts: z.object({
      days: z.array(
        z.object({ date: day, netRevenue: money, cashIn: money, expenses: money, cash: fromLedger }),
      ),
    }),
    unavailable: z
      .record(z.string(), z.string())
      .openapi({ description: 'Why a figure is null, by its path.' }),
    metadata: z.object({
      lastUpdated: instant.nullable(),
      dataFreshness: z.enum(['real-time', 'computed']),
      queryTime: z.number().openapi({ description: 'Milliseconds for this answer, kept or made.' }),
    }),
  })
  .openapi('FinanceDashboard')

const shownOf = (currency: string) => {
  const amount = (value: Amount) => toMoney(value, currency)
  return {
    amount,
    maybe: (value: Amount | null | undefined) =>
      value === null || value === undefined ? null : amount(value),
    trend: (now: Amount, previous: Amount) => ({
      previous: amount(previous),
      change:
        previous === 0n
          ? null
          : formatDecimal(
              divideRounded((now - previous) * 10_000n, previous < 0n ? -previous : previous),
              2,
              2,
            ),
    }),
    insight: (one: Insight) => ({ ...one, amount: amount(one.amount) }),
  }
}

export const financeDashboard = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/finance/dashboard',
    keeps: true,
    tag: 'KPIs',
    summary: 'The dashboard in one answer',
    query: { from: day.optional(), to: day.optional() },
    response: dashboard,
    async handle(input) {
      const started = performance.now()
      const { query } = input
      const { tenant } = input.principal
      const today = query.to ?? (await services.tenants.today(tenant))
      const range = rangeOf({ from: query.from, to: query.to }, today, RANGE)
      // cache:dashboard:FROM:TO
      const name = {
        kind: 'dashboard',
        parts: [formatDay(range.from), formatDay(range.to)],
        live: true,
      } as const
      const body = await kept(services.answers, input, name, async () => {
        const found = await readDashboard(services, tenant, range)
        const { currency, kpis, days, aging, outlook, cuts, sums, before, workingCapital: capital } = found
        const { amount, maybe, trend: trendOf, insight } = shownOf(currency)
        const cash = outlook && positionOf(found.position, range)
        const { buckets, total } = answerOf(aging.whole, aging.labels)
        const [byCategory, byCustomer, byProduct, spentOn, byVendor, byDepartment] = cuts.map((one) =>
          partsOf(one, currency),
        ) as [Parts, Parts, Parts, Parts, Parts, Parts]
        return {
          asOf: formatDay(range.to),
          from: formatDay(range.from),
          to: formatDay(range.to),
          currency,
          kpis: { ...kpis.kpis },
          revenue: {
            total: amount(sums.paidRevenue),
            net: amount(sums.netRevenue),
            invoices: sums.invoices,
            trend: trendOf(sums.netRevenue, before.netRevenue),
            byCategory,
            byCustomer,
            byProduct,
          },
          expenses: {
            total: amount(sums.expenses),
            trend: trendOf(sums.expenses, before.expenses),
            byCategory: spentOn,
            byVendor,
            byDepartment,
          },
          cashFlow: {
            inflow: amount(cash?.whole.cashIn ?? sums.cashIn),
            outflow: maybe(cash?.whole.cashOut),
            net: maybe(cash && cash.whole.cashIn - cash.whole.cashOut),
            operating: maybe(cash?.whole.operating),
            investing: maybe(cash?.whole.investing),
            financing: maybe(cash?.whole.financing),
            opening: maybe(cash?.whole.opening),
            closing: maybe(cash?.whole.closing),
            forecast: maybe(outlook?.projected.find((one) => one.days === FORESEEN_DAYS)?.balance),
          },
          workingCapital: {
            receivables: total,
            aging: Object.fromEntries(buckets.map((bucket) => [bucket.label, bucket.amount])),
            payables: maybe(capital?.now.payables),
            inventory: maybe(capital?.now.inventory),
            receivablesLessPayables: maybe(capital?.now.lessPayables),
            net: maybe(capital?.now.net),
            trend: capital ? trendOf(capital.now.net, capital.before.net) : null,
          },
          predictions: {
            revenueNext30Days: maybe(found.revenueAhead),
            cashFlowNext30Days: maybe(found.cashAhead),
            projectedBalance: maybe(outlook?.projected.find((one) => one.days === FORESEEN_DAYS)?.balance),
            daysToShortage: outlook?.daysToShortage ?? null,
            riskAlerts: found.risks.map(insight),
            opportunities: found.opportunities.map(insight),
          },
          charts: {
            days: days
              .filter((one) => one.day >= range.from)
              .map((one) => ({
                date: formatDay(one.day),
                netRevenue: amount(one.netRevenue),
                cashIn: amount(one.cashIn),
                expenses: amount(one.expenses),
                cash: maybe(cash?.byDay.get(one.day)?.closing),
              })),
          },
          unavailable: unavailableOf(found),
          metadata: {
            lastUpdated: kpis.watermark,
            dataFreshness: kpis.source === 'redis' ? ('real-time' as const) : ('computed' as const),
            queryTime: 0,
          },
        }
      })
      const queryTime = Math.round((performance.now() - started) * 100) / 100
      return { ...body, metadata: { ...body.metadata, queryTime } }
    },
  })

type Parts = z.input<typeof breakdownParts>

/** Why figures are null. */
function unavailableOf({
  revenueAhead,
  outlook,
  workingCapital,
}: Awaited<ReturnType<typeof readDashboard>>): Record<string, string> {
  const all = (names: readonly string[], why: string) => Object.fromEntries(names.map((name) => [name, why]))
  return {
    ...(outlook === undefined ? all(CASH_PARTS, NO_CASH) : {}),
    ...(outlook?.daysToShortage === null
      ? { 'predictions.daysToShortage': 'no shortage is expected within 13 weeks' }
      : {}),
    ...(workingCapital === undefined ? all(LEDGER_PARTS, NO_LEDGER) : {}),
    ...(revenueAhead === null ? { 'predictions.revenueNext30Days': 'no invoice up to the last day' } : {}),
  }
}
