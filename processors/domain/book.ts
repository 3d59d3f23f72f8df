/**
 * The book of one tenant (receivables, or payables: records.ts, R5) during one event or one midnight: reads records, gathers what changes, and writes it all at the
 * end with its consequences: balances, daily figures, the directory of customers and the agenda. PURE but for the
 * stores that it is given.
 *
 * B1: consequences are differences: what a record contributed before is taken off, what it contributes now is added.
 * B2: contributions are as of `today`. A record that changes on a later day is on the agenda of that day, and is looked
 * at again when that day starts; days up to today are never looked at again. B3: a customer is in the directory from
 * its first open amount until the midnight after its last one. B4: while closes of earlier days can be corrected, the
 * moves of each day (moves.ts) are kept beside the balance, and the book says from which day on an event matters.
 */
import type { LedgerFigures } from '../../schemas/rules/ledger-figures.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { MonthPanes, PaneIndex, PaneStores, ReadablePanes } from '../runtime/window/panes.ts'
import { BalanceChange, isSettled, NO_BALANCE } from './balances.ts'
import { applyFigures, FigureChanges, type FigureIndex, type MonthFigures } from './figures.ts'
import { applyLedger, type LedgerIndex, type LedgerMonth } from './ledger.ts'
import type { MoveTracker } from './move-tracker.ts'
import { positionIn, segmentOf } from './segments.ts'
import { type CreditView, type InvoiceView, viewCredit, viewInvoice } from './views.ts'
import { eachLaterDay, eachMovement, type Item, latestChange, toBase } from './item.ts'
import {
  type Balance,
  type Expense,
  type Invoice,
  invoiceItem,
  type Payment,
  paymentItem,
} from './records.ts'
import { RECEIVABLES, type Words } from './records.ts'
import { countCapped, countCappedWriteOffs } from './settlement.ts'

/** A store of the runtime, as far as the book needs it. */
export interface Cells<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
}

export interface BookStores {
  readonly invoices: Cells<Invoice>
  readonly payments: Cells<Payment>
  /** By customer; the tenant as a whole has the empty customer id. */
  readonly balances: Cells<Balance>
  /** Customers to show, by segment. */
  readonly directory: Cells<readonly string[]>
  /** Records to look at again, by day and segment. */
  readonly agenda: Cells<readonly string[]>
  readonly months: Cells<MonthFigures>
  readonly index: Cells<FigureIndex>
  /** Expenses that are approved or cancelled; null in the book of payables, as are the customers and the ledger. */
  readonly expenses: Cells<Expense> | null
  /** Day of the first approved invoice, by customer. */
  readonly customers: Cells<EpochDay> | null
  readonly ledgerMonths: Cells<LedgerMonth> | null
  readonly ledgerIndex: Cells<LedgerIndex> | null
}

export interface BookEffects {
  /** A customer's balance, or with the empty id the tenant's, is to be shown anew. */
  balanceChanged(customerId: string): void
  count(metric: string): void
}

/** Customer id of the tenant as a whole. */
export const WHOLE = ''

const DIRECTORY_SEGMENTS = 64
const AGENDA_SEGMENTS = 16

/** A record that this event read, as it was and as it is now. */
interface Edit<V> {
  readonly key: string
  readonly before: V | undefined
  after: V | undefined
}

export class Book {
  readonly tenantId: string
  readonly stores: BookStores
  /** Day that the balances stand for. */
  readonly today: EpochDay
  readonly effects: BookEffects
  readonly figures = new FigureChanges()
  /** Latest day up to today on which a record of this event changes. */
  latestChange = Number.MIN_SAFE_INTEGER
  readonly #invoices = new Map<string, Edit<Invoice>>()
  readonly #payments = new Map<string, Edit<Payment>>()
  readonly #balances = new Map<string, BalanceChange>()
  readonly #names = new Map<string, string>()
  #posted: readonly (readonly [EpochDay, LedgerFigures])[] = []
  /** B4; null while no close can be corrected. */
  readonly moves: MoveTracker | null
  readonly words: Words

