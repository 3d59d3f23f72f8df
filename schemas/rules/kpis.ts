/**
 * KPIs of a window from the movements of its days. PURE. One rule for the processor, the API and the sinks.
 *
 * Formulas (base currency; sums over the days of the window; AR = balance of the receivables control account):
 *   totalRevenue = subtotals of invoices with nothing open, by invoice date     netProfit = totalRevenue - totalExpenses
 *   netRevenue = invoiced subtotals less cancellations (accrual)                netIncome = netRevenue - totalExpenses
 *   profitMargin = netProfit / totalRevenue x 100       netProfitMargin = netIncome / netRevenue x 100
 *   dso = (AR before the first day + AR at the end) / 2 / sales x days; sales include VAT, as AR does
 *   receivablesTurnover = 365 / dso                     averageTransactionValue = netRevenue / invoices
 *   growth = (current - previous) / |previous| x 100    change = the same, of a measure's own value
 * Worked example: AR 95,000 before and 105,000 at the end, sales 800,000 in 365 days: dso = 100,000 / 800,000 x 365 =
 * 45.625 days, receivablesTurnover = 8.
 * Sources: requirement table C-1 to C-38 (totalRevenue counts paid invoices, netProfit and profitMargin follow it);
 * two-point averages as ERPNext's avg_ratio_balance; days sales outstanding as in Oracle Hyperion's DSO().
 *
 * K1: exact integers until one division per ratio, which is rounded half away from zero at 8 decimals.
 * K2: a zero denominator gives null with `zero_denominator` (`no_history` where no day of the window has history),
 *     never 0; a negative one gives the value with `not_meaningful`.
 * K3: history starts on the first day with a movement; a window that begins before it is `partial`, and its dso counts
 *     the days of history only.
 */
import { type Amount, divideRounded, formatAmount, formatDecimal, SCALE } from '../values/amount.ts'
import type { EpochDay } from '../values/calendar.ts'
import { type Figures, type FigureSource, subtractFigures } from './figures.ts'
import { type WindowName, WINDOWS, windowRange } from './windows.ts'

export * from './figures.ts'

export type MeasureReason = 'zero_denominator' | 'no_history' | 'not_meaningful'

export interface MeasureResult {
  readonly name: string
  /** Decimal text; null with a reason. */
  readonly value: string | null
  /** Currency code, `percent`, `days` or `ratio`. */
  readonly unit: string
  readonly reason: MeasureReason | null
  readonly previous: string | null
  /** Percent; null where there is nothing to compare with or it was 0. */
  readonly change: string | null
  readonly inputs: Readonly<Record<string, string>>
}

export interface WindowResult {
  readonly window: WindowName
  readonly from: EpochDay
  readonly to: EpochDay
  readonly partial: boolean
  readonly measures: readonly MeasureResult[]
}

const RATIO_SCALE = 8
const RATIO_UNIT = 10n ** BigInt(RATIO_SCALE)

/** Figures of a window, with the balances at its ends. */
interface Period {
  readonly sums: Figures
  readonly opening: Amount
  readonly closing: Amount
  /** Days that count: of the window, or of the history inside it. */
  readonly days: number
  readonly history: boolean
}

function periodOf(source: FigureSource, from: EpochDay, to: EpochDay): Period {
  const first = source.firstDay
  const before = source.through(from - 1)
  const end = source.through(to)
  const history = first !== null && first <= to
  return {
    sums: subtractFigures(end, before),
    opening: before.receivables,
    closing: end.receivables,
    days: to - (history ? Math.max(from, first) : from) + 1,
    history,
  }
}

/** A measure before it becomes text: units of 10^-scale. */
interface Raw {
  readonly value: bigint | null
  readonly scale: number
  readonly reason: MeasureReason | null
}

const amount = (value: Amount): Raw => ({ value, scale: SCALE, reason: null })

