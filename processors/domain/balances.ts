/**
 * Balances of customers and of the tenant as a whole: what is open by due day and by invoice day, as of the tenant's
 * today. PURE.
 *
 * B1: a balance is the sum of the contributions of its invoices and payments as of one and the same day; a change is
 * the difference of two contributions. B2: sum of the buckets + unapplied = the control account. B3: a base amount of 0
 * can still be an open item (a remainder below the base currency's minor unit).
 */
import { bucketIndex, DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { addToHistogram, eachDay, EMPTY_HISTOGRAM, type Histogram } from './histogram.ts'
import type { Balance } from './records.ts'

export const NO_BALANCE: Balance = {
  name: '',
  mastered: false,
  listed: false,
  due: EMPTY_HISTOGRAM,
  posting: EMPTY_HISTOGRAM,
  unapplied: 0n,
  disputed: 0n,
  openItems: 0,
}

/** Open amount of an instalment. */
export interface DuePart {
  readonly day: EpochDay
  readonly base: Amount
}

/** What an open invoice adds to the balances of its customer and its tenant. */
export interface OpenInvoice {
  readonly customerId: string
  readonly dueDay: EpochDay
  /** What is open by due day, where the invoice has instalments; null = all of it on `dueDay`. */
  readonly parts: readonly DuePart[] | null
  readonly postingDay: EpochDay
  readonly base: Amount
  readonly disputed: boolean
}

/** Calls `visit` with every due day of an open invoice. */
export function eachDue(open: OpenInvoice, visit: (day: EpochDay, base: Amount) => void): void {
  if (open.parts === null) visit(open.dueDay, open.base)
  else for (const { day, base } of open.parts) visit(day, base)
}

/** Changes of a histogram in the order in which they came: each take-off before what replaces it. */
class DayChanges {
  readonly #days: EpochDay[] = []
  readonly #amounts: Amount[] = []

  add(day: EpochDay, amount: Amount): void {
    const last = this.#days.length - 1
    if (this.#days[last] === day) this.#amounts[last] = (this.#amounts[last] ?? 0n) + amount
    else {
      this.#days.push(day)
      this.#amounts.push(amount)
    }
  }

  applyTo(histogram: Histogram): Histogram {
    let result = histogram
    for (let i = 0; i < this.#days.length; i++) {
      result = addToHistogram(result, this.#days[i] ?? 0, this.#amounts[i] ?? 0n)
    }
    return result
  }
}

/** Difference of contributions, gathered over one event or one midnight. */
export class BalanceChange {
  readonly #due = new DayChanges()
  readonly #posting = new DayChanges()
  #unapplied: Amount = 0n
  #disputed: Amount = 0n
  #openItems = 0

  invoice(open: OpenInvoice, sign: 1 | -1): void {
    const base = sign === 1 ? open.base : -open.base
    eachDue(open, (day, amount) => this.#due.add(day, sign === 1 ? amount : -amount))
    this.#posting.add(open.postingDay, base)
    if (open.disputed) this.#disputed += base
    this.#openItems += sign
  }

  credit(base: Amount): void {
    this.#unapplied += base
  }

  /** The balance after the change; the same object when nothing changes. */
  applyTo(balance: Balance): Balance {
    const due = this.#due.applyTo(balance.due)
    const posting = this.#posting.applyTo(balance.posting)
    const same = due === balance.due && posting === balance.posting
    if (same && this.#unapplied === 0n && this.#disputed === 0n && this.#openItems === 0) return balance
    return {
      ...balance,
      due,
      posting,
      unapplied: balance.unapplied + this.#unapplied,
      disputed: balance.disputed + this.#disputed,
      openItems: balance.openItems + this.#openItems,
    }
  }
}

export const isSettled = (balance: Balance): boolean => balance.openItems === 0 && balance.unapplied === 0n

export interface Aging {
  readonly due: readonly Amount[]
  readonly posting: readonly Amount[]
  readonly unapplied: Amount
  /** B2. */
  readonly total: Amount
}

function bucketsOf(histogram: Histogram, asOf: EpochDay): { buckets: Amount[]; sum: Amount } {
  const buckets = Array.from({ length: DEFAULT_EDGES.length + 1 }, () => 0n)
  let sum = 0n
  eachDay(histogram, (day, amount) => {
    const index = bucketIndex(asOf, day, DEFAULT_EDGES)
    buckets[index] = (buckets[index] ?? 0n) + amount
    sum += amount
  })
  return { buckets, sum }
}

/** Buckets on both bases; `asOf` must be the day that the balance stands for. */
export function agingOf(balance: Balance, asOf: EpochDay): Aging {
  const due = bucketsOf(balance.due, asOf)
  const posting = bucketsOf(balance.posting, asOf)
  if (due.sum !== posting.sum) {
    throw new Error(`the two bases disagree: ${due.sum} by due date, ${posting.sum} by invoice date`)
  }
  const unapplied = balance.unapplied === 0n ? 0n : -balance.unapplied
  return { due: due.buckets, posting: posting.buckets, unapplied, total: due.sum + unapplied }
}
