/**
 * What a tenant owes and when it is due, and the cash that leaves it, as far as the projected balance needs it
 * (schemas/rules/alerts/cash-flow.ts). PURE but for the stores that it is given.
 *
 * P1: what is recorded counts at once, whatever its date: the projection looks ahead. P2: an order of events that is not
 *     that of their aggregates changes nothing: an allocation waits for its bill. P3: nothing is refused here: the books
 *     of payables judge, this only adds up. P4: cash = payments to vendors and paid expenses, and the lines of cash
 *     accounts (CASH, BANK, MFS) of journal entries that no document has; receipts are in the daily figures. P5: documents
 *     up to the day of the opening balances are in those. An expense that is approved and not paid from an account of
 *     cash is neither cash nor due: it names no day.
 */
import type { EventType, FinanceEvent, JournalLine } from '../../schemas/generated/records.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { addToHistogram, EMPTY_HISTOGRAM, type Histogram } from './histogram.ts'
import type { Cells } from './book.ts'
import { type Pricing, toBase } from './item.ts'

export interface Owed extends Pricing {
  readonly approved: boolean
  readonly ended: boolean
  /** To be paid to the vendor: without what is withheld. */
  readonly total: Amount
  /** Due days and amounts, ascending; the amounts may be those before withholding. */
  readonly parts: readonly (readonly [EpochDay, Amount])[]
  /** Allocations and write-offs. */
  readonly settled: Amount
}

export interface PaidOut extends Pricing {
  readonly amount: Amount
  /** What it took from the cash, base currency. */
  readonly cash: Amount
  readonly allocations: readonly (readonly [bill: string, amount: Amount])[]
  readonly ended: boolean
}

/** An expense: what it took from the cash; null = not approved (yet). */
export interface Spent {
  readonly cash: Amount | null
  readonly cancelled: boolean
}

/** Of a tenant. */
export interface Outlook {
  /** P4. */
  readonly cash: Amount
  /** P5; null = none. */
  readonly openedOn: EpochDay | null
  /** Payments to vendors without a bill. */
  readonly prepaid: Amount
  /** Open bills by due day. */
  readonly due: Histogram
}

export const NO_OUTLOOK: Outlook = { cash: 0n, openedOn: null, prepaid: 0n, due: EMPTY_HISTOGRAM }

export interface OutlookStores {
  readonly outlooks: Cells<Outlook>
  readonly bills: Cells<Owed>
  readonly payouts: Cells<PaidOut>
  readonly spent: Cells<Spent>
}

const NOT_RECEIVED: Owed = {
  approved: false,
  ended: false,
  currency: 'BDT',
  rate: 0n,
  base: 'BDT',
  total: 0n,
  parts: [],
  settled: 0n,
}

const CASH_SUBTYPES: ReadonlySet<string> = new Set(['CASH', 'BANK', 'MFS'])

const TYPES = [
  'BillReceived',
  'BillApproved',
  'BillCancelled',
  'BillDueDateChanged',
  'BillWrittenOff',
  'VendorPaymentSent',
  'VendorPaymentAllocated',
  'VendorPaymentReversed',
  'VendorPaymentFailed',
  'ExpenseApproved',
  'ExpenseCancelled',
  'JournalEntryPosted',
] as const satisfies readonly EventType[]

const OF_OUTLOOK: ReadonlySet<EventType> = new Set(TYPES)
export type OutlookEvent = Extract<FinanceEvent, { readonly type: (typeof TYPES)[number] }>
export const isOfOutlook = (event: FinanceEvent): event is OutlookEvent => OF_OUTLOOK.has(event.type)

/** Open amounts by due day: settlements take what is due first. The parts sum to the base amount of the bill. */
function duesOf(bill: Owed): readonly (readonly [EpochDay, Amount])[] {
  const open = bill.total - bill.settled
  if (!bill.approved || bill.ended || open <= 0n) return []
  const found: [EpochDay, Amount][] = []
  let sum = 0n
  let after = 0n
  for (let i = bill.parts.length - 1; i >= 0 && sum < open; i--) {
    const [day, amount] = bill.parts[i] ?? [0, 0n]
    sum += amount
    const base = toBase(sum < open && i > 0 ? sum : open, bill)
    found.push([day, base - after])
    after = base
  }
  return found
}

const prepaidOf = (payment: PaidOut | undefined): Amount => {
  if (payment === undefined || payment.ended) return 0n
  const left = payment.allocations.reduce((rest, [, amount]) => rest - amount, payment.amount)
  return left > 0n ? toBase(left, payment) : 0n
}

/** One event of a tenant. */
class Change {
  readonly #tenantId: string
  readonly #stores: OutlookStores
  outlook: Outlook

  constructor(tenantId: string, stores: OutlookStores) {
    this.#tenantId = tenantId
    this.#stores = stores
    this.outlook = stores.outlooks.get(tenantId) ?? NO_OUTLOOK
  }

  key(id: string): string {
    return `${this.#tenantId}|${id}`
  }

  spend(cash: Amount): void {
    this.outlook = { ...this.outlook, cash: this.outlook.cash - cash }
  }

  /** P5: whether a document of that day moves the cash. */
  counts(day: EpochDay): boolean {
    return this.outlook.openedOn === null || day > this.outlook.openedOn
  }

  bill(id: string, change: (bill: Owed) => Owed): void {
    const { bills } = this.#stores
    const before = bills.get(this.key(id)) ?? NOT_RECEIVED
    const after = change(before)
    bills.set(this.key(id), after)
    let { due } = this.outlook
    for (const [day, amount] of duesOf(before)) due = addToHistogram(due, day, -amount)
    for (const [day, amount] of duesOf(after)) due = addToHistogram(due, day, amount)
    this.outlook = { ...this.outlook, due }
  }

