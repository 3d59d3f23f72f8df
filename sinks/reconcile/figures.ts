/**
 * The figures that are compared, as each store tells them. PURE. Owns their names, one for all stores:
 *   `receivables due 31-60`, `receivables of CUST-1 total`, `netRevenue 30d`, `account 1100 debit`.
 * Amounts are sums alone: a ratio is made of them by one rule everywhere and says nothing of its own.
 */
import type { AgingBuckets, AgingResult, KpiResult } from '../../schemas/generated/records.ts'
import { formatDecimal, SCALE } from '../../schemas/values/amount.ts'
import type { AgingValue, KpiWindowValues } from '../redis/contract.ts'

export const BUCKETS = ['current', '1-30', '31-60', '61-90', '90+'] as const
/** Edges of the buckets, in days. */
export const EDGES = [0, 30, 60, 90] as const

/** Measures that are sums over the days of their window, or a balance at its end; and the column of the daily figures. */
export const SUMMED = {
  totalRevenue: 'paid_revenue',
  netRevenue: 'net_revenue',
  totalExpenses: 'expenses',
  cashReceived: 'cash_in',
} as const
export const BALANCE = 'receivables'

export const SIDES = ['receivables', 'payables'] as const
export type Side = (typeof SIDES)[number]

export const sideOfFamily = (family: string): Side | undefined =>
  SIDES.find((side) => family === `aging.${side}`)

type Figures = Map<string, string>

interface AgingFigures {
  readonly due: readonly string[]
  readonly posting: readonly string[]
  readonly unapplied: string
  readonly disputed: string
  readonly total: string
  readonly openItems: number
}

/** `partyId` empty = the tenant as a whole. */
export function putAging(figures: Figures, side: Side, partyId: string, aging: AgingFigures): void {
  const whose = partyId === '' ? side : `${side} of ${partyId}`
  BUCKETS.forEach((bucket, i) => {
    figures.set(`${whose} due ${bucket}`, aging.due[i] ?? '0')
    figures.set(`${whose} posting ${bucket}`, aging.posting[i] ?? '0')
  })
  figures.set(`${whose} unapplied`, aging.unapplied)
  figures.set(`${whose} disputed`, aging.disputed)
  figures.set(`${whose} total`, aging.total)
  figures.set(`${whose} open items`, String(aging.openItems))
}

const text = (amount: bigint): string => formatDecimal(amount, SCALE)
const bucketTexts = (b: AgingBuckets): string[] =>
  [b.current, b.days1To30, b.days31To60, b.days61To90, b.over90].map(text)

export const agingOfResult = (result: AgingResult): AgingFigures => ({
  due: bucketTexts(result.due),
  posting: bucketTexts(result.posting),
  unapplied: text(result.unapplied),
  disputed: text(result.disputed),
  total: text(result.total),
  openItems: result.openItems,
})

export const agingOfValue = (value: AgingValue): AgingFigures => value

export const isCompared = (measure: string): boolean => measure in SUMMED || measure === BALANCE

export function putKpis(figures: Figures, result: KpiResult): void {
  for (const { window, measures } of result.windows) {
    for (const { name, value } of measures)
      if (isCompared(name)) figures.set(`${name} ${window}`, value ?? '0')
  }
}

export function putWindow(figures: Figures, window: string, { measures }: KpiWindowValues): void {
  for (const [name, { value }] of Object.entries(measures))
    if (isCompared(name)) figures.set(`${name} ${window}`, value ?? '0')
}
