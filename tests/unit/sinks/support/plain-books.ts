/**
 * Receivables as of a day, recomputed the slow and plain way straight from the table of effective dates: the oracle for
 * the SQL. Shares no code with the SQL, with the fold or with schemas/rules.
 */
import type { FinanceEvent } from '../../../../schemas/generated/records.ts'

export interface Position {
  readonly id: string
  readonly customer: string
  /** First day on which something open is due. */
  readonly due: number
  /** What is open by due day. */
  readonly parts: readonly Part[]
  readonly open: bigint
  readonly base: bigint
  readonly disputed: boolean
}

export interface Part {
  readonly due: number
  readonly open: bigint
  readonly base: bigint
}

export interface Credit {
  readonly kind: 'payment' | 'credit-note'
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
  customers: number
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
      plan: readonly { dueDate: number; amount: bigint }[]
      lost: readonly { from: number; amount: bigint }[]
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
      plan: d.instalments,
      lost: of(events, 'InvoiceWrittenOff')
        .filter((w) => w.data.aggregateId === d.aggregateId)
        .map(({ data: w }) => ({ from: Math.max(w.writeOffDate, d.invoiceDate), amount: w.amount })),
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
        kind: 'payment' as const,
        id: p.data.aggregateId,
        date: p.data.paymentDate,
        until: back ? Math.max(back.data.reversalDate, p.data.paymentDate) : NEVER,
        amount: p.data.amount + p.data.vdsWithheld + p.data.tdsWithheld,
        cash: p.data.amount,
        net: 0n,
        rate: p.data.fxRate,
        currency: p.data.currency,
        parts: [
          ...p.data.allocations.map((a) => ({ ...a, day: p.data.paymentDate })),
          ...later.flatMap((l) => l.data.allocations.map((a) => ({ ...a, day: l.data.allocationDate }))),
        ],
      }
    })
}

function notesOf(events: readonly FinanceEvent[]) {
  return of(events, 'CreditNoteIssued').map(({ data: n }) => {
    const same = ({ data }: { data: { aggregateId: string } }) => data.aggregateId === n.aggregateId
    const end = of(events, 'CreditNoteCancelled').find(same)
    const later = of(events, 'CreditNoteAllocated').filter(same)
    return {
      kind: 'credit-note' as const,
      id: n.aggregateId,
      date: n.creditDate,
      until: end ? Math.max(end.data.cancelledDate, n.creditDate) : NEVER,
      amount: n.total,
      cash: 0n,
      net: n.subtotal,
      rate: n.fxRate,
      currency: n.currency,
      parts: [
        ...n.allocations.map((a) => ({ ...a, day: n.creditDate })),
        ...later.flatMap((l) => l.data.allocations.map((a) => ({ ...a, day: l.data.allocationDate }))),
      ],
    }
  })
}

/** Changes of an invoice up to a day, the one that holds last. */
const changesOf = <D extends { aggregateId: string; effectiveDate: number }>(
  all: readonly { data: D }[],
  id: string,
  day: number,
): D[] =>
  all
    .map(({ data }, n) => ({ n, data }))
    .filter(({ data }) => data.aggregateId === id && data.effectiveDate <= day)
    .sort((a, b) => a.data.effectiveDate - b.data.effectiveDate || a.n - b.n)
    .map(({ data }) => data)

/** What is open of the instalments: what is settled is taken from those that are due first. */
function partsOf(
  plan: readonly { dueDate: number; amount: bigint }[],
  moved: number | undefined,
  open: bigint,
  rate: bigint,
): Part[] {
  const last = Math.max(...plan.map((p) => p.dueDate))
  const byDay = new Map<number, bigint>()
  for (const { dueDate, amount } of plan) {
    const due = dueDate === last ? (moved ?? last) : dueDate
    byDay.set(due, (byDay.get(due) ?? 0n) + amount)
  }
  const parts: Part[] = []
  // From the end: the last parts are those that are open.
  let left = open
  let behind = 0n
  for (const [due, amount] of [...byDay].sort(([a], [b]) => b - a)) {
    const part = amount < left ? amount : left
    if (part === 0n) break
    left -= part
    const before = toBase(behind, rate)
    behind += part
    parts.unshift({ due, open: part, base: toBase(behind, rate) - before })
  }
  return parts
}

