/**
 * Receivables as of a day, recomputed the slow and plain way straight from the table of effective dates: the oracle for
 * the SQL. Shares no code with the SQL, with the fold or with schemas/rules.
 */
import type { FinanceEvent } from '../../../../schemas/generated/records.ts'

export interface Position {
  readonly id: string
  readonly customer: string
  readonly due: number
  readonly open: bigint
  readonly base: bigint
  readonly disputed: boolean
}

export interface Credit {
  readonly id: string
  readonly left: bigint
  readonly base: bigint
}

export interface Figures {
  netRevenue: bigint
  sales: bigint
  paidRevenue: bigint
  cashIn: bigint
  expenses: bigint
  receivables: bigint
  invoices: number
}

const NEVER = 1_000_000

/** x 10^-12 to whole minor units of a currency with two digits, half away from zero, as x 10^-4. */
function toBase(amount: bigint, rate: bigint): bigint {
  const product = amount * rate
  const unit = 10n ** 10n
  const whole = product < 0n ? -((-product + unit / 2n) / unit) : (product + unit / 2n) / unit
  return whole * 100n
}

const of = <K extends FinanceEvent['type']>(events: readonly FinanceEvent[], type: K) =>
  events.filter((e): e is Extract<FinanceEvent, { type: K }> => e.type === type)

function invoicesOf(events: readonly FinanceEvent[]) {
  const found = new Map<
    string,
    {
      date: number
      until: number
      total: bigint
      net: bigint
      rate: bigint
      due: number
      currency: string
      customer: string
      disputed: boolean
    }
  >()
  for (const e of events) {
    const counts =
      e.type === 'InvoiceApproved' || (e.type === 'InvoiceCreated' && e.data.status === 'APPROVED')
    if (!counts || found.has(e.data.aggregateId)) continue
    const d = e.data as Extract<FinanceEvent, { type: 'InvoiceCreated' }>['data']
    const born = of(events, 'InvoiceCreated').find((c) => c.data.aggregateId === d.aggregateId)
    const void_ = of(events, 'InvoiceCancelled').find((c) => c.data.aggregateId === d.aggregateId)
    found.set(d.aggregateId, {
      date: d.invoiceDate,
      until: void_ ? Math.max(void_.data.cancelledDate, d.invoiceDate) : NEVER,
      total: d.total,
      net: d.subtotal,
      rate: d.fxRate,
      due: d.dueDate,
      currency: d.currency,
      customer: d.customerId,
      disputed: born?.data.disputed ?? false,
    })
  }
  return found
}

function paymentsOf(events: readonly FinanceEvent[]) {
  return of(events, 'PaymentReceived')
    .filter((p) => !of(events, 'PaymentFailed').some((f) => f.data.aggregateId === p.data.aggregateId))
    .map((p) => {
      const back = of(events, 'PaymentReversed').find((r) => r.data.aggregateId === p.data.aggregateId)
      const later = of(events, 'PaymentAllocated').filter((a) => a.data.aggregateId === p.data.aggregateId)
      return {
        id: p.data.aggregateId,
        date: p.data.paymentDate,
        until: back ? Math.max(back.data.reversalDate, p.data.paymentDate) : NEVER,
        amount: p.data.amount,
        rate: p.data.fxRate,
        currency: p.data.currency,
        parts: [
          ...p.data.allocations.map((a) => ({ ...a, day: p.data.paymentDate })),
          ...later.flatMap((l) => l.data.allocations.map((a) => ({ ...a, day: l.data.allocationDate }))),
        ],
      }
    })
}

export function booksOn(
  events: readonly FinanceEvent[],
  day: number,
): { items: Position[]; paid: Map<string, bigint>; credits: Credit[] } {
  const invoices = invoicesOf(events)
  const open = new Map([...invoices].map(([id, i]) => [id, i.total]))
  const credits: Credit[] = []
  for (const p of paymentsOf(events)) {
    let left = p.amount
    for (const { invoiceId, amount, day: own } of p.parts) {
      const invoice = invoices.get(invoiceId)
      if (!invoice) continue
      const from = Math.max(own, invoice.date)
      const until = Math.min(p.until, invoice.until)
      if (from > day || day >= until) continue
      left -= amount
      open.set(invoiceId, (open.get(invoiceId) ?? 0n) - amount)
    }
    if (p.date <= day && day < p.until && left > 0n)
      credits.push({ id: p.id, left, base: toBase(left, p.rate) })
  }
  const items: Position[] = []
  const paid = new Map<string, bigint>()
  for (const [id, i] of invoices) {
    if (i.date > day || day >= i.until) continue
    const left = open.get(id) ?? 0n
    if (left === 0n) paid.set(id, toBase(i.net, i.rate))
    const changes = of(events, 'InvoiceDueDateChanged')
      .filter((c) => c.data.aggregateId === id && c.data.effectiveDate <= day)
      .map((c, n) => ({ n, from: c.data.effectiveDate, due: c.data.dueDate }))
      .sort((a, b) => a.from - b.from || a.n - b.n)
    if (left > 0n) {
      items.push({
        id,
        customer: i.customer,
        due: changes.at(-1)?.due ?? i.due,
        open: left,
        base: toBase(left, i.rate),
        disputed: i.disputed,
      })
    }
  }
  return { items, paid, credits }
}

const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((a, b) => a + b, 0n)

export const controlAccountOn = (events: readonly FinanceEvent[], day: number): bigint => {
  const { items, credits } = booksOn(events, day)
  return sum(items.map((i) => i.base)) - sum(credits.map((c) => c.base))
}

export function figuresUpTo(
  events: readonly FinanceEvent[],
  asOf: number,
  firstDay: number,
): Map<number, Figures> {
  const found = new Map<number, Figures>()
  const at = (day: number): Figures => {
    const before = found.get(day)
    if (before) return before
    const none = {
      netRevenue: 0n,
      sales: 0n,
      paidRevenue: 0n,
      cashIn: 0n,
      expenses: 0n,
      receivables: 0n,
      invoices: 0,
    }
    found.set(day, none)
    return none
  }
  for (const i of invoicesOf(events).values()) {
    for (const [day, sign] of [
      [i.date, 1n],
      [i.until, -1n],
    ] as const) {
      if (day > asOf || i.date > asOf) continue
      at(day).netRevenue += sign * toBase(i.net, i.rate)
      at(day).sales += sign * toBase(i.total, i.rate)
      at(day).invoices += Number(sign)
    }
  }
  for (const p of paymentsOf(events)) {
    for (const [day, sign] of [
      [p.date, 1n],
      [p.until, -1n],
    ] as const) {
      if (day <= asOf && p.date <= asOf) at(day).cashIn += sign * toBase(p.amount, p.rate)
    }
  }
  for (const { data } of of(events, 'ExpenseApproved')) {
    if (data.expenseDate <= asOf) at(data.expenseDate).expenses += toBase(data.netAmount, data.fxRate)
  }
  const invoices = invoicesOf(events)
  for (const [id, net] of booksOn(events, asOf).paid) at(invoices.get(id)?.date ?? 0).paidRevenue += net
  let before = 0n
  for (let day = firstDay; day <= asOf; day++) {
    const now = controlAccountOn(events, day)
    if (now !== before) at(day).receivables += now - before
    before = now
  }
  return found
}
