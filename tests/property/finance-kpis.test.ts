/** KPIs from running sums against a plain sum over the days with a decimal library, for random companies. */
import { describe, expect, it } from '@jest/globals'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import {
  applyFigures,
  FigureChanges,
  type FigureIndex,
  figureSource,
  type MonthFigures,
} from '../../processors/domain/figures.ts'
import { computeKpis, type DayFigures, FigureSeries } from '../../schemas/rules/kpis.ts'
import { windowRange } from '../../schemas/rules/windows.ts'
import { runs } from './finance-company.ts'

const options = runs(100)
const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_UP })

const TODAY = 20_454
const money = fc.integer({ min: -50_000, max: 200_000 }).map((n) => BigInt(n) * 100n)
const figures = fc.record({
  netRevenue: money,
  sales: money,
  paidRevenue: money,
  cashIn: money,
  expenses: money,
  receivables: money,
  invoices: fc.integer({ min: -2, max: 5 }),
  customers: fc.integer({ min: 0, max: 3 }),
})
const history = fc
  .dictionary(fc.integer({ min: TODAY - 900, max: TODAY + 40 }).map(String), figures, { maxKeys: 40 })
  .map((days): DayFigures[] =>
    Object.entries(days)
      .map(([day, f]) => ({ day: Number(day), ...f }))
      .sort((a, b) => a.day - b.day),
  )

const ratio = (n: Decimal, d: Decimal) =>
  d.isZero()
    ? null
    : n
        .div(d)
        .toFixed(8)
        .replace(/^-(0\.0+)$/, '$1')

/** The measures of a window, straight from the definitions. */
function straight(days: DayFigures[], from: number, to: number) {
  const moved = days.filter((d) => Object.values({ ...d, day: 0 }).some((v) => Number(v) !== 0))
  const first = moved.at(0)?.day
  const within = days.filter((d) => d.day >= from && d.day <= to)
  const total = (pick: (d: DayFigures) => bigint | number, list = within) =>
    list
      .reduce((sum, d) => sum.plus(new Exact(pick(d).toString())), new Exact(0))
      .div(pick === count ? 1 : 10_000)
  const count = (d: DayFigures) => d.invoices
  const revenue = total((d) => d.netRevenue)
  const paid = total((d) => d.paidRevenue)
  const spent = total((d) => d.expenses)
  const sales = total((d) => d.sales)
  const balance = (end: number) =>
    total(
      (d) => d.receivables,
      days.filter((d) => d.day <= end),
    )
  const length = first !== undefined && first <= to ? to - Math.max(from, first) + 1 : to - from + 1
  const both = balance(from - 1).plus(balance(to))
  return {
    totalRevenue: paid.toFixed(2),
    netRevenue: revenue.toFixed(2),
    totalExpenses: spent.toFixed(2),
    netProfit: paid.minus(spent).toFixed(2),
    profitMargin: ratio(paid.minus(spent).times(100), paid),
    netIncome: revenue.minus(spent).toFixed(2),
    netProfitMargin: ratio(revenue.minus(spent).times(100), revenue),
    cashReceived: total((d) => d.cashIn).toFixed(2),
    receivables: balance(to).toFixed(2),
    dso: ratio(both.times(length), sales.times(2)),
    receivablesTurnover: sales.isZero() ? null : ratio(sales.times(730), both.times(length)),
    averageTransactionValue: ratio(revenue, total(count)),
  }
}

describe('KPIs of a random company', () => {
  it('equal the plain sums, now and in the window before', () => {
    fc.assert(
      fc.property(history, fc.constantFrom('07-01', '01-01', '04-15'), (days, fiscalYearStart) => {
        const series = new FigureSeries(days)
        for (const { window, measures } of computeKpis({
          series,
          asOf: TODAY,
          fiscalYearStart,
          currency: 'BDT',
        })) {
          const range = windowRange(window, TODAY, fiscalYearStart)
          const now = straight(days, range.from, range.to)
          const before = straight(days, range.previousFrom, range.previousTo)
          for (const [name, value] of Object.entries(now)) {
            const ours = measures.find((m) => m.name === name)
            expect({ window, name, value: ours?.value }).toEqual({ window, name, value })
            expect({ window, name, previous: ours?.previous }).toEqual({
              window,
              name,
              previous: before[name as keyof typeof before],
            })
          }
        }
      }),
      options,
    )
  }, 120_000)

  it('are the same from stored months as from a series, whatever order the changes came in', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat()), (days, order) => {
        const months = new Map<number, MonthFigures>()
        let index: FigureIndex | undefined
        const stores = {
          index: () => index,
          setIndex: (value: FigureIndex) => {
            index = value
          },
          month: (month: number) => months.get(month),
          setMonth: (month: number, value: MonthFigures | null) => {
            if (value === null) months.delete(month)
            else months.set(month, value)
          },
        }
        const shuffled = days.map((d, i) => ({ d, at: order[i] ?? i })).sort((a, b) => a.at - b.at)
        for (const { d } of shuffled) {
          const { day, ...content } = d
          // First something wrong, which is then taken back together with writing the right thing.
          const wrong = new FigureChanges()
          wrong.at(day).cashIn += 7n
          wrong.at(day - 400).expenses += 9n
          applyFigures(wrong, stores)
          const right = new FigureChanges()
          Object.assign(right.at(day), content)
          right.at(day).cashIn -= 7n
          right.at(day - 400).expenses -= 9n
          applyFigures(right, stores)
        }
        const input = { asOf: TODAY, fiscalYearStart: '07-01', currency: 'BDT' }
        expect(computeKpis({ series: figureSource(stores), ...input })).toEqual(
          computeKpis({ series: new FigureSeries(days), ...input }),
        )
      }),
      options,
    )
  }, 120_000)
})
