/**
 * KPIs of one day and window. Today comes from the figures that the processors keep; any other day is computed from
 * the facts by the same rule (schemas/rules/kpis.ts), so that both agree where they meet.
 */
import { type DayFigures, computeWindow, FigureSeries, type MeasureResult } from '../../schemas/rules/kpis.ts'
import type { WindowName } from '../../schemas/rules/windows.ts'
import { parseDecimal } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { type DailyFiguresRow, dailyFiguresSql } from '../../sinks/clickhouse/contract.ts'
import type { KpiValue } from '../../sinks/redis/contract.ts'
import type { Services } from '../services.ts'

export interface Kpi {
  readonly value: string | null
  readonly unit: string
  readonly reason?: string
  readonly previous?: string
  readonly change?: string
  readonly inputs: Readonly<Record<string, string>>
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
  if (live && (asOf === undefined || asOf === live.meta.asOf)) {
    const { meta, measures } = live
    return {
      asOf: meta.asOf,
      from: meta.from,
      to: meta.to,
      partial: meta.partial,
      currency: meta.currency,
      watermark: new Date(meta.logTime).toISOString(),
      source: 'redis',
      kpis: Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, ofLive(value)])),
    }
  }
  const day = await services.tenants.dayOf(tenant, asOf)
  const settings = await services.tenants.settings(tenant)
  const days = await readDays(services, { tenant, asOf: day })
  const { fiscalYearStart, currency } = settings
  const result = computeWindow(window, {
    series: new FigureSeries(days),
    asOf: day,
    fiscalYearStart,
    currency,
  })
  return {
    asOf: formatDay(day),
    from: formatDay(result.from),
    to: formatDay(result.to),
    partial: result.partial,
    currency,
    watermark: null,
    source: 'clickhouse',
    kpis: Object.fromEntries(result.measures.map((measure) => [measure.name, ofMeasure(measure)])),
  }
}

const ofLive = ({ value, unit, reason, previous, change, inputs }: KpiValue): Kpi => ({
  value,
  unit,
  ...(reason === undefined ? {} : { reason }),
  ...(previous === undefined ? {} : { previous }),
  ...(change === undefined ? {} : { change }),
  inputs,
})

const ofMeasure = ({ value, unit, reason, previous, change, inputs }: MeasureResult): Kpi => ({
  value,
  unit,
  ...(reason === null ? {} : { reason }),
  ...(previous === null ? {} : { previous }),
  ...(change === null ? {} : { change }),
  inputs,
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
  }))
}
