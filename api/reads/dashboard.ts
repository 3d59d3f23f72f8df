/**
 * The parts of the dashboard, read side by side. Owns which of them a tenant has: what stands in the ledger alone is
 * undefined where nothing is posted (upstream services may publish documents without entries), never zero; so is cash
 * where nothing is posted to a cash account.
 */
import { DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import {
  FORESEEN_DAYS,
  type InsightInput,
  LOOK_BACK_DAYS,
  opportunitiesOf,
  revenueAhead,
  risksOf,
} from '../../schemas/rules/insights.ts'
import { FigureSeries, subtractFigures } from '../../schemas/rules/kpis.ts'
import { balanceAt } from '../../schemas/rules/statements/balances.ts'
import { isCash } from '../../schemas/rules/statements/cash-flow.ts'
import type { AccountSums } from '../../schemas/rules/statements/tree.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import type { DayRange } from '../http/range.ts'
import type { Services } from '../services.ts'
import { readAging } from './aging.ts'
import { RECEIVABLES } from './aging-sides.ts'
import { type Breakdown, type Dimension, readBreakdown } from './breakdown.ts'
import { readOutlook } from './cash-outlook.ts'
import { readDays, readKpis } from './kpis.ts'
import { readCashPosition } from './statements.ts'

const PARTS = 5

const isPosted = ({ opening, opened, closed, moved }: AccountSums): boolean =>
  opening !== 0n || opened !== 0n || closed !== 0n || moved !== 0n

/** Trade working capital at the two ends of the range, as the ledger has it. */
function workingCapital(accounts: readonly AccountSums[]) {
  const at = (subtypes: readonly string[], amountOf: (one: AccountSums) => Amount) =>
    accounts.reduce((sum, one) => (subtypes.includes(one.subtype) ? sum + amountOf(one) : sum), 0n)
  const end = (amountOf: (one: AccountSums) => Amount) => {
    const receivables = at(['RECEIVABLE', 'ALLOWANCE'], amountOf)
    const payables = -at(['PAYABLE'], amountOf)
    const inventory = at(['INVENTORY'], amountOf)
    return {
      payables,
      inventory,
      lessPayables: receivables - payables,
      net: receivables + inventory - payables,
    }
  }
  return { now: end(balanceAt), before: end(({ opening }) => opening) }
}

export async function readDashboard(services: Services, tenant: string, range: DayRange) {
  const [from, to] = [formatDay(range.from), formatDay(range.to)]
  const { currency } = await services.tenants.settings(tenant)
  const cut = (kpi: string, by: Dimension): Promise<Breakdown> =>
    readBreakdown(services, { tenant, kpi, by, from, to, asOf: to, currency, limit: PARTS })
  const [kpis, days, aging, position, outlook, cuts] = await Promise.all([
    readKpis(services, { tenant, window: '30d', asOf: to }),
    readDays(services, { tenant, asOf: range.to }),
    readAging(services, {
      side: RECEIVABLES,
      tenant,
      asOf: to,
      basis: 'due',
      groupBy: undefined,
      ageCredits: 'none',
      edges: DEFAULT_EDGES,
    }),
    readCashPosition(services, tenant, range),
    readOutlook(services, tenant, range.to),
    Promise.all([
      cut('netRevenue', 'category'),
      cut('netRevenue', 'customer'),
      cut('netRevenue', 'product'),
      cut('totalExpenses', 'category'),
      cut('totalExpenses', 'vendor'),
      cut('totalExpenses', 'department'),
    ]),
  ])
  const series = new FigureSeries(days)
  const between = (first: number, last: number) =>
    subtractFigures(series.through(last), series.through(first - 1))
  const sums = between(range.from, range.to)
  const length = range.to - range.from + 1
  const before = between(range.from - length, range.from - 1)
  const start = Math.max(range.to - LOOK_BACK_DAYS + 1, series.firstDay ?? range.to + 1)
  const posted = position.accounts.filter(isPosted)
  const hasCash = posted.some(isCash)
  const input: InsightInput = {
    netRevenue: sums.netRevenue,
    expenses: sums.expenses,
    largestCustomer: cuts[1].parts.find(({ key }) => key !== null)?.amount ?? 0n,
    receivables: aging.whole.total,
    over90: aging.whole.buckets.at(-1) ?? 0n,
    outlook: hasCash ? outlook : undefined,
  }
  return {
    currency,
    kpis,
    days,
    aging,
    position,
    outlook: input.outlook,
    cuts,
    sums,
    before,
    workingCapital: posted.length > 0 ? workingCapital(position.accounts) : undefined,
    revenueAhead: revenueAhead(between(start, range.to).netRevenue, range.to - start + 1),
    cashAhead: expectedNet(input.outlook),
    risks: risksOf(input),
    opportunities: opportunitiesOf(input),
  }
}

function expectedNet(outlook: InsightInput['outlook']): Amount | undefined {
  const balance = outlook?.projected.find(({ days }) => days === FORESEEN_DAYS)?.balance
  return outlook === undefined || balance === undefined ? undefined : balance - outlook.cash
}