/** K1, K2. */
function ratio(numerator: bigint, denominator: bigint, history: boolean): Raw {
  if (denominator === 0n) {
    return { value: null, scale: RATIO_SCALE, reason: history ? 'zero_denominator' : 'no_history' }
  }
  const value = divideRounded(numerator * RATIO_UNIT, denominator)
  return { value, scale: RATIO_SCALE, reason: denominator < 0n ? 'not_meaningful' : null }
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value)

const growth = (current: Amount, previous: Amount, history: boolean): Raw =>
  ratio((current - previous) * 100n, abs(previous), history)

function dso(p: Period): Raw {
  return ratio((p.opening + p.closing) * BigInt(p.days), p.sums.sales * 2n, p.history)
}

/** 365 / dso as one division; null where dso is. */
function receivablesTurnover(p: Period): Raw {
  if (p.sums.sales === 0n) return dso(p)
  return ratio(730n * p.sums.sales, (p.opening + p.closing) * BigInt(p.days), p.history)
}

interface Definition {
  readonly name: string
  /** `currency` stands for the base currency's code. */
  readonly unit: 'currency' | 'percent' | 'days' | 'ratio'
  readonly compute: (current: Period, previous: Period) => Raw
  readonly inputs: (
    current: Period,
    previous: Period,
    text: (value: Amount) => string,
  ) => Record<string, string>
}

const netProfit = (p: Period): Amount => p.sums.paidRevenue - p.sums.expenses
const netIncome = (p: Period): Amount => p.sums.netRevenue - p.sums.expenses

const receivableInputs: Definition['inputs'] = (c, _, text) => ({
  openingReceivables: text(c.opening),
  closingReceivables: text(c.closing),
  sales: text(c.sums.sales),
  days: String(c.days),
})
const paidInputs: Definition['inputs'] = (c, _, text) => ({
  totalRevenue: text(c.sums.paidRevenue),
  totalExpenses: text(c.sums.expenses),
})
const accrualInputs: Definition['inputs'] = (c, _, text) => ({
  netRevenue: text(c.sums.netRevenue),
  totalExpenses: text(c.sums.expenses),
})

const DEFINITIONS: readonly Definition[] = [
  {
    name: 'totalRevenue',
    unit: 'currency',
    compute: (c) => amount(c.sums.paidRevenue),
    inputs: (c, _, text) => ({ paidInvoices: text(c.sums.paidRevenue) }),
  },
  {
    name: 'netRevenue',
    unit: 'currency',
    compute: (c) => amount(c.sums.netRevenue),
    inputs: (c, _, text) => ({ invoiced: text(c.sums.netRevenue), invoices: String(c.sums.invoices) }),
  },
  {
    name: 'totalExpenses',
    unit: 'currency',
    compute: (c) => amount(c.sums.expenses),
    inputs: (c, _, text) => ({ approvedExpenses: text(c.sums.expenses) }),
  },
  { name: 'netProfit', unit: 'currency', compute: (c) => amount(netProfit(c)), inputs: paidInputs },
  {
    name: 'profitMargin',
    unit: 'percent',
    compute: (c) => ratio(netProfit(c) * 100n, c.sums.paidRevenue, c.history),
    inputs: paidInputs,
  },
  { name: 'netIncome', unit: 'currency', compute: (c) => amount(netIncome(c)), inputs: accrualInputs },
  {
    name: 'netProfitMargin',
    unit: 'percent',
    compute: (c) => ratio(netIncome(c) * 100n, c.sums.netRevenue, c.history),
    inputs: accrualInputs,
  },
  {
    name: 'cashReceived',
    unit: 'currency',
    compute: (c) => amount(c.sums.cashIn),
    inputs: (c, _, text) => ({ receipts: text(c.sums.cashIn) }),
  },
  {
    name: 'receivables',
    unit: 'currency',
    compute: (c) => amount(c.closing),
    inputs: (c, _, text) => ({
      openingReceivables: text(c.opening),
      movement: text(c.sums.receivables),
    }),
  },
  { name: 'dso', unit: 'days', compute: (c) => dso(c), inputs: receivableInputs },
  {
    name: 'receivablesTurnover',
    unit: 'ratio',
    compute: (c) => receivablesTurnover(c),
    inputs: receivableInputs,
  },
  {
    name: 'revenueGrowthRate',
    unit: 'percent',
    compute: (c, p) => growth(c.sums.netRevenue, p.sums.netRevenue, p.history),
    inputs: (c, p, text) => ({
      netRevenue: text(c.sums.netRevenue),
      previousNetRevenue: text(p.sums.netRevenue),
    }),
  },
  {
    name: 'expenseGrowthRate',
    unit: 'percent',
    compute: (c, p) => growth(c.sums.expenses, p.sums.expenses, p.history),
    inputs: (c, p, text) => ({
      totalExpenses: text(c.sums.expenses),
      previousTotalExpenses: text(p.sums.expenses),
    }),
  },
  {
    name: 'averageTransactionValue',
    unit: 'currency',
    compute: (c) => ratio(c.sums.netRevenue, BigInt(c.sums.invoices) * 10n ** BigInt(SCALE), c.history),
    inputs: (c, _, text) => ({ netRevenue: text(c.sums.netRevenue), invoices: String(c.sums.invoices) }),
  },
]