  constructor(
    tenantId: string,
    today: EpochDay,
    stores: BookStores,
    effects: BookEffects,
    moves: MoveTracker | null = null,
    words: Words = RECEIVABLES,
  ) {
    this.tenantId = tenantId
    this.today = today
    this.stores = stores
    this.effects = effects
    this.moves = moves
    this.words = words
  }

  expenses(): Cells<Expense> {
    if (this.stores.expenses === null) throw new Error('the book of payables has no expenses')
    return this.stores.expenses
  }

  invoice(id: string): Invoice | undefined {
    return this.#edit(this.#invoices, this.stores.invoices, id).after
  }

  setInvoice(id: string, after: Invoice): void {
    this.#edit(this.#invoices, this.stores.invoices, id).after = after
  }

  payment(id: string): Payment | undefined {
    return this.#edit(this.#payments, this.stores.payments, id).after
  }

  setPayment(id: string, after: Payment): void {
    this.#edit(this.#payments, this.stores.payments, id).after = after
  }

  /** Reads a record once; every further look at it is a look at the edit. */
  #edit<V>(edits: Map<string, Edit<V>>, store: Cells<V>, id: string): Edit<V> {
    let edit = edits.get(id)
    if (edit === undefined) {
      const key = this.key(id)
      const before = store.get(key)
      edit = { key, before, after: before }
      edits.set(id, edit)
    }
    return edit
  }

  /** Name on a document: shown until the customer master says another. */
  nameFromDocument(customerId: string, name: string): void {
    if (name !== '') this.#names.set(customerId, name)
  }

  /** Figures of the one journal entry of this event. */
  post(day: EpochDay, figures: LedgerFigures): void {
    this.#posted = [[day, figures]]
  }

  key(id: string): string {
    return `${this.tenantId}|${id}`
  }

  /** Writes everything. True when a balance or a figure changed. */
  commit(): boolean {
    for (const [id, edit] of this.#invoices) this.#commitInvoice(id, edit)
    for (const [id, edit] of this.#payments) this.#commitPayment(id, edit)
    this.moves?.commit(this.tenantId)
    const { months, index, ledgerMonths, ledgerIndex } = this.stores
    const figures = applyFigures(this.figures, this.#panes(index, months))
    const posted =
      ledgerIndex !== null &&
      ledgerMonths !== null &&
      applyLedger(this.#posted, this.#panes(ledgerIndex, ledgerMonths))
    return this.#commitBalances() || figures || posted
  }

  /** Looks again at the records whose agenda has come: from the day before `today` to `today`. */
  startDay(): boolean {
    const yesterday = this.today - 1
    for (let segment = 0; segment < AGENDA_SEGMENTS; segment++) {
      const key = this.#agendaKey(this.today, segment)
      const refs = this.stores.agenda.get(key)
      if (refs === undefined) continue
      this.latestChange = this.today
      for (const ref of refs) {
        const id = ref.slice(1)
        if (ref.startsWith('i')) {
          const invoice = this.invoice(id)
          const item = invoice === undefined ? null : invoiceItem(invoice)
          const was = viewInvoice(invoice, item, yesterday)
          const is = viewInvoice(invoice, item, this.today)
          this.#move(invoice, was, is)
          this.moves?.moved(this.today, invoice, was, is)
        } else {
          const payment = this.payment(id)
          const item = payment === undefined ? null : paymentItem(payment)
          const was = viewCredit(payment, item, yesterday)
          const is = viewCredit(payment, item, this.today)
          this.#moveCredit(payment, was, is)
          this.moves?.credited(this.today, payment, was, is)
        }
      }
      this.stores.agenda.delete(key)
    }
    this.moves?.commit(this.tenantId)
    const figures = applyFigures(this.figures, this.#panes(this.stores.index, this.stores.months))
    return this.#commitBalances() || figures
  }

  /** Marks all customers in the directory for showing, and drops those that were settled before (B3). */
  showAll(): void {
    for (let segment = 0; segment < DIRECTORY_SEGMENTS; segment++) {
      const key = this.key(String(segment))
      const customers = this.stores.directory.get(key)
      if (customers === undefined) continue
      const kept = customers.filter((customerId) => this.#stillListed(customerId))
      if (kept.length === 0) this.stores.directory.delete(key)
      else if (kept.length < customers.length) this.stores.directory.set(key, kept)
      for (const customerId of customers) this.effects.balanceChanged(customerId)
    }
    this.effects.balanceChanged(WHOLE)
  }

  #stillListed(customerId: string): boolean {
    const balance = this.stores.balances.get(this.key(customerId)) ?? NO_BALANCE
    if (!isSettled(balance)) return true
    this.stores.balances.set(this.key(customerId), { ...balance, listed: false })
    return false
  }

  #commitInvoice(id: string, { key, before, after }: Edit<Invoice>): void {
    if (after === undefined || before === after) return
    this.stores.invoices.set(key, after)
    this.#countCapped(before === undefined ? 0 : countCappedWriteOffs(before), countCappedWriteOffs(after))
    const item = invoiceItem(after)
    const itemBefore = before === undefined ? null : invoiceItem(before)
    this.#addInvoiceFigures(before, itemBefore, -1)
    this.#addInvoiceFigures(after, item, 1)
    const was = viewInvoice(before, itemBefore, this.today)
    const is = viewInvoice(after, item, this.today)
    this.#move(after, was, is)
    this.moves?.invoice({ invoice: before, item: itemBefore, now: was }, { invoice: after, item, now: is })
    if (item === null) return
    if (itemBefore === null && after.document !== null) {
      this.#customerInvoiced(after.document.customerId, after.document.date)
    }
    this.latestChange = Math.max(this.latestChange, latestChange(item, this.today))
    const ref = `i${id}`
    eachLaterDay(item, this.today, (day) => this.#remindOn(day, ref))
    for (const { from } of after.changes) {
      if (from > this.today) this.#remindOn(from, ref)
      else this.latestChange = Math.max(this.latestChange, from)
    }
  }

  #commitPayment(id: string, { key, before, after }: Edit<Payment>): void {
    if (after === undefined || before === after) return
    this.stores.payments.set(key, after)
    this.#countCapped(before === undefined ? 0 : countCapped(before), countCapped(after))
    const item = paymentItem(after)
    const itemBefore = before === undefined ? null : paymentItem(before)
    this.#addPaymentFigures(before, itemBefore, -1)
    this.#addPaymentFigures(after, item, 1)
    const was = viewCredit(before, itemBefore, this.today)
    const is = viewCredit(after, item, this.today)
    this.#moveCredit(after, was, is)
    this.moves?.payment({ payment: before, item: itemBefore, now: was }, { payment: after, item, now: is })
    if (item === null) return
    this.latestChange = Math.max(this.latestChange, latestChange(item, this.today))
    eachLaterDay(item, this.today, (day) => this.#remindOn(day, `p${id}`))
  }

  /** A customer counts from its first approved invoice on, in whatever order they come. */
  #customerInvoiced(customerId: string, day: EpochDay): void {
    const { customers } = this.stores
    if (customers === null) return
    const key = this.key(customerId)
    const since = customers.get(key)
    if (since !== undefined && since <= day) return
    if (since !== undefined) this.figures.at(since).customers--
    this.figures.at(day).customers++
    customers.set(key, day)
  }

  #countCapped(before: number, after: number): void {
    for (let n = after; n > before; n--) this.effects.count('allocation_capped')
  }

  #move(invoice: Invoice | undefined, before: InvoiceView, after: InvoiceView): void {
    if (before.open !== null) this.#balance(before.open.customerId).invoice(before.open, -1)
    if (after.open !== null) this.#balance(after.open.customerId).invoice(after.open, 1)
    if (before.open !== null) this.#balance(WHOLE).invoice(before.open, -1)
    if (after.open !== null) this.#balance(WHOLE).invoice(after.open, 1)
    const document = invoice?.document
    if (document && before.paid !== after.paid) {
      this.figures.at(document.date).paidRevenue += after.paid - before.paid
    }
  }

  #moveCredit(payment: Payment | undefined, before: CreditView, after: CreditView): void {
    if (payment === undefined) return
    const change = after.unapplied - before.unapplied
    if (change !== 0n) {
      this.#balance(payment.document.customerId).credit(change)
      this.#balance(WHOLE).credit(change)
    }
    if (after.paid !== before.paid) {
      this.figures.at(payment.document.date).paidRevenue += after.paid - before.paid
    }
  }

  #balance(customerId: string): BalanceChange {
    let change = this.#balances.get(customerId)
    if (change === undefined) this.#balances.set(customerId, (change = new BalanceChange()))
    return change
  }

  #addInvoiceFigures(invoice: Invoice | undefined, item: Item | null, sign: 1 | -1): void {
    const document = invoice?.document ?? null
    if (item === null || document === null) return
    const put = (day: EpochDay, direction: 1 | -1) => {
      const figures = this.figures.at(day)
      const times = BigInt(direction)
      figures.netRevenue += toBase(document.subtotal, document) * times
      figures.sales += toBase(document.total, document) * times
      figures.invoices += direction
    }
    put(item.from, sign)
    if (item.until !== null) put(item.until, sign === 1 ? -1 : 1)
    eachMovement(item, (day, change) => {
      this.figures.at(day).receivables += sign === 1 ? change : -change
    })
  }

  #addPaymentFigures(payment: Payment | undefined, item: Item | null, sign: 1 | -1): void {
    if (payment === undefined || item === null) return
    const { cash, revenue } = payment.document
    const put = (day: EpochDay, times: bigint) => {
      const figures = this.figures.at(day)
      figures.cashIn += toBase(cash, item) * times
      if (revenue === null) return
      figures.netRevenue -= toBase(revenue, item) * times
      figures.sales -= toBase(item.total, item) * times
    }
    put(item.from, sign === 1 ? 1n : -1n)
    if (item.until !== null) put(item.until, sign === 1 ? -1n : 1n)
    eachMovement(item, (day, change) => {
      this.figures.at(day).receivables -= sign === 1 ? change : -change
    })
  }

  #commitBalances(): boolean {
    let changed = false
    for (const customerId of this.#names.keys()) this.#balance(customerId)
    for (const [customerId, change] of this.#balances) {
      const key = this.key(customerId)
      const before = this.stores.balances.get(key) ?? NO_BALANCE
      let after = change.applyTo(before)
      const name = this.#names.get(customerId)
      if (name !== undefined && !after.mastered && name !== after.name) after = { ...after, name }
      if (after === before) continue
      if (!after.listed && !isSettled(after)) {
        after = { ...after, listed: true }
        if (customerId !== WHOLE) this.#list(customerId)
      }
      this.stores.balances.set(key, after)
      if (after.listed) this.effects.balanceChanged(customerId)
      changed = true
    }
    return changed
  }

  #list(customerId: string): void {
    const key = this.key(String(segmentOf(customerId, DIRECTORY_SEGMENTS)))
    this.#insert(this.stores.directory, key, customerId)
  }

  #remindOn(day: EpochDay, ref: string): void {
    this.#insert(this.stores.agenda, this.#agendaKey(day, segmentOf(ref, AGENDA_SEGMENTS)), ref)
  }

  #insert(store: Cells<readonly string[]>, key: string, value: string): void {
    const list = store.get(key) ?? []
    const at = positionIn(list, value)
    if (list[at] !== value) store.set(key, list.toSpliced(at, 0, value))
  }

  #agendaKey(day: EpochDay, segment: number): string {
    return `${this.tenantId}|${day}|${segment}`
  }

  #panes<V>(index: Cells<PaneIndex<V>>, months: Cells<MonthPanes<V>>): PaneStores<V> {
    return {
      index: () => index.get(this.tenantId),
      setIndex: (value) => index.set(this.tenantId, value),
      month: (month) => months.get(this.key(String(month))),
      setMonth: (month, value) => {
        if (value === null) months.delete(this.key(String(month)))
        else months.set(this.key(String(month)), value)
      },
    }
  }
}

/** Daily panes of a tenant for reading. */
export const readableFigures = <V>(
  tenantId: string,
  index: Pick<Cells<PaneIndex<V>>, 'get'>,
  months: Pick<Cells<MonthPanes<V>>, 'get'>,
): ReadablePanes<V> => ({
  index: () => index.get(tenantId),
  month: (month) => months.get(`${tenantId}|${month}`),
})
