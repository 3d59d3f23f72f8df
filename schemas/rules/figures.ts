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
}

/** Movements of one day. */
export interface DayFigures extends Figures {
  readonly day: EpochDay
}

/** What the KPIs are computed from. */
export interface FigureSource {
  /** First day with a movement; null without any. */
  readonly firstDay: EpochDay | null
  /** Sum of all days up to and including `day`. */
  through(day: EpochDay): Figures
}

export const NO_FIGURES: Figures = {
  netRevenue: 0n,
  sales: 0n,
  paidRevenue: 0n,
  cashIn: 0n,
  expenses: 0n,
  receivables: 0n,
  invoices: 0,
}

export const addFigures = (a: Figures, b: Figures): Figures => ({
  netRevenue: a.netRevenue + b.netRevenue,
  sales: a.sales + b.sales,
  paidRevenue: a.paidRevenue + b.paidRevenue,
  cashIn: a.cashIn + b.cashIn,
  expenses: a.expenses + b.expenses,
  receivables: a.receivables + b.receivables,
  invoices: a.invoices + b.invoices,
})

export const subtractFigures = (a: Figures, b: Figures): Figures => ({
  netRevenue: a.netRevenue - b.netRevenue,
  sales: a.sales - b.sales,
  paidRevenue: a.paidRevenue - b.paidRevenue,
  cashIn: a.cashIn - b.cashIn,
  expenses: a.expenses - b.expenses,
  receivables: a.receivables - b.receivables,
  invoices: a.invoices - b.invoices,
})

export const hasMovement = (f: Figures): boolean =>
  f.invoices !== 0 ||
  f.netRevenue !== 0n ||
  f.sales !== 0n ||
  f.paidRevenue !== 0n ||
  f.cashIn !== 0n ||
  f.expenses !== 0n ||
  f.receivables !== 0n

/** Days in ascending order with running sums. Days without any movement are left out (F2). */
export class FigureSeries implements FigureSource {
  readonly #days: EpochDay[] = []
  readonly #sums: Figures[] = []

  /** Throws RangeError when the days do not ascend. */
  constructor(days: Iterable<DayFigures>) {
    let sum = NO_FIGURES
    let last = Number.NEGATIVE_INFINITY
    for (const figures of days) {
      if (figures.day <= last) {
        throw new RangeError(`days of a series must ascend: day ${figures.day} after ${last}`)
      }
      last = figures.day
      if (!hasMovement(figures)) continue
      sum = addFigures(sum, figures)
      this.#days.push(figures.day)
      this.#sums.push(sum)
    }
  }

  get firstDay(): EpochDay | null {
    return this.#days[0] ?? null
  }

  through(day: EpochDay): Figures {
    let low = 0
    let high = this.#days.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#days[middle] ?? 0) <= day) low = middle + 1
      else high = middle
    }
    return this.#sums[low - 1] ?? NO_FIGURES
  }
}
