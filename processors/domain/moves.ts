/**
 * What moved the tenant's balance from one day to the next, kept for the days whose close can still be corrected. PURE.
 * The balance as of a closed day is today's balance less the moves of the days after it: so a close can be computed
 * again at any time without looking at a single document, and a day costs a few numbers instead of a whole balance.
 *
 * M1: the moves of day d are (standing at the end of d) - (standing at the end of d - 1), summed over all documents as
 * they are known now; they are kept for days up to today. M2: sorted by day, no amount is 0: equal contents are equal
 * values. M3: paid revenue lies on the day of its document, whenever it was paid (figures.ts); the moves say which part
 * of it came with which day.
 */
import { type Figures, type FigureSource, NO_FIGURES, subtractFigures } from '../../schemas/rules/kpis.ts'
import type { LedgerSource } from '../../schemas/rules/ledger-figures.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { eachDue, type OpenInvoice } from './balances.ts'
import { addToHistogram, type Histogram, positionOf } from './histogram.ts'
import type { Balance } from './records.ts'

/** Amounts by day, above or below zero. */
export interface DayAmounts {
  readonly days: readonly EpochDay[]
  readonly amounts: readonly Amount[]
}

export interface DayMoves {
  /** Open amounts by due day and by invoice day. */
  readonly due: DayAmounts
  readonly posting: DayAmounts
  /** Paid revenue by day of the invoice or credit note. */
  readonly paid: DayAmounts
  readonly unapplied: Amount
  readonly disputed: Amount
  readonly openItems: number
}

const NONE: DayAmounts = { days: [], amounts: [] }
export const NO_MOVES: DayMoves = {
  due: NONE,
  posting: NONE,
  paid: NONE,
  unapplied: 0n,
  disputed: 0n,
  openItems: 0,
}

/** A list of (day, amount) in the order in which they came. */
type Changes = [EpochDay, Amount][]

function withChanges(list: DayAmounts, changes: Changes): DayAmounts {
  if (changes.length === 0) return list
  const days = list.days.slice()
  const amounts = list.amounts.slice()
  for (const [day, change] of changes) {
    const at = positionOf(days, day)
    if (days[at] !== day) {
      if (change === 0n) continue
      days.splice(at, 0, day)
      amounts.splice(at, 0, change)
      continue
    }
    const sum = (amounts[at] ?? 0n) + change
    if (sum !== 0n) amounts[at] = sum
    else {
      days.splice(at, 1)
      amounts.splice(at, 1)
    }
  }
  return { days, amounts }
}

/** Changes of one day's moves, gathered over one event or one midnight. */
export class MoveChange {
  readonly #due: Changes = []
  readonly #posting: Changes = []
  readonly #paid: Changes = []
  #unapplied: Amount = 0n
  #disputed: Amount = 0n
  #openItems = 0

  invoice(open: OpenInvoice, sign: 1 | -1): void {
    const base = sign === 1 ? open.base : -open.base
    eachDue(open, (day, amount) => this.#due.push([day, sign === 1 ? amount : -amount]))
    this.#posting.push([open.postingDay, base])
    if (open.disputed) this.#disputed += base
    this.#openItems += sign
  }

  paid(documentDay: EpochDay, base: Amount): void {
    if (base !== 0n) this.#paid.push([documentDay, base])
  }

  credit(base: Amount): void {
    this.#unapplied += base
  }

  applyTo(moves: DayMoves): DayMoves {
    return {
      due: withChanges(moves.due, this.#due),
      posting: withChanges(moves.posting, this.#posting),
      paid: withChanges(moves.paid, this.#paid),
      unapplied: moves.unapplied + this.#unapplied,
      disputed: moves.disputed + this.#disputed,
      openItems: moves.openItems + this.#openItems,
    }
  }
}

export const isStill = (moves: DayMoves): boolean =>
  moves.due.days.length === 0 &&
  moves.posting.days.length === 0 &&
  moves.paid.days.length === 0 &&
  moves.unapplied === 0n &&
  moves.disputed === 0n &&
  moves.openItems === 0

function without(histogram: Histogram, { days, amounts }: DayAmounts): Histogram {
  let result = histogram
  for (let i = 0; i < days.length; i++) result = addToHistogram(result, days[i] ?? 0, -(amounts[i] ?? 0n))
  return result
}

/** The balance of the day before. */
const dayBefore = (balance: Balance, moves: DayMoves): Balance => ({
  ...balance,
  due: without(balance.due, moves.due),
  posting: without(balance.posting, moves.posting),
  unapplied: balance.unapplied - moves.unapplied,
  disputed: balance.disputed - moves.disputed,
  openItems: balance.openItems - moves.openItems,
})

/** Figures as of an earlier day: those of today less the revenue that was paid after that day (M3). */
function figuresBefore(source: FigureSource, paidLater: DayAmounts): FigureSource {
  if (paidLater.days.length === 0) return source
  let sum = 0n
  const sums = paidLater.amounts.map((amount) => (sum += amount))
  return {
    firstDay: source.firstDay,
    through(day): Figures {
      const paidRevenue = sums[positionOf(paidLater.days, day + 1) - 1] ?? 0n
      return subtractFigures(source.through(day), { ...NO_FIGURES, paidRevenue })
    },
  }
}

/** What a close is made of. */
export interface Standing {
  readonly day: EpochDay
  readonly balance: Balance
  readonly figures: FigureSource
  /** The ledger's figures lie on their own day: those of today are those of any day before. */
  readonly ledger: LedgerSource
}

/** Standings of the days `first`..`last`, ascending, walked back to from today's. `last` is not after today. */
export function standingsOf(
  now: Standing,
  movesOf: (day: EpochDay) => DayMoves | undefined,
  first: EpochDay,
  last: EpochDay,
): Standing[] {
  const found: Standing[] = []
  let { balance } = now
  let paidLater = NONE
  for (let { day } = now; day >= first; day--) {
    if (day <= last) found.push({ ...now, day, balance, figures: figuresBefore(now.figures, paidLater) })
    const moves = movesOf(day)
    if (moves === undefined) continue
    balance = dayBefore(balance, moves)
    const { days, amounts } = moves.paid
    paidLater = withChanges(
      paidLater,
      days.map((invoiceDay, i) => [invoiceDay, amounts[i] ?? 0n]),
    )
  }
  return found.reverse()
}
