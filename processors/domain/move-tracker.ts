/**
 * Keeps the moves of the days (moves.ts) in step with the records of one event or one midnight, and knows from which day
 * on the event matters. PURE but for the store that it is given.
 *
 * T1: a record's old moves are taken off and its new ones put on, day by day, for days from `from` to today; a later
 * day gets its moves when it begins. T2: a change that matters from today on costs one look; only a backdated one looks
 * at the days in between.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { addChangeDays, invoiceChangedOn, NEVER, paymentChangedOn } from './changed-days.ts'
import type { Item } from './item.ts'
import { type DayMoves, isStill, MoveChange, NO_MOVES } from './moves.ts'
import type { Invoice, Payment } from './records.ts'
import { type CreditView, type InvoiceView, viewCredit, viewInvoice } from './views.ts'

/** Moves by tenant and day. */
export interface MoveStore {
  get(key: string): DayMoves | undefined
  set(key: string, value: DayMoves): void
  delete(key: string): void
}

export const movesKey = (tenantId: string, day: EpochDay): string => `${tenantId}|${day}`

/** An invoice before or after, with what it contributes today. */
interface InvoiceState<I> {
  readonly invoice: I
  readonly item: Item | null
  readonly now: InvoiceView
}

interface PaymentState<P> {
  readonly payment: P
  readonly item: Item | null
  readonly now: CreditView
}

export class MoveTracker {
  /** First day on which anything stands differently after this event. */
  changedOn = NEVER
  readonly #today: EpochDay
  readonly #from: EpochDay
  readonly #store: MoveStore
  readonly #days = new Map<EpochDay, MoveChange>()

  /** `from`: first day whose moves are kept. */
  constructor(store: MoveStore, from: EpochDay, today: EpochDay) {
    this.#store = store
    this.#from = from
    this.#today = today
  }

  /** Something counts from this day on. */
  changes(day: EpochDay): void {
    if (day < this.changedOn) this.changedOn = day
  }

  invoice(before: InvoiceState<Invoice | undefined>, after: InvoiceState<Invoice>): void {
    const first = invoiceChangedOn(before.invoice, before.item, after.invoice, after.item)
    this.changes(first)
    if (first === this.#today) this.moved(first, after.invoice, before.now, after.now)
    if (first >= this.#today) return
    const days = new Set<EpochDay>()
    const start = Math.max(first, this.#from)
    for (const { invoice, item } of [before, after])
      addChangeDays(days, item, invoice?.changes ?? [], start, this.#today)
    for (const day of days) {
      const on = ({ invoice, item }: InvoiceState<Invoice | undefined>, at: EpochDay) =>
        viewInvoice(invoice, item, at)
      this.moved(day, before.invoice, on(before, day), on(before, day - 1))
      this.moved(day, after.invoice, on(after, day - 1), on(after, day))
    }
  }

  payment(before: PaymentState<Payment | undefined>, after: PaymentState<Payment>): void {
    const first = paymentChangedOn(before.payment, before.item, after.payment, after.item)
    this.changes(first)
    if (first === this.#today) this.credited(first, after.payment, before.now, after.now)
    if (first >= this.#today) return
    const days = new Set<EpochDay>()
    const start = Math.max(first, this.#from)
    for (const { item } of [before, after]) addChangeDays(days, item, [], start, this.#today)
    for (const day of days) {
      const on = ({ payment, item }: PaymentState<Payment | undefined>, at: EpochDay) =>
        viewCredit(payment, item, at)
      this.credited(day, before.payment, on(before, day), on(before, day - 1))
      this.credited(day, after.payment, on(after, day - 1), on(after, day))
    }
  }

  /** What `was` contributed became what `is` contributes, with this day. */
  moved(day: EpochDay, invoice: Invoice | undefined, was: InvoiceView, is: InvoiceView): void {
    if (day < this.#from) return
    const moves = this.#on(day)
    if (was.open !== null) moves.invoice(was.open, -1)
    if (is.open !== null) moves.invoice(is.open, 1)
    const document = invoice?.document
    if (document) moves.paid(document.date, is.paid - was.paid)
  }

  /** As `moved`, for a payment or credit note. */
  credited(day: EpochDay, payment: Payment | undefined, was: CreditView, is: CreditView): void {
    if (payment === undefined || day < this.#from) return
    const moves = this.#on(day)
    moves.credit(is.unapplied - was.unapplied)
    moves.paid(payment.document.date, is.paid - was.paid)
  }

  #on(day: EpochDay): MoveChange {
    let moves = this.#days.get(day)
    if (moves === undefined) this.#days.set(day, (moves = new MoveChange()))
    return moves
  }

  commit(tenantId: string): void {
    for (const [day, change] of this.#days) {
      const key = movesKey(tenantId, day)
      const before = this.#store.get(key)
      const moves = change.applyTo(before ?? NO_MOVES)
      if (!isStill(moves)) this.#store.set(key, moves)
      else if (before !== undefined) this.#store.delete(key)
    }
  }
}