/** Names of the measures, in the order of every WindowResult. */
export const MEASURES: readonly string[] = DEFINITIONS.map((d) => d.name)

export interface KpiInput {
  readonly series: FigureSource
  readonly asOf: EpochDay
  /** MM-DD. */
  readonly fiscalYearStart: string
  /** Base currency. */
  readonly currency: string
}

/** All windows as of a day. */
export function computeKpis(input: KpiInput): WindowResult[] {
  const source = remembering(input.series)
  return WINDOWS.map((window) => computeWindow(window, { ...input, series: source }))
}

/** One window as of a day; `previous` is the same measure in the window before. */
export function computeWindow(window: WindowName, input: KpiInput): WindowResult {
  const { series, asOf, fiscalYearStart, currency } = input
  const range = windowRange(window, asOf, fiscalYearStart)
  const older = windowRange(window, range.previousTo, fiscalYearStart)
  const current = periodOf(series, range.from, range.to)
  const previous = periodOf(series, range.previousFrom, range.previousTo)
  const beforeThat = periodOf(series, older.previousFrom, older.previousTo)
  const texts = new Map<Amount, string>()
  const text = (value: Amount): string => {
    let known = texts.get(value)
    if (known === undefined) texts.set(value, (known = formatAmount(value, currency)))
    return known
  }
  const show = (raw: Raw): string | null => {
    if (raw.value === null) return null
    return raw.scale === SCALE ? text(raw.value) : formatDecimal(raw.value, RATIO_SCALE, RATIO_SCALE)
  }
  const measures = DEFINITIONS.map((d): MeasureResult => {
    const now = d.compute(current, previous)
    const then = d.compute(previous, beforeThat)
    return {
      name: d.name,
      value: show(now),
      unit: d.unit === 'currency' ? currency : d.unit,
      reason: now.reason,
      previous: show(then),
      change: now.value === null || then.value === null ? null : show(growth(now.value, then.value, true)),
      inputs: d.inputs(current, previous, text),
    }
  })
  const partial = series.firstDay === null || range.from < series.firstDay
  return { window, from: range.from, to: range.to, partial, measures }
}

/** Windows share many of their end days: each is summed once. */
function remembering(source: FigureSource): FigureSource {
  const known = new Map<EpochDay, Figures>()
  return {
    firstDay: source.firstDay,
    through(day) {
      let figures = known.get(day)
      if (figures === undefined) known.set(day, (figures = source.through(day)))
      return figures
    },
  }
}
