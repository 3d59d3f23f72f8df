/**
 * What `bench reads` asks, and what each answer must say: of today (every tenant's KPIs and aging), and of other days
 * (aging and statements). All tenants are asked equally often, whatever their size.
 */
import { firstOfFiscalYear, formatDay } from '../../../schemas/values/calendar.ts'
import { type Company, DAYS } from './documents.ts'
import { FISCAL_YEAR_START } from './events.ts'
import { expectedAging, expectedFlows, text } from './oracle.ts'

export const PAST_KINDS = [
  'aging',
  'balance-sheet',
  'aging',
  'profit-and-loss',
  'aging',
  'cash-flow',
] as const
export type PastKind = (typeof PAST_KINDS)[number]

/** Days of the statements that have a first one. */
const RANGE_DAYS = 90
const EVER = 0

export interface LiveQuestion {
  readonly tenant: string
  readonly kind: 'kpis' | 'aging'
  readonly path: string
  /** By their paths in the answer. */
  readonly expected: Readonly<Record<string, string | number>>
}

export interface PastQuestion {
  readonly tenant: string
  readonly kind: PastKind
  readonly path: string
  readonly from: string
  readonly asOf: string
  readonly expected: Readonly<Record<string, string | number>>
  /** What rows straight from the store sum to, in poisha. */
  readonly sum: number
}

const bucketsOf = (amounts: readonly number[]): Record<string, string> =>
  Object.fromEntries(amounts.map((amount, i) => [`buckets.${i}.amount.amount`, text(amount)]))

export function liveQuestions(all: readonly Company[], today: number): LiveQuestion[] {
  return all.flatMap(({ tenant, documents }): LiveQuestion[] => {
    const flows = expectedFlows(documents, today - 29, today)
    const aging = expectedAging(documents, today)
    return [
      {
        tenant,
        kind: 'kpis',
        path: '/v1/kpis?window=30d',
        expected: {
          source: 'redis',
          asOf: formatDay(today),
          'kpis.netRevenue.value': text(flows.revenue),
          'kpis.totalExpenses.value': text(flows.expenses),
          'kpis.cashReceived.value': text(flows.received),
        },
      },
      {
        tenant,
        kind: 'aging',
        path: '/v1/receivables/aging',
        expected: { source: 'redis', asOf: formatDay(today), ...agingOf(aging, aging.due) },
      },
    ]
  })
}

const agingOf = (aging: ReturnType<typeof expectedAging>, buckets: readonly number[]) => ({
  ...bucketsOf(buckets),
  'unapplied.amount': text(aging.unapplied),
  'disputed.amount': text(aging.disputed),
  'total.amount': text(aging.total),
  openItems: aging.openItems,
})

/** The i-th question is another than every one before it, while there are days left. */
export function pastQuestions(all: readonly Company[], today: number, count: number): PastQuestion[] {
  return Array.from({ length: count }, (_, i) => {
    const place = (i * 7_919) % all.length
    const company = all[place]
    if (company === undefined) throw new Error('there is no company to ask')
    const kind = PAST_KINDS[i % PAST_KINDS.length] ?? 'aging'
    // Coprime to the days, so that a tenant meets each of them once before it meets one again.
    const day = today - 1 - ((Math.floor(i / all.length) * 131 + i) % (DAYS - RANGE_DAYS - 2))
    return questionOf(company, kind, day, i)
  })
}

function questionOf({ tenant, documents }: Company, kind: PastKind, day: number, i: number): PastQuestion {
  const asOf = formatDay(day)
  if (kind === 'aging') {
    const basis = i % 2 === 0 ? 'due' : 'posting'
    const aging = expectedAging(documents, day)
    const expected = { source: 'clickhouse', asOf, ...agingOf(aging, aging[basis]) }
    const path = `/v1/receivables/aging?asOf=${asOf}&basis=${basis}`
    return { tenant, kind, path, from: asOf, asOf, expected, sum: aging.total }
  }
  if (kind === 'balance-sheet') {
    const { revenue, expenses, received, spent, vat, inputVat } = expectedFlows(documents, EVER, day)
    const assets = revenue + vat - received + (received - spent) + inputVat
    const expected = {
      'totals.assets.0.amount': text(assets),
      'totals.liabilities.0.amount': text(vat),
      'totals.equity.0.amount': text(revenue - expenses),
      'balanced.0': 'true',
    }
    const from = formatDay(firstOfFiscalYear(day, FISCAL_YEAR_START))
    return {
      tenant,
      kind,
      path: `/v1/reports/balance-sheet?asOf=${asOf}`,
      from,
      asOf,
      expected,
      sum: -revenue,
    }
  }
  const first = day - RANGE_DAYS + 1
  const from = formatDay(first)
  const path = `/v1/reports/${kind}?from=${from}&to=${asOf}`
  const { revenue, expenses, received, spent } = expectedFlows(documents, first, day)
  if (kind === 'profit-and-loss') {
    const expected = {
      'totals.netRevenue.0.amount': text(revenue),
      'totals.netProfit.0.amount': text(revenue - expenses),
    }
    return { tenant, kind, path, from, asOf, expected, sum: -revenue }
  }
  const before = expectedFlows(documents, EVER, first - 1)
  const expected = {
    'opening.0.amount': text(before.received - before.spent),
    'change.0.amount': text(received - spent),
  }
  return { tenant, kind, path, from, asOf, expected, sum: received - spent }
}

/** What of an answer is not as it must be; undefined = nothing. */
export function wrongIn(
  body: unknown,
  expected: Readonly<Record<string, string | number>>,
): string | undefined {
  for (const [path, value] of Object.entries(expected)) {
    let found = body
    for (const name of path.split('.')) found = (found as Record<string, unknown> | undefined)?.[name]
    if (String(found) !== String(value)) return `${path} is ${String(found)}, and must be ${value}`
  }
  return undefined
}
