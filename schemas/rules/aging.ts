/**
 * Aging: how many days an open amount is past its anchor day, and the bucket that this puts it in. PURE.
 *
 * Formula: age = asOf - anchor, where anchor is the due date (basis `due`) or the invoice date (basis `posting`);
 * asOf includes all of its day. Edges 0, 30, 60, 90 give: age <= 0 current, 1-30, 31-60, 61-90, > 90.
 * Worked example: due 1 March, asOf 31 March: age 30, bucket 1-30; asOf 1 April: age 31, bucket 31-60.
 * Source: receivables aging as ERPNext and QuickBooks print it (bounds inclusive above, no day in two buckets), with
 * "not yet due" as a bucket of its own so that the buckets always sum to what is open.
 *
 * A1: every amount is in exactly one bucket, so the sum of the buckets is the sum of the amounts.
 * A2: edges are whole days, ascending; n edges give n + 1 buckets.
 */
import type { Amount } from '../values/amount.ts'
import type { EpochDay } from '../values/calendar.ts'

export type AgingBasis = 'due' | 'posting'

export const DEFAULT_EDGES: readonly number[] = [0, 30, 60, 90]

/** Throws RangeError unless the edges are 1 to 20 ascending whole numbers of days (A2). */
export function checkEdges(edges: readonly number[]): readonly number[] {
  const ascending = edges.every(
    (edge, i) => Number.isInteger(edge) && (i === 0 || edge > (edges[i - 1] ?? edge)),
  )
  if (edges.length === 0 || edges.length > 20 || !ascending) {
    throw new RangeError(`bucket edges must be 1 to 20 ascending whole days, got [${edges.join(', ')}]`)
  }
  return edges
}

/** "current", "1-30", "31-60", "61-90", "90+" for the default edges. */
export function bucketLabels(edges: readonly number[]): string[] {
  const first = edges[0] ?? 0
  const labels = [first === 0 ? 'current' : `<=${first}`]
  for (let i = 1; i < edges.length; i++) labels.push(`${(edges[i - 1] ?? 0) + 1}-${edges[i]}`)
  labels.push(`${edges.at(-1) ?? 0}+`)
  return labels
}

/** Index of the bucket; 0 = not past. */
export function bucketIndex(asOf: EpochDay, anchor: EpochDay, edges: readonly number[]): number {
  const age = asOf - anchor
  let index = 0
  while (index < edges.length && age > (edges[index] ?? 0)) index++
  return index
}

/** Sums amounts by bucket (A1). */
export function ageItems(
  items: Iterable<{ readonly anchor: EpochDay; readonly amount: Amount }>,
  asOf: EpochDay,
  edges: readonly number[] = DEFAULT_EDGES,
): Amount[] {
  const buckets = Array.from({ length: edges.length + 1 }, () => 0n)
  for (const { anchor, amount } of items) {
    const index = bucketIndex(asOf, anchor, edges)
    buckets[index] = (buckets[index] ?? 0n) + amount
  }
  return buckets
}

/** Day from which an allocation settles: its own day, but never before the invoice counts. */
export const allocationDay = (day: EpochDay, invoiceDay: EpochDay): EpochDay => Math.max(day, invoiceDay)
