/**
 * Owns which part of which payment settles which invoice, by effective day. PURE.
 * An allocation settles from max(its own date, the invoice's date) on, until the payment is reversed or the invoice
 * cancelled; a failed payment's never settled.
 * L1: on no day is more allocated than the invoice's total or the payment's amount, whatever order the dates come in.
 *     Hence the open amount from a day on is the smallest that is left on that day or any later one.
 * Example: invoice 100; payment A of 100 from 1 Jan, reversed on 20 Jan. From 10 Jan on 0 is open (A still settles it on
 * that day), from 20 Jan on 100.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'

export interface Allocation {
  readonly paymentId: string
  /** Version of the payment's event that made it. */
  readonly paymentVersion: number
  readonly invoiceId: string
  readonly amount: Amount
  readonly fromDay: EpochDay
  /** First day on which it settles no more. */
  readonly toDay: EpochDay | null
}

const activeOn = (one: Allocation, day: EpochDay): boolean =>
  one.fromDay <= day && (one.toDay === null || day < one.toDay)

/** The most that is allocated on `day` or any later day. */
export function peakFrom(allocations: readonly Allocation[], day: EpochDay): Amount {
  const starts = new Set([day])
  for (const one of allocations) if (one.fromDay > day) starts.add(one.fromDay)
  let peak = 0n
  for (const start of starts) {
    let sum = 0n
    for (const one of allocations) if (activeOn(one, start)) sum += one.amount
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
