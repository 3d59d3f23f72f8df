/**
 * A second opinion on the books: everything recomputed from the plain list of events for one day, straight from the
 * table of effective dates, by filters over arrays. Shares no code with the fold; slow on purpose.
 */
import type { FinanceEvent } from '../../schemas/generated/records.ts'

type Of<T extends FinanceEvent['type']> = Extract<FinanceEvent, { type: T }>['data']
const only = <T extends FinanceEvent['type']>(events: readonly FinanceEvent[], type: T): Of<T>[] =>
  events.filter((e) => e.type === type).map((e) => e.data as Of<T>)

interface Inv {
  id: string
  customer: string
  currency: string
  rate: bigint
  date: number
  due: number
  subtotal: bigint
  total: bigint
  disputed: boolean
  parts: { due: number; amount: bigint }[]
  gone: number
}
/** A payment or a credit note. */
interface Pay {
  kind: 'payment' | 'note'
  id: string
  customer: string
  currency: string
  rate: bigint
  date: number
  /** What it can settle. */
  amount: bigint
  cash: bigint
  /** What it takes back. */
  revenue: bigint
  gone: number
}
interface Share {
  /** Null: a write-off. */
  pay: Pay | null
  inv: Inv
  from: number
  gone: number
  /** Place in the payment. */
  place: number
  asked: bigint
  got: bigint
}
const FOREVER = 1e9

function invoicesOf(events: readonly FinanceEvent[]): Inv[] {
  const created = only(events, 'InvoiceCreated')
  const content = [...created.filter((c) => c.status === 'APPROVED'), ...only(events, 'InvoiceApproved')]
  return content.map((c) => {
    const end = only(events, 'InvoiceCancelled').find((x) => x.aggregateId === c.aggregateId)
    return {
      id: c.aggregateId,
      customer: c.customerId,
      currency: c.currency,
      rate: c.fxRate,
      date: c.invoiceDate,
      due: c.dueDate,
      subtotal: c.subtotal,
      total: c.total,
      disputed: created.some((x) => x.aggregateId === c.aggregateId && x.disputed),
      parts: c.instalments.map((x) => ({ due: x.dueDate, amount: x.amount })),
      gone: end ? Math.max(end.cancelledDate, c.invoiceDate) : FOREVER,
    }
  })
}

function paymentsOf(events: readonly FinanceEvent[]): Pay[] {
  const failed = only(events, 'PaymentFailed').map((f) => f.aggregateId)
  return only(events, 'PaymentReceived')
    .filter((p) => !failed.includes(p.aggregateId))
    .map((p) => {
      const back = only(events, 'PaymentReversed').find((r) => r.aggregateId === p.aggregateId)
      return {
        kind: 'payment',
        id: p.aggregateId,
        customer: p.customerId,
        currency: p.currency,
        rate: p.fxRate,
        date: p.paymentDate,
        amount: p.amount + p.vdsWithheld + p.tdsWithheld,
        cash: p.amount,
        revenue: 0n,
        gone: back ? Math.max(back.reversalDate, p.paymentDate) : FOREVER,
      }
    })
}

function notesOf(events: readonly FinanceEvent[]): Pay[] {
  return only(events, 'CreditNoteIssued').map((n) => {
    const end = only(events, 'CreditNoteCancelled').find((c) => c.aggregateId === n.aggregateId)
    return {
      kind: 'note',
      id: n.aggregateId,
      customer: n.customerId,
      currency: n.currency,
      rate: n.fxRate,
      date: n.creditDate,
      amount: n.total,
      cash: 0n,
      revenue: n.subtotal,
      gone: end ? Math.max(end.cancelledDate, n.creditDate) : FOREVER,
    }
  })
}

/** Payments before credit notes before write-offs; in the order of their ids. */
const rank = ({ pay }: Share): string =>
  pay === null ? '3' : `${pay.kind === 'payment' ? '1' : '2'}${pay.id}`

/** What documents of one kind allocate, with the day of each allocation. */
function askedBy(pay: Pay, events: readonly FinanceEvent[]) {
  const mine = <E extends { aggregateId: string }>(all: E[]) => all.filter((e) => e.aggregateId === pay.id)
  const on = (day: number, list: readonly { invoiceId: string; amount: bigint }[]) =>
    list.map((a) => ({ ...a, on: day }))
  return pay.kind === 'payment'
    ? [
        ...mine(only(events, 'PaymentReceived')).flatMap((e) => on(e.paymentDate, e.allocations)),
        ...mine(only(events, 'PaymentAllocated')).flatMap((e) => on(e.allocationDate, e.allocations)),
      ]
    : [
        ...mine(only(events, 'CreditNoteIssued')).flatMap((e) => on(e.creditDate, e.allocations)),
        ...mine(only(events, 'CreditNoteAllocated')).flatMap((e) => on(e.allocationDate, e.allocations)),
      ]
}