export function booksOn(
  events: readonly FinanceEvent[],
  day: number,
): { items: Position[]; paid: Map<string, bigint>; credits: Credit[]; used: Map<string, bigint> } {
  const invoices = invoicesOf(events)
  const open = new Map([...invoices].map(([id, i]) => [id, i.total]))
  for (const [id, { lost }] of invoices) {
    for (const { from, amount } of lost) if (from <= day) open.set(id, (open.get(id) ?? 0n) - amount)
  }
  const credits: Credit[] = []
  /** Net amounts of credit notes of which nothing is left. */
  const used = new Map<string, bigint>()
  for (const p of [...paymentsOf(events), ...notesOf(events)]) {
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
    if (p.date > day || day >= p.until) continue
    if (left > 0n) credits.push({ kind: p.kind, id: p.id, left, base: toBase(left, p.rate) })
    else if (p.kind === 'credit-note') used.set(p.id, toBase(p.net, p.rate))
  }
  const items: Position[] = []
  const paid = new Map<string, bigint>()
  for (const [id, i] of invoices) {
    if (i.date > day || day >= i.until) continue
    const left = open.get(id) ?? 0n
    if (left === 0n) paid.set(id, toBase(i.net, i.rate))
    if (left > 0n) {
      const moved = changesOf(of(events, 'InvoiceDueDateChanged'), id, day).at(-1)?.dueDate
      const whole = [{ dueDate: i.due, amount: i.total }]
      const parts = partsOf(i.plan.length > 0 ? i.plan : whole, moved, left, i.rate)
      items.push({
        id,
        customer: i.customer,
        due: parts[0]?.due ?? NEVER,
        parts,
        open: left,
        base: toBase(left, i.rate),
        disputed: changesOf(of(events, 'InvoiceDisputeChanged'), id, day).at(-1)?.disputed ?? i.disputed,
      })
    }
  }
  return { items, paid, credits, used }
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
      customers: 0,
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
  for (const some of Map.groupBy(invoicesOf(events).values(), (i) => i.customer).values()) {
    const first = Math.min(...some.map((i) => i.date))
    if (first <= asOf) at(first).customers++
  }
  for (const p of [...paymentsOf(events), ...notesOf(events)]) {
    for (const [day, sign] of [
      [p.date, 1n],
      [p.until, -1n],
    ] as const) {
      if (day > asOf || p.date > asOf) continue
      at(day).cashIn += sign * toBase(p.cash, p.rate)
      if (p.kind === 'payment') continue
      at(day).netRevenue -= sign * toBase(p.net, p.rate)
      at(day).sales -= sign * toBase(p.amount, p.rate)
    }
  }
  for (const { data } of of(events, 'ExpenseApproved')) {
    const end = of(events, 'ExpenseCancelled').find((c) => c.data.aggregateId === data.aggregateId)
    const until = end ? Math.max(end.data.cancelledDate, data.expenseDate) : NEVER
    if (data.expenseDate <= asOf) at(data.expenseDate).expenses += toBase(data.netAmount, data.fxRate)
    if (until <= asOf) at(until).expenses -= toBase(data.netAmount, data.fxRate)
  }
  const invoices = invoicesOf(events)
  const { paid, used } = booksOn(events, asOf)
  for (const [id, net] of paid) at(invoices.get(id)?.date ?? 0).paidRevenue += net
  for (const { id, date } of notesOf(events)) if (used.has(id)) at(date).paidRevenue -= used.get(id) ?? 0n
  let before = 0n
  for (let day = firstDay; day <= asOf; day++) {
    const now = controlAccountOn(events, day)
    if (now !== before) at(day).receivables += now - before
    before = now
  }
  return found
}
