/**
 * The live figures of a company as the processors would publish them: KPIs by their rule (schemas/rules) from sums by day,
 * aging as the plain sums of oracle.ts. What of them is checked is summed anew there.
 */
import type { AgingBuckets, AgingResult, KpiResult } from '../../../schemas/generated/records.ts'
import { computeKpis, FigureSeries, type Figures, NO_FIGURES } from '../../../schemas/rules/kpis.ts'
import { addLedger, ledgerFiguresOf, LedgerSeries } from '../../../schemas/rules/ledger-figures.ts'
import type { Company, Document } from './documents.ts'
import { FISCAL_YEAR_START, lineOf, sidesOf } from './events.ts'
import { expectedAging } from './oracle.ts'

const amount = (poisha: number): bigint => BigInt(poisha) * 100n

/** Invoices with nothing open, by their places. */
function paidOf(documents: readonly Document[]): ReadonlySet<number> {
  const left = new Map<number, number>()
  for (const [at, one] of documents.entries()) {
    if (one.kind === 'invoice') left.set(at, one.net + one.vat)
    if (one.kind === 'payment') left.set(one.invoice, (left.get(one.invoice) ?? 0) - one.applied)
  }
  return new Set([...left].filter(([, open]) => open === 0).map(([at]) => at))
}

function seriesOf(documents: readonly Document[]): FigureSeries {
  const paid = paidOf(documents)
  const known = new Set<number>()
  const days = new Map<number, Record<keyof Figures, number>>()
  for (const [at, one] of documents.entries()) {
    const day = days.get(one.day) ?? {
      netRevenue: 0,
      sales: 0,
      paidRevenue: 0,
      cashIn: 0,
      expenses: 0,
      receivables: 0,
      invoices: 0,
      customers: 0,
    }
    days.set(one.day, day)
    if (one.kind === 'invoice') {
      day.netRevenue += one.net
      day.sales += one.net + one.vat
      day.receivables += one.net + one.vat
      day.invoices++
      if (paid.has(at)) day.paidRevenue += one.net
      if (!known.has(one.customer)) day.customers++
      known.add(one.customer)
    } else if (one.kind === 'payment') {
      day.cashIn += one.amount
      day.receivables -= one.amount
    } else day.expenses += one.net
  }
  return new FigureSeries(
    [...days].map(([day, sums]) => ({
      ...NO_FIGURES,
      day,
      netRevenue: amount(sums.netRevenue),
      sales: amount(sums.sales),
      paidRevenue: amount(sums.paidRevenue),
      cashIn: amount(sums.cashIn),
      expenses: amount(sums.expenses),
      receivables: amount(sums.receivables),
      invoices: sums.invoices,
      customers: sums.customers,
    })),
  )
}

/** One entry a day and kind of document: figures of entries of one shape add up. */
function ledgerOf(documents: readonly Document[]): LedgerSeries {
  const days = new Map<number, Map<string, Map<Parameters<typeof lineOf>[0], number>>>()
  for (const one of documents) {
    const kinds = days.get(one.day) ?? new Map<string, Map<Parameters<typeof lineOf>[0], number>>()
    days.set(one.day, kinds)
    const sums = kinds.get(one.kind) ?? new Map<Parameters<typeof lineOf>[0], number>()
    kinds.set(one.kind, sums)
    for (const [code, poisha] of sidesOf(one)) sums.set(code, (sums.get(code) ?? 0) + poisha)
  }
  return new LedgerSeries(
    [...days].map(([day, kinds]) => {
      const entries = [...kinds.values()].map((sums) =>
        ledgerFiguresOf({ kind: 'DOCUMENT', lines: [...sums].map(([code, poisha]) => lineOf(code, poisha)) }),
      )
      return [day, entries.reduce(addLedger)] as const
    }),
  )
}

const bucketsOf = (sums: readonly number[]): AgingBuckets => {
  const [current = 0, days1To30 = 0, days31To60 = 0, days61To90 = 0, over90 = 0] = sums
  return {
    current: amount(current),
    days1To30: amount(days1To30),
    days31To60: amount(days31To60),
    days61To90: amount(days61To90),
    over90: amount(over90),
  }
}

export interface Live {
  readonly kpi: KpiResult
  readonly aging: AgingResult
}

export function liveOf({ tenant, documents }: Company, today: number, logTime: number): Live {
  const expected = expectedAging(documents, today)
  const place = {
    tenantId: tenant,
    kind: 'CURRENT',
    epoch: 1,
    revision: documents.length,
    asOf: today,
    logTime,
  } as const
  const windows = computeKpis({
    series: seriesOf(documents),
    ledger: ledgerOf(documents),
    aging: expected.due.map(amount),
    asOf: today,
    fiscalYearStart: FISCAL_YEAR_START,
    currency: 'BDT',
  })
  return {
    kpi: {
      ...place,
      family: 'kpi',
      slice: '',
      currency: 'BDT',
      windows: windows.map(({ window, from, to, partial, measures }) => ({
        window,
        fromDate: from,
        toDate: to,
        partial,
        measures: [...measures],
      })),
    },
    aging: {
      ...place,
      family: 'aging.receivables',
      slice: '',
      currency: 'BDT',
      customerName: '',
      due: bucketsOf(expected.due),
      posting: bucketsOf(expected.posting),
      unapplied: amount(expected.unapplied),
      disputed: amount(expected.disputed),
      total: amount(expected.total),
      openItems: expected.openItems,
    },
  }
}