function writeOffsOf(events: readonly FinanceEvent[], invoices: Inv[]): Share[] {
  return only(events, 'InvoiceWrittenOff').flatMap((w, place): Share[] => {
    const inv = invoices.find((i) => i.id === w.aggregateId)
    if (!inv) return []
    const from = Math.max(w.writeOffDate, inv.date)
    return [{ pay: null, inv, from, gone: FOREVER, place, asked: w.amount, got: w.amount }]
  })
}

function sharesOf(events: readonly FinanceEvent[], invoices: Inv[], payments: Pay[]): Share[] {
  const asked = payments.flatMap((pay) => askedBy(pay, events).map((w, place) => ({ ...w, place, pay })))
  const allocated = asked.flatMap((a): Share[] => {
    const inv = invoices.find((i) => i.id === a.invoiceId && i.currency === a.pay.currency)
    if (!inv) return []
    const from = Math.max(a.on, inv.date)
    return [{ pay: a.pay, inv, from, gone: inv.gone, place: a.place, asked: a.amount, got: 0n }]
  })
  const shares = [...allocated, ...writeOffsOf(events, invoices)]
  const inOrder = [...shares].sort(
    (a, b) => a.from - b.from || (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : a.place - b.place),
  )
  // First what each payment can give, then what each invoice can take of that.
  for (const pay of payments)
    handOut(
      inOrder.filter((s) => s.pay === pay),
      pay.amount,
      (s) => s.asked,
    )
  for (const s of shares) {
    s.asked = s.got
    s.gone = s.pay?.gone ?? FOREVER
  }
  for (const inv of invoices)
    handOut(
      inOrder.filter((s) => s.inv === inv),
      inv.total,
      (s) => s.asked,
    )
  for (const s of shares) s.gone = Math.min(s.pay?.gone ?? FOREVER, s.inv.gone)
  return shares
}

function handOut(queue: Share[], total: bigint, want: (s: Share) => bigint): void {
  queue.forEach((s, n) => {
    const taken = queue.slice(0, n).filter((o) => o.gone > s.from)
    const left = taken.reduce((rest, o) => rest - o.got, total)
    s.got = want(s) < left ? want(s) : left
  })
}

/** Of changes with one effective date the one that came later. */
const newest = <C extends { effectiveDate: number }>(changes: C[]): C | undefined =>
  changes.reduce<C | undefined>(
    (best, c) => (best === undefined || c.effectiveDate >= best.effectiveDate ? c : best),
    undefined,
  )

const sum = (values: bigint[]): bigint => values.reduce((a, b) => a + b, 0n)

/** Base currency with two decimals: rounds half away from zero. */
function inBase(amount: bigint, rate: bigint): bigint {
  const exact = amount * rate
  const unit = 100n * 100_000_000n
  const half = exact < 0n ? -unit / 2n : unit / 2n
  return ((exact + half) / unit) * 100n
}

export interface OracleAging {
  due: bigint[]
  posting: bigint[]
  unapplied: bigint
  disputed: bigint
  openItems: number
}

export class Oracle {
  readonly #events: readonly FinanceEvent[]
  readonly #invoices: Inv[]
  readonly #payments: Pay[]
  readonly #shares: Share[]

  constructor(events: readonly FinanceEvent[]) {
    this.#events = events
    this.#invoices = invoicesOf(events)
    this.#payments = [...paymentsOf(events), ...notesOf(events)]
    this.#shares = sharesOf(events, this.#invoices, this.#payments)
  }

