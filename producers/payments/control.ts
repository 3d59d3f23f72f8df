/**
 * Owns what a control account (receivables, payables) holds of documents and of what settles them, on every day, and the
 * postings that keep it exact in foreign currencies. PURE.
 * On each day a document is worth convert(open, its rate), a source of settlements convert(unapplied, its rate); the
 * account is the sum of the first less the sum of the second.
 * E1: an event posts in its own postings what it means at its document's rate (cash, revenue, bad debt against the
 *     account); here is what is missing to the difference between after and before, day by day: what is settled at
 *     another rate is exchange gain or loss, the poishas of conversion are rounding.
 * E2: an allocation's difference is convert(amount, source's rate) - convert(amount, document's rate), whatever came
 *     before it: so what ends it posts the same amount back to the same account.
 * E3: in the base currency nothing is missing, and no other document has to be known.
 * Example: an invoice of USD 100 at 110 (11,000.00), paid by 100 at 112 (11,200.00 to the account when the money came):
 * the allocation posts 200.00 receivables to exchange gain, and nothing is left of both.
 */
import { type Amount, convert, RATE_ONE } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { Party, Posting, PostingLine } from '../ledger/posting.ts'
import { activeOn, type Allocation, allocatedOn } from './allocations.ts'

/** A document, or a source of settlements, as its account sees it. */
export interface Item {
  readonly fxRate: bigint
  /** All that it is worth, in its currency. */
  readonly amount: Amount
  readonly from: EpochDay
  /** First day on which it counts no more. */
  readonly to: EpochDay | null
  readonly allocations: readonly Allocation[]
}

/** An allocation between two items; a write-off has no source of its own and makes no difference. */
export interface Link {
  readonly allocation: Allocation
  readonly sourceRate: bigint
  readonly documentRate: bigint
}

export interface View {
  readonly documents: readonly Item[]
  readonly sources: readonly Item[]
  readonly links: readonly Link[]
}

export interface Control {
  readonly role: 'receivables' | 'payables'
  readonly party: Party
  /** Base currency. */
  readonly base: string
}

/** The side on which the account grows. */
const grows = ({ role }: Control): 'debit' | 'credit' => (role === 'receivables' ? 'debit' : 'credit')

const countsOn = ({ from, to }: Item, day: EpochDay): boolean => from <= day && (to === null || day < to)

function worthOn(items: readonly Item[], day: EpochDay, base: string): Amount {
  let sum = 0n
  for (const item of items) {
    if (!countsOn(item, day)) continue
    sum += convert(item.amount - allocatedOn(item.allocations, day), item.fxRate, base)
  }
  return sum
}

const differenceOf = ({ allocation, sourceRate, documentRate }: Link, base: string): Amount =>
  convert(allocation.amount, sourceRate, base) - convert(allocation.amount, documentRate, base)

interface Standing {
  readonly account: Amount
  /** Differences above and below zero, each summed. */
  readonly above: Amount
  readonly below: Amount
}

function standingOn({ documents, sources, links }: View, day: EpochDay, base: string): Standing {
  let above = 0n
  let below = 0n
  for (const link of links) {
    if (!activeOn(link.allocation, day)) continue
    const difference = differenceOf(link, base)
    if (difference > 0n) above += difference
    else below += difference
  }
  return { account: worthOn(documents, day, base) - worthOn(sources, day, base), above, below }
}

function daysOf(views: readonly View[], posted: ReadonlyMap<EpochDay, Amount>): readonly EpochDay[] {
  const days = new Set(posted.keys())
  for (const { documents, sources } of views) {
    for (const { from, to, allocations } of [...documents, ...sources]) {
      days.add(from)
      if (to !== null) days.add(to)
      for (const { fromDay, toDay } of allocations) {
        days.add(fromDay)
        if (toDay !== null) days.add(toDay)
      }
    }
  }
  return Array.from(days).toSorted((a, b) => a - b)
}

/** What postings move in the account, by day, in the base currency. */
function postedBy(postings: readonly Posting[], control: Control): ReadonlyMap<EpochDay, Amount> {
  const days = new Map<EpochDay, Amount>()
  for (const { entryDate, fxRate, lines } of postings) {
    for (const { role, side, amount, base } of lines) {
      if (role !== control.role) continue
      const value = base ?? convert(amount, fxRate, control.base)
      days.set(entryDate, (days.get(entryDate) ?? 0n) + (side === grows(control) ? value : -value))
    }
  }
  return days
}

/** An event's own postings, and those that make the account exact after it (E1). */
export function exactPostings(
  own: readonly Posting[],
  before: View,
  after: View,
  control: Control,
  named: Pick<Posting, 'description' | 'number'>,
): readonly Posting[] {
  const { base } = control
  const posted = postedBy(own, control)
  const postings = [...own]
  let last: Standing = NOTHING
  for (const day of daysOf([before, after], posted)) {
    const was = standingOn(before, day, base)
    const is = standingOn(after, day, base)
    const change: Standing = {
      account: is.account - was.account,
      above: is.above - was.above,
      below: is.below - was.below,
    }
    const account = change.account - last.account - (posted.get(day) ?? 0n)
    const above = change.above - last.above
    const below = change.below - last.below
    last = change
    if (account === 0n && above === 0n && below === 0n) continue
    postings.push({
      ...named,
      entryDate: day,
      currency: base,
      fxRate: RATE_ONE,
      lines: linesOf(control, account, above, below),
    })
  }
  return postings
}

const NOTHING: Standing = { account: 0n, above: 0n, below: 0n }

/**
 * What the account gains on one side stands on the other as exchange difference: above zero a receivable was paid at a
 * higher rate (gain), a payable too (loss).
 */
function linesOf(control: Control, account: Amount, above: Amount, below: Amount): readonly PostingLine[] {
  const side = grows(control)
  const other = side === 'debit' ? 'credit' : 'debit'
  const [whenAbove, whenBelow] =
    control.role === 'receivables' ? (['fx-gain', 'fx-loss'] as const) : (['fx-loss', 'fx-gain'] as const)
  const lines: readonly PostingLine[] = [
    { side, role: control.role, amount: account, party: control.party },
    { side: other, role: whenAbove, amount: above },
    { side: other, role: whenBelow, amount: below },
    { side: other, role: 'rounding', amount: account - above - below },
  ]
  return lines.filter(({ amount }) => amount !== 0n)
}

/** A posting with every line on the other side. */
export const opposite = (posting: Posting, entryDate: EpochDay, description: string): Posting => ({
  ...posting,
  entryDate,
  description,
  lines: posting.lines.map((line) => ({ ...line, side: line.side === 'debit' ? 'credit' : 'debit' })),
})
