/**
 * KPIs of one day and window. Today comes from the figures that the processors keep; any other day is computed from
 * the facts by the same rule (schemas/rules/kpis.ts), so that both agree where they meet.
 */
import { DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import {
  type DayFigures,
  computeWindow,
  FigureSeries,
  type KpiInput,
  type MeasureResult,
} from '../../schemas/rules/kpis.ts'
import { LedgerSeries, NO_LEDGER } from '../../schemas/rules/ledger-figures.ts'
import { ledgerPlace } from '../../schemas/rules/ledger-groups.ts'
import type { WindowName } from '../../schemas/rules/windows.ts'
import { parseDecimal } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import {
  type DailyFiguresRow,
  dailyFiguresSql,
  type LedgerDayRow,
  ledgerDaysSql,
} from '../../sinks/clickhouse/contract.ts'
import type { KpiValue, KpiWindowValues } from '../../sinks/redis/contract.ts'
import type { Services } from '../services.ts'
import { readAging } from './aging.ts'
import { RECEIVABLES } from './aging-sides.ts'

export interface Kpi {
  readonly value: string | null
  readonly unit: string
  readonly reason?: string
  readonly previous?: string
  readonly change?: string
  readonly inputs: Readonly<Record<string, string>>
  readonly lastYear?: string
  readonly changeLastYear?: string
}

export interface KpiFigures {
  readonly asOf: string
  readonly from: string
  readonly to: string
  readonly partial: boolean
  readonly currency: string
  readonly watermark: string | null
  readonly source: 'redis' | 'clickhouse'
  readonly kpis: Readonly<Record<string, Kpi>>
}

export interface KpiQuestion {
  readonly tenant: string
  readonly window: WindowName
  readonly asOf: string | undefined
}

export async function readKpis(services: Services, question: KpiQuestion): Promise<KpiFigures> {
  const { tenant, window, asOf } = question
  const live = await services.live.kpis(tenant, window)
  if (live && (asOf === undefined || asOf === live.meta.asOf)) return figuresOf(live)
  const day = await services.tenants.dayOf(tenant, asOf)
  const input = await kpiInput(services, { tenant, asOf: day })
  const result = computeWindow(window, input)
  return {
    asOf: formatDay(day),
    from: formatDay(result.from),
    to: formatDay(result.to),
    partial: result.partial,
    currency: input.currency,
    watermark: null,
    source: 'clickhouse',
    kpis: Object.fromEntries(result.measures.map((measure) => [measure.name, ofMeasure(measure)])),
  }
}

/** Of live values; the same object for the same values. */
const figuresKnown = new WeakMap<KpiWindowValues, KpiFigures>()

function figuresOf(live: KpiWindowValues): KpiFigures {
  const before = figuresKnown.get(live)
  if (before) return before
  const { meta, measures } = live
  const figures: KpiFigures = {
    asOf: meta.asOf,
    from: meta.from,
    to: meta.to,
    partial: meta.partial,
    currency: meta.currency,
    watermark: new Date(meta.logTime).toISOString(),
    source: 'redis',
    kpis: Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, ofLive(value)])),
  }
  figuresKnown.set(live, figures)
  return figures
}

/** What the KPIs of a day are computed from, out of the facts. */
export async function kpiInput(
  services: Services,
  question: { readonly tenant: string; readonly asOf: EpochDay },
): Promise<KpiInput> {
  const { tenant, asOf } = question
  const aged = {
    tenant,
    asOf: formatDay(asOf),
    side: RECEIVABLES,
    basis: 'due',
    ageCredits: 'none',
    edges: DEFAULT_EDGES,
  } as const
  const [{ fiscalYearStart, currency }, days, ledger, aging] = await Promise.all([
    services.tenants.settings(tenant),
    readDays(services, question),
    readLedger(services, question),
    readAging(services, { ...aged, groupBy: undefined }),
  ])
  const series = new FigureSeries(days)
  return { series, ledger, aging: aging.whole.buckets, asOf, fiscalYearStart, currency }
}

const ofLive = ({ value, unit, reason, previous, change, inputs, ...older }: KpiValue): Kpi => ({
  value,
  unit,
  ...(reason === undefined ? {} : { reason }),
  ...(previous === undefined ? {} : { previous }),
  ...(change === undefined ? {} : { change }),
  inputs,
  ...(older.lastYear === undefined ? {} : { lastYear: older.lastYear }),
  ...(older.changeLastYear === undefined ? {} : { changeLastYear: older.changeLastYear }),
})

const ofMeasure = ({ value, unit, reason, previous, change, inputs, ...older }: MeasureResult): Kpi => ({
  value,
  unit,
  ...(reason === null ? {} : { reason }),
  ...(previous === null ? {} : { previous }),
  ...(change === null ? {} : { change }),
  inputs,
  ...(older.lastYear === null ? {} : { lastYear: older.lastYear }),
  ...(older.changeLastYear === null ? {} : { changeLastYear: older.changeLastYear }),
})

/** Movements by day up to and including the day, as they stand on it. */
export async function readDays(
  services: Services,
  question: { readonly tenant: string; readonly asOf: EpochDay },
): Promise<readonly DayFigures[]> {
  const { tenant } = question
  const asOf = formatDay(question.asOf)
  const rows = await services.facts.remember(tenant, `daily|${asOf}`, {
    compute: () =>
      services.clickhouse.rows<DailyFiguresRow>({
        name: 'daily_figures',
        sql: dailyFiguresSql,
        params: { tenant, asOf },
      }),
    rowsOf: (days) => days.length,
  })
  return rows.map((row) => ({
    day: parseDay(row.day),
    netRevenue: parseDecimal(row.net_revenue),
    sales: parseDecimal(row.sales),
    paidRevenue: parseDecimal(row.paid_revenue),
    cashIn: parseDecimal(row.cash_in),
    expenses: parseDecimal(row.expenses),
    receivables: parseDecimal(row.receivables),
    invoices: row.invoices,
    customers: row.customers,
  }))
}

/** Movements of the general ledger by day, as they are posted up to and including the day. */
async function readLedger(
  services: Services,
  question: { readonly tenant: string; readonly asOf: EpochDay },
): Promise<LedgerSeries> {
  const { tenant } = question
  const asOf = formatDay(question.asOf)
  const rows = await services.facts.remember(tenant, `ledger|${asOf}`, {
    compute: () =>
      services.clickhouse.rows<LedgerDayRow>({
        name: 'ledger_days',
        sql: ledgerDaysSql,
        params: { tenant, asOf },
      }),
    rowsOf: (days) => days.length,
  })
  return new LedgerSeries(
    rows.map(({ day, figures, amounts }) => {
      const sums = [...NO_LEDGER]
      figures.forEach((figure, i) => (sums[ledgerPlace(figure)] = parseDecimal(amounts[i] ?? '0')))
      return [parseDay(day), sums] as const
    }),
  )
}
