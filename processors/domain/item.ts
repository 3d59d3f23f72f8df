/**
 * An open item over time: a document that stands with an amount from a day, until it is cancelled or reversed, and is
 * settled by holds that each have a first and a last day of their own. PURE. Invoices and payments are both items:
 * a payment is an open credit that is used up by the same holds that settle invoices.
 *
 * I1: intervals are [from, until): on the day `until` it no longer counts. I2: the base amount of an item is the base
 * amount of what is open (one rounding of the remainder), not a sum of rounded parts. I3: the movements of an item sum
 * to its base amount as of every day.
 */
import { type Amount, convert, RATE_ONE } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'

export interface Hold {
  readonly from: EpochDay
  readonly until: EpochDay | null
  readonly amount: Amount
}

/** How amounts of a document turn into base amounts. */
export interface Pricing {
  readonly currency: string
  /** Base units for one unit, scale 8. */
  readonly rate: bigint
  /** Base currency of the tenant when the document came. */
  readonly base: string
}

export interface Item extends Pricing {
  readonly from: EpochDay
  readonly until: EpochDay | null
  readonly total: Amount
  readonly holds: readonly Hold[]
}

export const toBase = (amount: Amount, p: Pricing): Amount =>
  p.rate === RATE_ONE && p.currency === p.base ? amount : convert(amount, p.rate, p.base)

export const standsOn = (span: Pick<Hold, 'from' | 'until'>, day: EpochDay): boolean =>
  span.from <= day && (span.until === null || span.until > day)

/** What is open as of a day, in the document's currency; null when the item does not stand. */
export function openOn(item: Item, day: EpochDay): Amount | null {
  if (!standsOn(item, day)) return null
  let open = item.total
  for (const hold of item.holds) if (standsOn(hold, day)) open -= hold.amount
  return open
}

/** Earlier of two ends. */
export const earlier = (a: EpochDay | null, b: EpochDay | null): EpochDay | null => {
  if (a === null) return b
  return b === null || a < b ? a : b
}

/** Calls `visit` with every change of the item's open base amount (I3). */
export function eachMovement(item: Item, visit: (day: EpochDay, change: Amount) => void): void {
  if (item.until !== null && item.until <= item.from) return
  const steps: { day: EpochDay; change: Amount }[] = [{ day: item.from, change: item.total }]
  for (const hold of item.holds) {
    const until = earlier(hold.until, item.until)
    if (until !== null && until <= hold.from) continue
    steps.push({ day: hold.from, change: -hold.amount })
    if (until !== null && until !== item.until) steps.push({ day: until, change: hold.amount })
  }
  if (steps.length > 1) steps.sort((a, b) => a.day - b.day)
  let open = 0n
  let base = 0n
  for (let i = 0; i < steps.length; i++) {
    const { day, change } = steps[i] ?? { day: 0, change: 0n }
    open += change
    if (steps[i + 1]?.day === day) continue
    const now = toBase(open, item)
    if (now !== base) visit(day, now - base)
    base = now
  }
  if (item.until !== null && base !== 0n) visit(item.until, -base)
}

/** Calls `visit` with every day after `today` on which the item changes. */
export function eachLaterDay(item: Item, today: EpochDay, visit: (day: EpochDay) => void): void {
  if (item.from > today) visit(item.from)
  if (item.until !== null && item.until > today) visit(item.until)
  for (const hold of item.holds) {
    if (hold.from > today) visit(hold.from)
    if (hold.until !== null && hold.until > today) visit(hold.until)
  }
}

/** Latest day up to and including `today` on which the item changes. */
export function latestChange(item: Item, today: EpochDay): EpochDay {
  let latest = Number.MIN_SAFE_INTEGER
  const see = (day: EpochDay | null) => {
    if (day !== null && day <= today && day > latest) latest = day
  }
  see(item.from)
  see(item.until)
  for (const hold of item.holds) {
    see(hold.from)
    see(hold.until)
  }
  return latest
}
