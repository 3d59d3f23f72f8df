/** Golden values were computed by hand from the definitions at the head of schemas/rules/kpis.ts. */
import { describe, expect, it } from '@jest/globals'
import {
  computeKpis,
  type DayFigures,
  FigureSeries,
  MEASURES,
  NO_FIGURES,
} from '../../../schemas/rules/kpis.ts'
import { parseDecimal } from '../../../schemas/values/amount.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'

const taka = (n: number) => parseDecimal(n.toFixed(2))
const on = (
  date: string,
  f: Partial<Record<keyof Omit<DayFigures, 'day' | 'invoices' | 'customers'>, number>>,
  invoices = 0,
) => ({
  ...NO_FIGURES,
  ...Object.fromEntries(Object.entries(f).map(([name, value]) => [name, taka(value)])),
  day: parseDay(date),
  invoices,
})

/** Three days of business: two before August, one on the day asked for. */
const SERIES = new FigureSeries([
  on('2025-06-20', { netRevenue: 1000, sales: 1150, paidRevenue: 1000, expenses: 400, receivables: 1150 }, 1),
  on('2025-07-05', { netRevenue: 2000, sales: 2300, cashIn: 1150, expenses: 500, receivables: 1150 }, 2),
  on('2025-08-10', { netRevenue: 3000, sales: 3450, paidRevenue: 3000, cashIn: 3450, expenses: 1000 }, 3),
])

const kpis = (series: FigureSeries, asOf: string) =>
  computeKpis({ series, asOf: parseDay(asOf), fiscalYearStart: '07-01', currency: 'BDT' })
const measure = (results: ReturnType<typeof kpis>, window: string, name: string) => {
  const found = results.find((w) => w.window === window)?.measures.find((m) => m.name === name)
  if (!found) throw new Error(`no ${name} in ${window}`)
  return found
}

