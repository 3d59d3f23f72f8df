/**
 * KPI windows: which days a window holds as of a day, and which days it is compared with. PURE.
 *
 * `30d`, `90d`, `365d`: the last N days, asOf included; before it: the N days just before. `mtd`, `qtd`, `fy`: the
 * calendar month, the fiscal quarter and the fiscal year up to asOf; before it: as many days from the start of the
 * month, quarter or year before, but never past its end.
 * Worked example: fiscal year from 1 July, asOf 10 August 2025: qtd = 1 July to 10 August (41 days), compared with
 * 1 April to 11 May; 30d = 12 July to 10 August, compared with 12 June to 11 July. asOf 31 March: mtd is 31 days long
 * and is compared with all of February.
 * Source: rolling windows as (T - N, T]; "previous period" as Odoo's and Power BI's comparison does it.
 *
 * W1: `to` = asOf. W2: previousTo < from. W3: the previous window is never longer than the window.
 */
import { type EpochDay, firstOfFiscalQuarter, firstOfFiscalYear, firstOfMonth } from '../values/calendar.ts'

export const WINDOWS = ['30d', '90d', '365d', 'mtd', 'qtd', 'fy'] as const
export type WindowName = (typeof WINDOWS)[number]

export interface WindowRange {
  readonly from: EpochDay
  readonly to: EpochDay
  readonly previousFrom: EpochDay
  readonly previousTo: EpochDay
}

export const isWindow = (text: string): text is WindowName => (WINDOWS as readonly string[]).includes(text)

function rolling(asOf: EpochDay, days: number): WindowRange {
  const from = asOf - days + 1
  return { from, to: asOf, previousFrom: from - days, previousTo: from - 1 }
}

function toDate(asOf: EpochDay, firstOf: (day: EpochDay) => EpochDay): WindowRange {
  const from = firstOf(asOf)
  const previousFrom = firstOf(from - 1)
  return { from, to: asOf, previousFrom, previousTo: Math.min(previousFrom + (asOf - from), from - 1) }
}

/** Days of a window as of a day; `fiscalYearStart` is MM-DD. */
export function windowRange(window: WindowName, asOf: EpochDay, fiscalYearStart: string): WindowRange {
  switch (window) {
    case '30d':
      return rolling(asOf, 30)
    case '90d':
      return rolling(asOf, 90)
    case '365d':
      return rolling(asOf, 365)
    case 'mtd':
      return toDate(asOf, firstOfMonth)
    case 'qtd':
      return toDate(asOf, (day) => firstOfFiscalQuarter(day, fiscalYearStart))
    case 'fy':
      return toDate(asOf, (day) => firstOfFiscalYear(day, fiscalYearStart))
  }
}