  payment(id: string, change: (payment: PaidOut | undefined) => PaidOut | undefined): void {
    const { payouts } = this.#stores
    const before = payouts.get(this.key(id))
    const after = change(before)
    if (after === undefined || after === before) return
    payouts.set(this.key(id), after)
    const settle = (payment: PaidOut | undefined, sign: 1n | -1n) => {
      if (payment === undefined || payment.ended) return
      this.spend(sign * payment.cash)
      for (const [bill, amount] of payment.allocations) {
        this.bill(bill, (owed) => ({ ...owed, settled: owed.settled + sign * amount }))
      }
    }
    settle(before, -1n)
    settle(after, 1n)
    const prepaid = this.outlook.prepaid + prepaidOf(after) - prepaidOf(before)
    this.outlook = { ...this.outlook, prepaid }
  }

  expense(id: string, change: (spent: Spent) => Spent): void {
    const { spent } = this.#stores
    const before = spent.get(this.key(id)) ?? { cash: null, cancelled: false }
    const after = change(before)
    spent.set(this.key(id), after)
    const takes = ({ cash, cancelled }: Spent) => (cancelled ? 0n : (cash ?? 0n))
    this.spend(takes(after) - takes(before))
  }

  /** True when something is other than it was. */
  commit(): boolean {
    const { outlooks } = this.#stores
    const before = outlooks.get(this.#tenantId) ?? NO_OUTLOOK
    const { cash, openedOn, prepaid, due } = this.outlook
    if (
      cash === before.cash &&
      openedOn === before.openedOn &&
      prepaid === before.prepaid &&
      due === before.due
    ) {
      return false
    }
    outlooks.set(this.#tenantId, this.outlook)
    return true
  }
}

const cashOf = (lines: readonly JournalLine[]): Amount =>
  lines.reduce(
    (sum, { accountSubtype, debit, credit }) =>
      CASH_SUBTYPES.has(accountSubtype) ? sum + debit - credit : sum,
    0n,
  )

type Received = Extract<OutlookEvent, { type: 'BillReceived' | 'BillApproved' }>['data']

const received = (bill: Owed, e: Received, base: string, approved: boolean): Owed => ({
  ...bill,
  approved,
  currency: e.currency,
  rate: e.fxRate,
  base,
  total: e.total - e.vdsWithheld - e.tdsWithheld,
  parts:
    e.instalments.length === 0
      ? [[e.dueDate, e.total]]
      : e.instalments.map(({ dueDate, amount }) => [dueDate, amount] as const).sort(([a], [b]) => a - b),
})

/** The last part is due on another day. */
const moved = (bill: Owed, day: EpochDay): Owed => {
  const last = bill.parts.at(-1)
  if (last === undefined) return bill
  return { ...bill, parts: bill.parts.with(-1, [day, last[1]]).sort(([a], [b]) => a - b) }
}

function apply(event: OutlookEvent, change: Change, base: string): void {
  const { data } = event
  const id = data.aggregateId
  switch (event.type) {
    case 'BillReceived':
      return change.bill(id, (bill) => received(bill, event.data, base, event.data.status === 'APPROVED'))
    case 'BillApproved':
      return change.bill(id, (bill) => received(bill, event.data, base, true))
    case 'BillCancelled':
      return change.bill(id, (bill) => ({ ...bill, ended: true }))
    case 'BillDueDateChanged':
      return change.bill(id, (bill) => moved(bill, event.data.dueDate))
    case 'BillWrittenOff':
      return change.bill(id, (bill) => ({ ...bill, settled: bill.settled + event.data.amount }))
    case 'VendorPaymentSent': {
      const { amount, currency, fxRate: rate, paymentDate, allocations } = event.data
      const priced = { currency, rate, base }
      return change.payment(id, () => ({
        ...priced,
        amount,
        cash: change.counts(paymentDate) ? toBase(amount, priced) : 0n,
        allocations: allocations.map((one) => [one.billId, one.amount]),
        ended: false,
      }))
    }
    case 'VendorPaymentAllocated': {
      const more = event.data.allocations.map((one) => [one.billId, one.amount] as const)
      return change.payment(
        id,
        (payment) => payment && { ...payment, allocations: [...payment.allocations, ...more] },
      )
    }
    case 'VendorPaymentReversed':
    case 'VendorPaymentFailed':
      return change.payment(id, (payment) => payment && { ...payment, ended: true })
    case 'ExpenseApproved': {
      const { total, vdsWithheld, tdsWithheld, paidFromAccountId, expenseDate } = event.data
      const priced = { currency: event.data.currency, rate: event.data.fxRate, base }
      const isPaid = paidFromAccountId !== null && change.counts(expenseDate)
      const cash = isPaid ? toBase(total - vdsWithheld - tdsWithheld, priced) : 0n
      return change.expense(id, (spent) => ({ ...spent, cash }))
    }
    case 'ExpenseCancelled':
      return change.expense(id, (spent) => ({ ...spent, cancelled: true }))
    case 'JournalEntryPosted': {
      const { kind, sourceType, entryDate, lines } = event.data
      if (kind === 'DOCUMENT' || sourceType !== '') return
      change.spend(-cashOf(lines))
      if (kind !== 'OPENING') return
      const openedOn = Math.max(entryDate, change.outlook.openedOn ?? entryDate)
      change.outlook = { ...change.outlook, openedOn }
    }
  }
}

/** Adds an event up; true when the outlook of the tenant changed. */
export function foldOutlook(event: OutlookEvent, base: string, stores: OutlookStores): boolean {
  const change = new Change(event.data.tenantId, stores)
  apply(event, change, base)
  return change.commit()
}
