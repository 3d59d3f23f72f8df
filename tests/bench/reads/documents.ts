/**
 * The companies of `bench reads`, the same for every run of a day (fixed seed): tenants of very different size with two
 * years of invoices, payments and expenses. Plain whole numbers, poisha and days since 1970: what is expected
 * (oracle.ts) and what is written (events.ts) are both made from these, by different code.
 * D1: the k-th tenant has a share of 1 / k^0.7 of the facts. D2: documents are in the order of their days, and a payment
 * settles an invoice before it. D3: each document is two facts, itself and its journal entry.
 */

export interface Invoice {
  readonly kind: 'invoice'
  readonly day: number
  readonly due: number
  readonly customer: number
  readonly net: number
  readonly vat: number
  readonly disputed: boolean
}
export interface Payment {
  readonly kind: 'payment'
  readonly day: number
  readonly customer: number
  readonly amount: number
  /** Place of the invoice among the documents. */
  readonly invoice: number
  /** At most the amount: the rest is unapplied. */
  readonly applied: number
}
export interface Expense {
  readonly kind: 'expense'
  readonly day: number
  readonly net: number
  readonly vat: number
}
export type Document = Invoice | Payment | Expense

export interface Company {
  readonly tenant: string
  readonly customers: number
  readonly documents: readonly Document[]
}

export const DAYS = 730
const SKEW = 0.7
const TERMS = [7, 15, 30, 45, 60] as const
const CUSTOMERS_MAX = 200

const randomOf = (seed: number) => () =>
  (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296

interface Open {
  readonly at: number
  readonly customer: number
  left: number
}

function documentsOf(seed: number, count: number, customers: number, today: number): Document[] {
  const random = randomOf(seed)
  const below = (n: number) => Math.floor(random() * n)
  const documents: Document[] = []
  const open: Open[] = []
  for (let at = 0; at < count; at++) {
    const day = today - DAYS + 1 + Math.floor((at * DAYS) / count)
    const chance = random()
    // VAT of 15 % is then whole poisha.
    const net = 20 * (1 + below(500_000))
    const vat = (net * 3) / 20
    if (chance < 0.1) {
      documents.push({ kind: 'expense', day, net, vat })
      continue
    }
    const target = chance < 0.5 ? open[below(Math.min(open.length, 20))] : undefined
    if (target === undefined) {
      const customer = below(customers)
      const due = day + (TERMS[below(TERMS.length)] ?? 30)
      documents.push({ kind: 'invoice', day, due, customer, net, vat, disputed: random() < 0.02 })
      open.push({ at, customer, left: net + vat })
      continue
    }
    const applied = random() < 0.7 ? target.left : Math.ceil(target.left / 2)
    target.left -= applied
    if (target.left === 0) open.splice(open.indexOf(target), 1)
    const more = random() < 0.1 ? 100 * (1 + below(1_000)) : 0
    const { customer, at: invoice } = target
    documents.push({ kind: 'payment', day, customer, amount: applied + more, invoice, applied })
  }
  return documents
}

export interface Size {
  readonly tenants: number
  readonly facts: number
  /** Days since 1970: the last day of the companies. */
  readonly today: number
}

export function companies({ tenants, facts, today }: Size): Company[] {
  const shares = Array.from({ length: tenants }, (_, k) => 1 / (k + 1) ** SKEW)
  const all = shares.reduce((sum, share) => sum + share, 0)
  return shares.map((share, k) => {
    const count = Math.max(4, Math.floor((facts * share) / all / 2))
    const customers = Math.min(CUSTOMERS_MAX, 5 + Math.floor(count / 50))
    return {
      tenant: `reads-${today}-${facts}-${tenants}-${k}`,
      customers,
      documents: documentsOf(k + 1, count, customers, today),
    }
  })
}
