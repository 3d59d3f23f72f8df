/**
 * The events of the reference job R1, the same for every run (fixed seed): invoices and payments of skewed tenants over
 * 365 days. Owns the expected results too, summed while the events are made and by other code than the job's.
 */
import type { BenchEvent, BenchResult } from './job.ts'

const FIRST_DAY = 20_000
const DAYS = 365
const DAY_MS = 86_400_000
const TERMS = [7, 15, 30, 45, 60] as const

interface OpenInvoice {
  readonly id: string
  readonly due: number
  left: number
}

/** A positive amount, big-endian two's complement. */
function decimal(value: number): Buffer {
  let hex = value.toString(16)
  if (hex.length & 1) hex = `0${hex}`
  if (Number.parseInt(hex[0] as string, 16) > 7) hex = `00${hex}`
  return Buffer.from(hex, 'hex')
}

/** Sums of one tenant. */
class Books {
  readonly #byDay = new Map<number, { revenue: number; cash: number }>()
  readonly #byDue = new Map<number, number>()
  asOf = 0

  book(event: BenchEvent, amount: number, due: number): void {
    this.asOf = Math.max(this.asOf, event.issueDate)
    const day = this.#byDay.get(event.issueDate) ?? { revenue: 0, cash: 0 }
    this.#byDay.set(event.issueDate, day)
    const invoiced = event.type === 'INVOICE_ISSUED'
    if (invoiced) day.revenue += amount
    else day.cash += amount
    this.#byDue.set(due, (this.#byDue.get(due) ?? 0) + (invoiced ? amount : -amount))
  }

  result(tenant: string): BenchResult {
    const { asOf } = this
    const sum = (days: number, field: 'revenue' | 'cash'): number =>
      [...this.#byDay].reduce((n, [day, one]) => n + (day > asOf - days && day <= asOf ? one[field] : 0), 0)
    const aging = [0, 0, 0, 0, 0]
    for (const [due, amount] of this.#byDue) {
      const late = asOf - due
      const bucket = late <= 0 ? 0 : Math.min(4, Math.ceil(late / 30))
      aging[bucket] = (aging[bucket] ?? 0) + amount
    }
    const ar = aging.reduce((n, one) => n + one, 0)
    const r90 = sum(90, 'revenue')
    const dso = r90 === 0 ? 0 : Math.round(((90 * ar) / r90) * 100) / 100
    return { tenant, asOf, r30: sum(30, 'revenue'), r90, c30: sum(30, 'cash'), ar, aging, dso }
  }
}

export interface Generated {
  readonly events: IterableIterator<BenchEvent>
  /** After the last event was taken. */
  results(): BenchResult[]
}

export interface GenerateOptions {
  readonly events: number
  readonly tenants: number
  /** A tenant with this many open invoices is paid in full before it gets more; default: no limit. */
  readonly openMax?: number
  /** When an event occurred, in ms UTC; default: at the start of its issue day. */
  readonly clock?: () => number
}

export function generate(options: GenerateOptions): Generated {
  const openMax = options.openMax ?? Number.POSITIVE_INFINITY
  let seed = 42
  const random = (): number => (seed = (seed * 1_664_525 + 1_013_904_223) >>> 0) / 4_294_967_296
  const open: OpenInvoice[][] = Array.from({ length: options.tenants }, () => [])
  const books = Array.from({ length: options.tenants }, () => new Books())

  function* events(): IterableIterator<BenchEvent> {
    for (let i = 0; i < options.events; i++) {
      const t = Math.floor(random() ** 2 * options.tenants)
      const issueDate = FIRST_DAY + Math.floor((i / options.events) * DAYS)
      const base = {
        eventId: `ev-${i.toString(16).padStart(12, '0')}`,
        tenantId: `tenant-${t}`,
        issueDate,
        occurredAt: options.clock?.() ?? issueDate * DAY_MS,
      }
      const { event, amount, due } = next(base, open[t] as OpenInvoice[], { i, random, openMax })
      books[t]?.book(event, amount, due)
      yield event
    }
  }

  return {
    events: events(),
    results: () => books.flatMap((one, t) => (one.asOf === 0 ? [] : [one.result(`tenant-${t}`)])),
  }
}

function next(
  base: Pick<BenchEvent, 'eventId' | 'tenantId' | 'issueDate' | 'occurredAt'>,
  open: OpenInvoice[],
  { i, random, openMax }: { readonly i: number; readonly random: () => number; readonly openMax: number },
): { readonly event: BenchEvent; readonly amount: number; readonly due: number } {
  const full = open.length >= openMax
  if (open.length > 0 && (random() < 0.45 || full)) {
    const j = Math.floor(random() * open.length)
    const invoice = open[j] as OpenInvoice
    const amount = random() < 0.3 && !full ? Math.max(1, Math.floor(invoice.left / 2)) : invoice.left
    invoice.left -= amount
    if (invoice.left === 0) {
      open[j] = open.at(-1) as OpenInvoice
      open.pop()
    }
    const { id: invoiceId, due } = invoice
    const event = {
      ...base,
      type: 'PAYMENT_RECEIVED',
      invoiceId,
      amount: decimal(amount),
      dueDate: due,
    } as const
    return { event, amount, due }
  }
  const amount = 10_000 + Math.floor(random() * 5e7)
  const term = TERMS[Math.floor(random() * 5)] as number
  const due = base.issueDate + term - (random() < 0.1 ? 70 : 0)
  open.push({ id: `inv-${i}`, due, left: amount })
  const event = {
    ...base,
    type: 'INVOICE_ISSUED',
    invoiceId: `inv-${i}`,
    amount: decimal(amount),
    dueDate: due,
  } as const
  return { event, amount, due }
}
