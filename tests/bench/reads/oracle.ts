/**
 * What the answers must say, summed from the plain documents (documents.ts): shares nothing with the fold, the SQL and the
 * rules that are measured. Whole poisha; texts as answers have them.
 */
import type { Document } from './documents.ts'

export const text = (poisha: number): string => {
  const digits = String(Math.abs(poisha)).padStart(3, '0')
  return `${poisha < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

export interface ExpectedAging {
  readonly due: readonly number[]
  readonly posting: readonly number[]
  readonly unapplied: number
  readonly disputed: number
  readonly total: number
  readonly openItems: number
}

export function expectedAging(documents: readonly Document[], asOf: number): ExpectedAging {
  const left = new Map<number, number>()
  let credit = 0
  for (const [at, one] of documents.entries()) {
    if (one.day > asOf) break
    if (one.kind === 'invoice') left.set(at, one.net + one.vat)
    if (one.kind === 'payment') {
      left.set(one.invoice, (left.get(one.invoice) ?? 0) - one.applied)
      credit += one.amount - one.applied
    }
  }
  const [due, posting] = [
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ]
  let [disputed, openItems, sum] = [0, 0, 0]
  const put = (buckets: number[], late: number, amount: number) => {
    const at = late <= 0 ? 0 : late <= 30 ? 1 : late <= 60 ? 2 : late <= 90 ? 3 : 4
    buckets[at] = (buckets[at] ?? 0) + amount
  }
  for (const [at, amount] of left) {
    const invoice = documents[at]
    if (invoice?.kind !== 'invoice' || amount === 0) continue
    put(due, asOf - invoice.due, amount)
    put(posting, asOf - invoice.day, amount)
    if (invoice.disputed) disputed += amount
    openItems++
    sum += amount
  }
  return { due, posting, unapplied: -credit, disputed, total: sum - credit, openItems }
}

/** Of the days from..to. */
export interface ExpectedFlows {
  readonly revenue: number
  readonly expenses: number
  readonly received: number
  readonly spent: number
  readonly vat: number
  readonly inputVat: number
}

export function expectedFlows(documents: readonly Document[], from: number, to: number): ExpectedFlows {
  const sums = { revenue: 0, expenses: 0, received: 0, spent: 0, vat: 0, inputVat: 0 }
  for (const one of documents) {
    if (one.day < from || one.day > to) continue
    if (one.kind === 'invoice') {
      sums.revenue += one.net
      sums.vat += one.vat
    } else if (one.kind === 'payment') sums.received += one.amount
    else {
      sums.expenses += one.net
      sums.inputVat += one.vat
      sums.spent += one.net + one.vat
    }
  }
  return sums
}
