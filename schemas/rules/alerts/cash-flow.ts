/**
 * Projected balance of a tenant over the next days, from what is open and when it is due. PURE.
 *
 *   balance(d) = cash now + in(d) - out(d), for each local day d from today to today + 30
 *   in(d)  = open invoices that are due by d, less receipts and credit notes without an invoice, never below 0
 *   out(d) = open bills that are due by d, less payments to vendors without a bill, never below 0
 *   projectedBalance = the lowest balance(d); shortage on the first d with balance(d) < 0
 * C1: what is past due is expected today, on both sides. C2: money without a document settles what is due first. C3: no
 *     new sales, no new costs, no habits of payers: only what is on paper, so that anybody can add it up. C4: all in
 *     exact integers of the base currency.
 * Worked example: cash 100; an invoice of 50 due in 5 days; bills of 120 due in 3 and of 40 due in 40 days:
 * 100, ..., 100 - 120 = -20 on day 3, 30 from day 5 on; lowest -20, 3 days to the shortage.
 */
import type { Amount } from '../../values/amount.ts'
import type { EpochDay } from '../../values/calendar.ts'

export const HORIZON_DAYS = 30

/** Open amounts by due day. */
export interface Due {
  /** Sum of what is due up to and including a day. */
  through(day: EpochDay): Amount
  /** Days after `from` up to `to` on which something is due, ascending. */
  daysWithin(from: EpochDay, to: EpochDay): readonly EpochDay[]
}

export interface CashFlowInput {
  readonly today: EpochDay
  readonly cash: Amount
  readonly receivables: Due
  /** Open credits of customers, zero or more. */
  readonly unapplied: Amount
  readonly payables: Due
  /** Payments to vendors without a bill, zero or more. */
  readonly prepaid: Amount
}

export interface Projection {
  readonly cash: Amount
  readonly lowest: Amount
  /** First day with the lowest balance. */
  readonly lowestOn: EpochDay
  /** First day below zero; null = none within the horizon. */
  readonly shortageOn: EpochDay | null
  /** Due within the horizon, after C2. */
  readonly inflow: Amount
  readonly outflow: Amount
}

const above0 = (amount: Amount): Amount => (amount > 0n ? amount : 0n)

export function projectCash(input: CashFlowInput): Projection {
  const { today, cash, receivables, payables, unapplied, prepaid } = input
  const last = today + HORIZON_DAYS
  const inflow = (day: EpochDay) => above0(receivables.through(day) - unapplied)
  const outflow = (day: EpochDay) => above0(payables.through(day) - prepaid)
  const days = new Set([today, ...receivables.daysWithin(today, last), ...payables.daysWithin(today, last)])
  let lowest: Amount | null = null
  let lowestOn = today
  let shortageOn: EpochDay | null = null
  for (const day of [...days].sort((a, b) => a - b)) {
    const balance = cash + inflow(day) - outflow(day)
    if (balance < 0n) shortageOn ??= day
    if (lowest === null || balance < lowest) {
      lowest = balance
      lowestOn = day
    }
  }
  return {
    cash,
    lowest: lowest ?? cash,
    lowestOn,
    shortageOn,
    inflow: inflow(last),
    outflow: outflow(last),
  }
}
