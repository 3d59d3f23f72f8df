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
  gone: number
}
interface Pay {
  id: string
  customer: string
  currency: string
  rate: bigint
  date: number
  amount: bigint
  gone: number
  order: number
}
interface Share {
  pay: Pay
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
      gone: end ? Math.max(end.cancelledDate, c.invoiceDate) : FOREVER,
    }
  })
}

function paymentsOf(events: readonly FinanceEvent[]): Pay[] {
  const failed = only(events, 'PaymentFailed').map((f) => f.aggregateId)
  return only(events, 'PaymentReceived')
    .filter((p) => !failed.includes(p.aggregateId))
    .map((p, order) => {
      const back = only(events, 'PaymentReversed').find((r) => r.aggregateId === p.aggregateId)
      return {
        id: p.aggregateId,
        customer: p.customerId,
        currency: p.currency,
        rate: p.fxRate,
        date: p.paymentDate,
        amount: p.amount,
        gone: back ? Math.max(back.reversalDate, p.paymentDate) : FOREVER,
        order,
      }
    })
}

function sharesOf(events: readonly FinanceEvent[], invoices: Inv[], payments: Pay[]): Share[] {
  const asked = payments.flatMap((pay) => {
    const first = only(events, 'PaymentReceived').filter((e) => e.aggregateId === pay.id)
    const later = only(events, 'PaymentAllocated').filter((e) => e.aggregateId === pay.id)
    const wanted = [
      ...first.flatMap((e) => e.allocations.map((a) => ({ ...a, on: e.paymentDate }))),
      ...later.flatMap((e) => e.allocations.map((a) => ({ ...a, on: e.allocationDate }))),
    ]
    return wanted.map((w, place) => ({ ...w, place, pay }))
  })
  const shares = asked.flatMap((a): Share[] => {
    const inv = invoices.find((i) => i.id === a.invoiceId && i.currency === a.pay.currency)
    if (!inv) return []
    const from = Math.max(a.on, inv.date)
    return [{ pay: a.pay, inv, from, gone: inv.gone, place: a.place, asked: a.amount, got: 0n }]
  })
  const inOrder = [...shares].sort(
    (a, b) => a.from - b.from || (a.pay.id < b.pay.id ? -1 : a.pay.id > b.pay.id ? 1 : a.place - b.place),
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
    s.gone = s.pay.gone
  }
  for (const inv of invoices)
    handOut(
      inOrder.filter((s) => s.inv === inv),
      inv.total,
      (s) => s.asked,
    )
  for (const s of shares) s.gone = Math.min(s.pay.gone, s.inv.gone)
  return shares
}

function handOut(queue: Share[], total: bigint, want: (s: Share) => bigint): void {
  queue.forEach((s, n) => {
    const taken = queue.slice(0, n).filter((o) => o.gone > s.from)
    const left = taken.reduce((rest, o) => rest - o.got, total)
    s.got = want(s) < left ? want(s) : left
  })
}

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
    this.#payments = paymentsOf(events)
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

  #dueOf(inv: Inv, asOf: number): number {
    const changes = only(this.#events, 'InvoiceDueDateChanged').filter(
      (c) => c.aggregateId === inv.id && c.effectiveDate <= asOf,
    )
    const last = changes.reduce((best, c) => (c.effectiveDate >= best.effectiveDate ? c : best), {
      effectiveDate: -FOREVER,
      dueDate: inv.due,
    } as { effectiveDate: number; dueDate: number })
    return last.dueDate
  }

  aging(asOf: number, customer?: string): OracleAging {
    const mine = (x: { customer: string }) => customer === undefined || x.customer === customer
    const items = this.#live(this.#invoices, asOf)
      .filter(mine)
      .map((inv) => ({ inv, open: this.#open(inv, asOf) }))
      .filter(({ open }) => open > 0n)
      .map(({ inv, open }) => ({ inv, base: inBase(open, inv.rate), due: this.#dueOf(inv, asOf) }))
    const spread = (anchor: (i: (typeof items)[number]) => number) => {
      const age = (i: (typeof items)[number]) => asOf - anchor(i)
      const between = (low: number, high: number) =>
        sum(items.filter((i) => age(i) >= low && age(i) <= high).map((i) => i.base))
      return [between(-FOREVER, 0), between(1, 30), between(31, 60), between(61, 90), between(91, FOREVER)]
    }
    const credits = this.#live(this.#payments, asOf).filter(mine)
    return {
      due: spread((i) => i.due),
      posting: spread((i) => i.inv.date),
      unapplied: -sum(credits.map((p) => inBase(p.amount - this.#used((s) => s.pay === p, asOf), p.rate))),
      disputed: sum(items.filter((i) => i.inv.disputed).map((i) => i.base)),
      openItems: items.length,
    }
  }

  /** Sums of all days up to `to`, as known on `asOf`; the receivables by the table, which needs one currency. */
  figures(to: number, asOf: number) {
    const moves = <T extends { date: number; gone: number }>(all: T[], value: (x: T) => bigint): bigint =>
      sum(all.filter((x) => x.date <= to).map(value)) - sum(all.filter((x) => x.gone <= to).map(value))
    const paid = this.#live(this.#invoices, asOf).filter((i) => i.date <= to && this.#open(i, asOf) === 0n)
    const expenses = only(this.#events, 'ExpenseApproved').filter((e) => e.expenseDate <= to)
    return {
      netRevenue: moves(this.#invoices, (i) => inBase(i.subtotal, i.rate)),
      sales: moves(this.#invoices, (i) => inBase(i.total, i.rate)),
      paidRevenue: sum(paid.map((i) => inBase(i.subtotal, i.rate))),
      cashIn: moves(this.#payments, (p) => inBase(p.amount, p.rate)),
      expenses: sum(expenses.map((e) => inBase(e.netAmount, e.fxRate))),
      receivables:
        moves(this.#invoices, (i) => inBase(i.total, i.rate)) -
        moves(this.#payments, (p) => inBase(p.amount, p.rate)),
      invoices: Number(moves(this.#invoices, () => 1n)),
    }
  }
}