describe('KPIs', () => {
  const results = kpis(SERIES, '2025-08-10')

  it.each([
    // 30 days: 12 July to 10 August, before it 12 June to 11 July (history from 20 June: 22 days).
    ['30d', 'totalRevenue', '3000.00', 'BDT', '1000.00', '200.00000000'],
    ['30d', 'netRevenue', '3000.00', 'BDT', '3000.00', '0.00000000'],
    ['30d', 'totalExpenses', '1000.00', 'BDT', '900.00', '11.11111111'],
    ['30d', 'netProfit', '2000.00', 'BDT', '100.00', '1900.00000000'],
    ['30d', 'profitMargin', '66.66666667', 'percent', '10.00000000', '566.66666670'],
    ['30d', 'netIncome', '2000.00', 'BDT', '2100.00', '-4.76190476'],
    ['30d', 'netProfitMargin', '66.66666667', 'percent', '70.00000000', '-4.76190476'],
    ['30d', 'cashReceived', '3450.00', 'BDT', '1150.00', '200.00000000'],
    ['30d', 'receivables', '2300.00', 'BDT', '2300.00', '0.00000000'],
    ['30d', 'dso', '20.00000000', 'days', '7.33333333', '172.72727285'],
    ['30d', 'receivablesTurnover', '18.25000000', 'ratio', '49.77272727', '-63.33333333'],
    ['30d', 'revenueGrowthRate', '0.00000000', 'percent', null, null],
    ['30d', 'expenseGrowthRate', '11.11111111', 'percent', null, null],
    ['30d', 'averageTransactionValue', '1000.00000000', 'BDT', '1000.00000000', '0.00000000'],
    // Month to date: 1 to 10 August against 1 to 10 July.
    ['mtd', 'netRevenue', '3000.00', 'BDT', '2000.00', '50.00000000'],
    ['mtd', 'dso', '6.66666667', 'days', '7.50000000', '-11.11111107'],
    ['mtd', 'revenueGrowthRate', '50.00000000', 'percent', null, null],
    // Fiscal quarter to date: 41 days; the quarter before has no history.
    ['qtd', 'netRevenue', '5000.00', 'BDT', '0.00', null],
    ['qtd', 'dso', '12.30000000', 'days', null, null],
    // All of history inside a year: 52 days.
    ['365d', 'dso', '8.66666667', 'days', null, null],
  ])('%s %s is %s %s, was %s, changed by %s percent', (window, name, value, unit, previous, change) => {
    expect(measure(results, window, name)).toMatchObject({ value, unit, previous, change, reason: null })
  })

  it('shows the figures behind a value', () => {
    expect(measure(results, '30d', 'dso').inputs).toEqual({
      openingReceivables: '2300.00',
      closingReceivables: '2300.00',
      sales: '3450.00',
      days: '30',
    })
    expect(measure(results, '365d', 'dso').inputs).toMatchObject({ openingReceivables: '0.00', days: '52' })
  })

  it('marks a window that begins before history as partial', () => {
    const partial = Object.fromEntries(results.map((w) => [w.window, w.partial]))
    expect(partial).toEqual({ '30d': false, '90d': true, '365d': true, mtd: false, qtd: false, fy: false })
  })

  it('gives null with a reason, never zero or infinity, where there is nothing to divide by', () => {
    const quiet = kpis(SERIES, '2025-12-31')
    expect(measure(quiet, '30d', 'profitMargin')).toMatchObject({ value: null, reason: 'zero_denominator' })
    expect(measure(quiet, '30d', 'dso')).toMatchObject({ value: null, reason: 'zero_denominator' })
    expect(measure(quiet, '30d', 'receivablesTurnover')).toMatchObject({
      value: null,
      reason: 'zero_denominator',
    })
    expect(measure(quiet, '30d', 'averageTransactionValue').value).toBeNull()
    expect(measure(quiet, '30d', 'totalRevenue')).toMatchObject({ value: '0.00', reason: null })
    expect(measure(quiet, '30d', 'receivables').value).toBe('2300.00')
    const qtd = measure(results, 'qtd', 'revenueGrowthRate')
    expect(qtd).toMatchObject({ value: null, reason: 'no_history' })
  })

  it('has no history at all for a tenant without movements, nor from days that are still to come', () => {
    for (const series of [new FigureSeries([]), SERIES]) {
      const early = kpis(series, '2025-01-01')
      expect(early.every((w) => w.partial)).toBe(true)
      expect(measure(early, '30d', 'dso')).toMatchObject({ value: null, reason: 'no_history' })
      expect(measure(early, 'fy', 'netRevenue').value).toBe('0.00')
    }
  })

  it('keeps a value with a negative denominator and says that it means nothing', () => {
    const series = new FigureSeries([
      on('2025-01-01', { netRevenue: 500, sales: 575, receivables: 575 }, 1),
      on('2025-08-01', { netRevenue: -500, sales: -575, receivables: -575 }, -1),
    ])
    const back = kpis(series, '2025-08-10')
    expect(measure(back, '30d', 'netProfitMargin')).toMatchObject({
      value: '100.00000000',
      reason: 'not_meaningful',
    })
    expect(measure(back, '30d', 'dso')).toMatchObject({ value: '-15.00000000', reason: 'not_meaningful' })
  })

  it('writes amounts with the minor digits of the currency', () => {
    const [first] = computeKpis({
      series: SERIES,
      asOf: parseDay('2025-08-10'),
      fiscalYearStart: '01-01',
      currency: 'KWD',
    })
    expect(first?.measures[0]).toMatchObject({ value: '3000.000', unit: 'KWD' })
  })

  it('names the same measures in every window', () => {
    for (const { measures } of results) expect(measures.map((m) => m.name)).toEqual(MEASURES)
    expect(new Set(MEASURES).size).toBe(44)
  })
})

describe('a series of daily figures', () => {
  it('begins with the first day that has a movement', () => {
    const series = new FigureSeries([on('2025-01-01', {}), on('2025-01-05', { cashIn: 1 })])
    expect(series.firstDay).toBe(parseDay('2025-01-05'))
    expect(new FigureSeries([]).firstDay).toBeNull()
  })

  it('sums through any day, before, between and after its days', () => {
    const at = (date: string) => SERIES.through(parseDay(date)).expenses / 10_000n
    expect([
      at('2025-06-19'),
      at('2025-06-20'),
      at('2025-07-04'),
      at('2025-07-05'),
      at('2030-01-01'),
    ]).toEqual([0n, 400n, 400n, 900n, 1900n])
  })

  it('refuses days that do not ascend', () => {
    expect(() => new FigureSeries([on('2025-01-02', {}), on('2025-01-02', {})])).toThrow(RangeError)
  })
})
