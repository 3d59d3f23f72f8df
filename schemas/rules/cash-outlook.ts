/**
 * What cash is expected to come and go in the 13 weeks after a day. PURE. The rule, in the order in which it is applied:
 *   1. An open receivable (an instalment is one) comes at its due date + the pay-lag of its customer: the median of the days
 *      by which that customer's settled invoices were late (below zero: early); of an even number the later of the two in the
 *      middle. Without settled invoices of the customer: the median of all customers; without any: 0.
 *   2. A payable goes at its due date.
 *   3. What should have come or gone by the day already is expected on the day after it, and marked `overdue`.
 *   4. Money of a customer that is not applied yet, and advances to a vendor, settle that party's earliest items first.
 *   5. A disputed receivable is not expected at all: it is summed apart. A disputed payable is: better safe.
 *   6. Salaries, rent, taxes and whatever else has no document yet are not in it.
 * Balance of a day = cash at the end of the first day + what came until then - what went. A shortage is the first day whose
 * balance is below zero; exactly zero is none.
 * Worked example: cash 100; receivable 50 due on day 5 from a customer who pays 10 days late; payable 120 due on day 7: day 7
 * ends at -20, day 15 at 30: shortage in 7 days.
 * Source: requirements C-42 to C-45, finance guide on runway (open receivables by pay behaviour, payables by due date). A median,
 * because single invoices are paid very late.
 * O1: sums are exact, base currency. O2: every week's closing = opening + in - out = the next week's opening.
 */
import type { Amount } from '../values/amount.ts'
import type { EpochDay } from '../values/calendar.ts'

export const OUTLOOK_WEEKS = 13
export const OUTLOOK_DAYS = OUTLOOK_WEEKS * 7
export const HORIZONS = [30, 60, 90] as const

export interface DueItem {
  readonly id: string
  readonly number: string
  readonly partyId: string
  readonly partyName: string
  readonly due: EpochDay
  /** What is open, base currency, above zero. */
  readonly amount: Amount
  readonly disputed: boolean
}

export interface PayLag {
  readonly customerId: string
  readonly daysLate: number
  readonly invoices: number
}

export interface OutlookInput {
  readonly asOf: EpochDay
  /** Cash at the end of that day. */
  readonly cash: Amount
  readonly receivables: readonly DueItem[]
  readonly payables: readonly DueItem[]
  /** By customer: receipts and credit notes that are not applied. */
  readonly credits: ReadonlyMap<string, Amount>
  /** By vendor. */
  readonly advances: ReadonlyMap<string, Amount>
  readonly lags: readonly PayLag[]
}

export interface ExpectedItem extends DueItem {
  readonly kind: 'receivable' | 'payable'
  readonly expected: EpochDay
  readonly lagDays: number
  readonly overdue: boolean
}

export interface OutlookWeek {
  readonly week: number
  readonly from: EpochDay
  readonly to: EpochDay
  readonly opening: Amount
  readonly cashIn: Amount
  readonly cashOut: Amount
  readonly closing: Amount
  /** By expected day, then kind and id. */
  readonly items: readonly ExpectedItem[]
}

export interface Outlook {
  readonly cash: Amount
  readonly weeks: readonly OutlookWeek[]
  readonly projected: readonly { readonly days: number; readonly day: EpochDay; readonly balance: Amount }[]
  /** Days to the first day below zero; null = none in the 13 weeks. */
  readonly daysToShortage: number | null
  readonly shortageDay: EpochDay | null
  readonly overdueIn: Amount
  readonly overdueOut: Amount
  /** Receivables in dispute. */
  readonly notExpected: Amount
  /** Expected after the 13 weeks. */
  readonly laterIn: Amount
  readonly laterOut: Amount
  /** Median days late of all customers; null = nobody ever settled an invoice. */
  readonly usualLagDays: number | null
}

/** Rule 1; undefined where there is nothing to take the middle of. */
export function medianLag(lags: readonly PayLag[]): number | undefined {
  const sorted = lags.toSorted((a, b) => a.daysLate - b.daysLate)
  const count = sorted.reduce((sum, { invoices }) => sum + invoices, 0)
  let passed = 0
  for (const { daysLate, invoices } of sorted) {
    passed += invoices
    if (passed > Math.floor(count / 2)) return daysLate
  }
  return undefined
}