  #live<T extends { date: number; gone: number }>(all: T[], asOf: number): T[] {
    return all.filter((x) => x.date <= asOf && asOf < x.gone)
  }

  #used(match: (s: Share) => boolean, asOf: number): bigint {
    return sum(this.#shares.filter((s) => match(s) && s.from <= asOf && asOf < s.gone).map((s) => s.got))
  }

  #open(inv: Inv, asOf: number): bigint {
    return inv.total - this.#used((s) => s.inv === inv, asOf)
  }

  #movedTo(inv: Inv, asOf: number): number | undefined {
    const changes = only(this.#events, 'InvoiceDueDateChanged').filter(
      (c) => c.aggregateId === inv.id && c.effectiveDate <= asOf,
    )
    return newest(changes)?.dueDate
  }

  #isDisputed(inv: Inv, asOf: number): boolean {
    const changes = only(this.#events, 'InvoiceDisputeChanged').filter(
      (c) => c.aggregateId === inv.id && c.effectiveDate <= asOf,
    )
    return newest(changes)?.disputed ?? inv.disputed
  }

  /** Open base amounts by due day: money eats the parts from the first due day on. */
  #dues(inv: Inv, open: bigint, asOf: number): { due: number; base: bigint }[] {
    const moved = this.#movedTo(inv, asOf)
    const latest = Math.max(...inv.parts.map((p) => p.due))
    const parts =
      inv.parts.length === 0
        ? [{ due: moved ?? inv.due, amount: inv.total }]
        : inv.parts.map((p) => ({ ...p, due: p.due === latest ? (moved ?? latest) : p.due }))
    parts.sort((a, b) => a.due - b.due)
    let eaten = inv.total - open
    const left = parts.map(({ amount }) => {
      const bite = eaten < amount ? eaten : amount
      eaten -= bite
      return amount - bite
    })
    const fromHere = (i: number) => inBase(sum(left.slice(i)), inv.rate)
    return parts.map(({ due }, i) => ({ due, base: fromHere(i) - fromHere(i + 1) }))
  }

  aging(asOf: number, customer?: string): OracleAging {
    const mine = (x: { customer: string }) => customer === undefined || x.customer === customer
    const items = this.#live(this.#invoices, asOf)
      .filter(mine)
      .map((inv) => ({ inv, open: this.#open(inv, asOf) }))
      .filter(({ open }) => open > 0n)
      .map(({ inv, open }) => ({ inv, open, base: inBase(open, inv.rate) }))
    const spread = (aged: { day: number; base: bigint }[]) => {
      const age = ({ day }: { day: number }) => asOf - day
      const between = (low: number, high: number) =>
        sum(aged.filter((i) => age(i) >= low && age(i) <= high).map((i) => i.base))
      return [between(-FOREVER, 0), between(1, 30), between(31, 60), between(61, 90), between(91, FOREVER)]
    }
    const credits = this.#live(this.#payments, asOf).filter(mine)
    return {
      due: spread(
        items.flatMap((i) => this.#dues(i.inv, i.open, asOf).map(({ due, base }) => ({ day: due, base }))),
      ),
      posting: spread(items.map((i) => ({ day: i.inv.date, base: i.base }))),
      unapplied: -sum(credits.map((p) => inBase(p.amount - this.#used((s) => s.pay === p, asOf), p.rate))),
      disputed: sum(items.filter((i) => this.#isDisputed(i.inv, asOf)).map((i) => i.base)),
      openItems: items.length,
    }
  }

  /** Sums of all days up to `to`, as known on `asOf`; the receivables by the table, which needs one currency. */
  figures(to: number, asOf: number) {
    const moves = <T extends { date: number; gone: number }>(all: T[], value: (x: T) => bigint): bigint =>
      sum(all.filter((x) => x.date <= to).map(value)) - sum(all.filter((x) => x.gone <= to).map(value))
    const paid = this.#live(this.#invoices, asOf).filter((i) => i.date <= to && this.#open(i, asOf) === 0n)
    const notes = this.#payments.filter((p) => p.kind === 'note')
    const used = this.#live(notes, asOf).filter(
      (n) => n.date <= to && this.#used((s) => s.pay === n, asOf) === n.amount,
    )
    const expenses = only(this.#events, 'ExpenseApproved').map((e) => {
      const end = only(this.#events, 'ExpenseCancelled').find((c) => c.aggregateId === e.aggregateId)
      const gone = end ? Math.max(end.cancelledDate, e.expenseDate) : FOREVER
      return { date: e.expenseDate, gone, net: inBase(e.netAmount, e.fxRate) }
    })
    // A cancelled invoice takes away what is open of it, so what was written off of it is not taken twice.
    const lost = this.#shares
      .filter((s) => s.pay === null && s.from < s.gone)
      .map((s) => ({ date: s.from, gone: s.gone, base: inBase(s.got, s.inv.rate) }))
    return {
      netRevenue:
        moves(this.#invoices, (i) => inBase(i.subtotal, i.rate)) -
        moves(notes, (n) => inBase(n.revenue, n.rate)),
      sales:
        moves(this.#invoices, (i) => inBase(i.total, i.rate)) - moves(notes, (n) => inBase(n.amount, n.rate)),
      paidRevenue:
        sum(paid.map((i) => inBase(i.subtotal, i.rate))) - sum(used.map((n) => inBase(n.revenue, n.rate))),
      cashIn: moves(this.#payments, (p) => inBase(p.cash, p.rate)),
      expenses: moves(expenses, (e) => e.net),
      receivables:
        moves(this.#invoices, (i) => inBase(i.total, i.rate)) -
        moves(this.#payments, (p) => inBase(p.amount, p.rate)) -
        moves(lost, (w) => w.base),
      invoices: Number(moves(this.#invoices, () => 1n)),
      customers: new Set(this.#invoices.filter((i) => i.date <= to).map((i) => i.customer)).size,
    }
  }
}
