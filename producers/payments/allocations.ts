/**
 * Owns which part of what settles which document, by effective day. PURE.
 * What settles is a payment, a credit note, or a write-off of the document itself (then the source is the document).
 * An allocation settles from max(its own date, the document's date) on, until its source ends (reversed, cancelled) or
 * the document is cancelled; a failed payment's never settled.
 * L1: on no day is more allocated than the document's total or the source's amount, whatever order the dates come in.
 *     Hence the open amount from a day on is the smallest that is left on that day or any later one.
 * Example: invoice 100; payment A of 100 from 1 Jan, reversed on 20 Jan. From 10 Jan on 0 is open (A still settles it on
 * that day), from 20 Jan on 100.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'

export type SourceType = 'payment' | 'credit-note' | 'write-off'
export type TargetType = 'invoice' | 'bill'

export interface Allocation {
  readonly sourceType: SourceType
  readonly sourceId: string
  /** Version of the source's event that made it. */
  readonly sourceVersion: number
  readonly targetType: TargetType
  readonly targetId: string
  readonly amount: Amount
  readonly fromDay: EpochDay
  /** First day on which it settles no more. */
  readonly toDay: EpochDay | null
}

/** What has allocations: as a source or as a target. */
export type AllocationOwner = Exclude<SourceType, 'write-off'> | TargetType

export const activeOn = (one: Allocation, day: EpochDay): boolean =>
  one.fromDay <= day && (one.toDay === null || day < one.toDay)

/** What is allocated on a day. */
export function allocatedOn(allocations: readonly Allocation[], day: EpochDay): Amount {
  let sum = 0n
  for (const one of allocations) if (activeOn(one, day)) sum += one.amount
  return sum
}

/** The most that is allocated on `day` or any later day. */
export function peakFrom(allocations: readonly Allocation[], day: EpochDay): Amount {
  const starts = new Set([day])
  for (const one of allocations) if (one.fromDay > day) starts.add(one.fromDay)
  let peak = 0n
  for (const start of starts) {
    const sum = allocatedOn(allocations, start)
    if (sum > peak) peak = sum
  }
  return peak
}

/** The allocation ended on a day: it keeps an earlier end. */
export function endedOn(one: Allocation, day: EpochDay): Allocation {
  const toDay = Math.max(one.fromDay, day)
  return one.toDay !== null && one.toDay <= toDay ? one : { ...one, toDay }
}

/** The allocation as if it never had been. */
export const voided = (one: Allocation): Allocation => ({ ...one, toDay: one.fromDay })