const inOrder = (a: ExpectedItem, b: ExpectedItem): number =>
  a.expected - b.expected ||
  a.due - b.due ||
  (a.kind === b.kind ? (a.id < b.id ? -1 : 1) : a.kind < b.kind ? -1 : 1)

/** Rule 4. */
function lessCredits(items: readonly ExpectedItem[], credits: ReadonlyMap<string, Amount>): ExpectedItem[] {
  const left = new Map(credits)
  return items.toSorted(inOrder).flatMap((item) => {
    const credit = left.get(item.partyId) ?? 0n
    const used = credit < item.amount ? credit : item.amount
    if (used > 0n) left.set(item.partyId, credit - used)
    return used === item.amount ? [] : [{ ...item, amount: item.amount - used }]
  })
}

function expectedOf(input: OutlookInput, usual: number | undefined): ExpectedItem[] {
  const { asOf } = input
  const byCustomer = Map.groupBy(input.lags, ({ customerId }) => customerId)
  const lagOf = (customer: string) => medianLag(byCustomer.get(customer) ?? []) ?? usual ?? 0
  const item = (kind: ExpectedItem['kind'], one: DueItem, lagDays: number): ExpectedItem => {
    const day = one.due + lagDays
    return { ...one, kind, lagDays, expected: Math.max(day, asOf + 1), overdue: day <= asOf }
  }
  const coming = input.receivables
    .filter(({ disputed }) => !disputed)
    .map((one) => item('receivable', one, lagOf(one.partyId)))
  const going = input.payables.map((one) => item('payable', one, 0))
  return [...lessCredits(coming, input.credits), ...lessCredits(going, input.advances)].sort(inOrder)
}

const sumOf = (
  items: readonly ExpectedItem[],
  kind: ExpectedItem['kind'],
  when: (item: ExpectedItem) => boolean = () => true,
): Amount => items.reduce((sum, one) => (one.kind === kind && when(one) ? sum + one.amount : sum), 0n)

/** First day whose balance is below zero, the first of all included. */
function shortageOf(items: readonly ExpectedItem[], { asOf, cash }: OutlookInput): EpochDay | null {
  if (cash < 0n) return asOf
  let balance = cash
  for (const [day, ofDay] of Map.groupBy(items, ({ expected }) => expected)) {
    if (day > asOf + OUTLOOK_DAYS) return null
    balance += sumOf(ofDay, 'receivable') - sumOf(ofDay, 'payable')
    if (balance < 0n) return day
  }
  return null
}

export function cashOutlook(input: OutlookInput): Outlook {
  const { asOf, cash } = input
  const usual = medianLag(input.lags)
  const items = expectedOf(input, usual)
  const last = asOf + OUTLOOK_DAYS
  const until = (day: EpochDay) =>
    cash +
    sumOf(items, 'receivable', ({ expected }) => expected <= day) -
    sumOf(items, 'payable', ({ expected }) => expected <= day)
  let opening = cash
  const weeks = Array.from({ length: OUTLOOK_WEEKS }, (_, index): OutlookWeek => {
    const from = asOf + 1 + index * 7
    const to = from + 6
    const own = items.filter(({ expected }) => expected >= from && expected <= to)
    const [cashIn, cashOut] = [sumOf(own, 'receivable'), sumOf(own, 'payable')]
    const closing = opening + cashIn - cashOut
    const week = { week: index + 1, from, to, opening, cashIn, cashOut, closing, items: own }
    opening = closing
    return week
  })
  const shortageDay = shortageOf(items, input)
  return {
    cash,
    weeks,
    projected: HORIZONS.map((days) => ({ days, day: asOf + days, balance: until(asOf + days) })),
    daysToShortage: shortageDay === null ? null : shortageDay - asOf,
    shortageDay,
    overdueIn: sumOf(items, 'receivable', ({ overdue }) => overdue),
    overdueOut: sumOf(items, 'payable', ({ overdue }) => overdue),
    notExpected: input.receivables.reduce((sum, one) => (one.disputed ? sum + one.amount : sum), 0n),
    laterIn: sumOf(items, 'receivable', ({ expected }) => expected > last),
    laterOut: sumOf(items, 'payable', ({ expected }) => expected > last),
    usualLagDays: usual ?? null,
  }
}
