/**
 * What moved on the days of a company, and sums of it. PURE. The KPIs are computed from these; the processor keeps them
 * by months, readers of ClickHouse build a FigureSeries from rows.
 *
 * F1: figures are movements on their effective day; a balance is the sum of all days up to one. F2: history begins on
 * the first day with a movement: a day on which everything cancels out is none.
 * Worked example: an invoice of 1,150 with VAT 150 on 5 July and a receipt of 400 for it on 9 July: receivables +1,150
 * and -400, so through 9 July the control account stands at 750.
 */
import type { Amount } from '../values/amount.ts'
import type { EpochDay } from '../values/calendar.ts'
import { DaySeries, type DaySums } from './day-series.ts'

/** Sums of movements, base currency. */
export interface Figures {
  /** Invoiced without VAT, less cancellations. */
  readonly netRevenue: Amount
  /** Invoiced with VAT, less cancellations. */
  readonly sales: Amount
  /** Subtotals of the invoices of the day that have nothing open. */
  readonly paidRevenue: Amount
  /** Receipts less reversals. */
  readonly cashIn: Amount
  readonly expenses: Amount
  /** Change of the receivables control account. */
  readonly receivables: Amount
  /** Invoices less cancellations. */
  readonly invoices: number
  /** Customers whose first approved invoice is of the day, whatever became of it. */
  readonly customers: number
}

/** Movements of one day. */
export interface DayFigures extends Figures {
  readonly day: EpochDay
}

/** What the KPIs are computed from. */
export type FigureSource = DaySums<Figures>

export const NO_FIGURES: Figures = {
  netRevenue: 0n,
  sales: 0n,
  paidRevenue: 0n,
  cashIn: 0n,
  expenses: 0n,
  receivables: 0n,
  invoices: 0,
  customers: 0,
}

export const addFigures = (a: Figures, b: Figures): Figures => ({
  netRevenue: a.netRevenue + b.netRevenue,
  sales: a.sales + b.sales,
  paidRevenue: a.paidRevenue + b.paidRevenue,
  cashIn: a.cashIn + b.cashIn,
  expenses: a.expenses + b.expenses,
  receivables: a.receivables + b.receivables,
  invoices: a.invoices + b.invoices,
  customers: a.customers + b.customers,
})

export const subtractFigures = (a: Figures, b: Figures): Figures => ({
  netRevenue: a.netRevenue - b.netRevenue,
  sales: a.sales - b.sales,
  paidRevenue: a.paidRevenue - b.paidRevenue,
  cashIn: a.cashIn - b.cashIn,
  expenses: a.expenses - b.expenses,
  receivables: a.receivables - b.receivables,
  invoices: a.invoices - b.invoices,
  customers: a.customers - b.customers,
})

export const hasMovement = (f: Figures): boolean =>
  f.invoices !== 0 ||
  f.customers !== 0 ||
  f.netRevenue !== 0n ||
  f.sales !== 0n ||
  f.paidRevenue !== 0n ||
  f.cashIn !== 0n ||
  f.expenses !== 0n ||
  f.receivables !== 0n

/** Days in ascending order with running sums. Days without any movement are left out (F2). */
export class FigureSeries extends DaySeries<Figures> {
  /** Throws RangeError when the days do not ascend. */
  constructor(days: Iterable<DayFigures>) {
    super(
      Array.from(days, (figures) => [figures.day, figures] as const),
      { zero: NO_FIGURES, add: addFigures, isZero: (figures) => !hasMovement(figures) },
    )
  }
}
