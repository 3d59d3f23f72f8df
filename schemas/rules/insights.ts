/**
 * What the dashboard foretells and points at, from figures at hand. PURE. Rules, all of them simple and said here:
 *   revenueNext30Days   net revenue of the last 90 days (of the history, where it is shorter) / its days x 30; null without
 *                       history. A mean, not a forecast: no season, no trend.
 *   risks   CASH_SHORTAGE        cash is expected to fall below zero within 30 days (-0.01 fires, 0 does not)
 *           OVERDUE_RECEIVABLES  more than 20 % of receivables are over 90 days past due (20.00 % is silent)
 *           CONCENTRATION        one customer is more than 40 % of the period's net revenue
 *           LOSS                 expenses of the period exceed its net revenue
 *   opportunities   COLLECT      receivables that should have come already: what collecting them brings
 *                   PAY_LATER    payables that fall due in the week before a shortage: what a delay would keep
 *                   IDLE_CASH    the lowest balance of the 13 weeks is above what went out in them: cash without a use
 * I1: amounts are exact, base currency; a rule without its figures is silent.
 */
import { type Amount, divideRounded } from '../values/amount.ts'
import { type Outlook, OUTLOOK_DAYS } from './cash-outlook.ts'

export const FORESEEN_DAYS = 30
export const LOOK_BACK_DAYS = 90

export interface Insight {
  readonly code: string
  readonly impact: 'HIGH' | 'MEDIUM' | 'LOW'
  readonly amount: Amount
  /** Days to it, where there are any. */
  readonly days: number | null
  readonly text: string
  readonly textBn: string
}

export interface InsightInput {
  readonly netRevenue: Amount
  readonly expenses: Amount
  readonly largestCustomer: Amount
  readonly receivables: Amount
  readonly over90: Amount
  /** Absent: no ledger, so nothing is known of cash. */
  readonly outlook: Outlook | undefined
}

/** Null without history. */
export const revenueAhead = (netRevenue: Amount, days: number): Amount | null =>
  days <= 0 ? null : divideRounded(netRevenue * BigInt(FORESEEN_DAYS), BigInt(days))

export function risksOf(input: InsightInput): Insight[] {
  const { outlook, receivables, over90, largestCustomer, netRevenue, expenses } = input
  const days = outlook?.daysToShortage ?? null
  const risks: Insight[] = []
  if (days !== null && days <= FORESEEN_DAYS) {
    risks.push({
      code: 'CASH_SHORTAGE',
      impact: 'HIGH',
      amount: outlook?.projected.find((one) => one.days === FORESEEN_DAYS)?.balance ?? 0n,
      days,
      text: `Cash is expected to run short in ${days} days: speed up receivables or delay payables.`,
      textBn: `${days} দিনের মধ্যে নগদ ঘাটতি হতে পারে: পাওনা দ্রুত আদায় করুন বা প্রদেয় পরিশোধ পিছিয়ে দিন।`,
    })
  }
  if (over90 * 5n > receivables && over90 > 0n) {
    risks.push({
      code: 'OVERDUE_RECEIVABLES',
      impact: 'MEDIUM',
      amount: over90,
      days: null,
      text: 'More than 20 % of receivables are over 90 days past due: start collection.',
      textBn: 'পাওনার ২০ শতাংশের বেশি ৯০ দিনের বেশি বকেয়া: আদায় শুরু করুন।',
    })
  }
  if (largestCustomer * 5n > netRevenue * 2n && netRevenue > 0n) {
    risks.push({
      code: 'CONCENTRATION',
      impact: 'MEDIUM',
      amount: largestCustomer,
      days: null,
      text: 'One customer is more than 40 % of net revenue.',
      textBn: 'একজন গ্রাহক নিট রাজস্বের ৪০ শতাংশের বেশি।',
    })
  }
  if (expenses > netRevenue) {
    risks.push({
      code: 'LOSS',
      impact: 'HIGH',
      amount: expenses - netRevenue,
      days: null,
      text: 'Expenses of the period exceed its net revenue.',
      textBn: 'এই সময়ের ব্যয় নিট রাজস্বের চেয়ে বেশি।',
    })
  }
  return risks
}

export function opportunitiesOf({ outlook }: InsightInput): Insight[] {
  if (outlook === undefined) return []
  const found: Insight[] = []
  if (outlook.overdueIn > 0n) {
    found.push({
      code: 'COLLECT',
      impact: 'MEDIUM',
      amount: outlook.overdueIn,
      days: null,
      text: 'Receivables that should have come already: collecting them brings this much.',
      textBn: 'যে পাওনা এর মধ্যেই আসার কথা ছিল: আদায় করলে এই অঙ্ক আসবে।',
    })
  }
  const { shortageDay } = outlook
  if (shortageDay !== null) {
    const due = outlook.weeks
      .flatMap(({ items }) => items)
      .filter(
        ({ kind, expected }) => kind === 'payable' && expected <= shortageDay && expected > shortageDay - 7,
      )
    const amount = due.reduce((sum, one) => sum + one.amount, 0n)
    if (amount > 0n) {
      found.push({
        code: 'PAY_LATER',
        impact: 'MEDIUM',
        amount,
        days: outlook.daysToShortage,
        text: 'Payables of the week before the shortage: agreeing on later days keeps this much.',
        textBn: 'ঘাটতির আগের সপ্তাহের প্রদেয়: পরে দেওয়ার সম্মতি পেলে এই অঙ্ক হাতে থাকবে।',
      })
    }
    return found
  }
  const lowest = outlook.weeks.reduce(
    (least, { closing }) => (closing < least ? closing : least),
    outlook.cash,
  )
  const spent = outlook.weeks.reduce((sum, { cashOut }) => sum + cashOut, 0n)
  if (spent > 0n && lowest > spent) {
    found.push({
      code: 'IDLE_CASH',
      impact: 'LOW',
      amount: lowest - spent,
      days: OUTLOOK_DAYS,
      text: 'Cash beyond what the next 13 weeks are known to need.',
      textBn: 'আগামী ১৩ সপ্তাহের জানা প্রয়োজনের অতিরিক্ত নগদ।',
    })
  }
  return found
}
