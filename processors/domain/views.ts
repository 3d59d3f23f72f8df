/** What a record contributes to a balance as of a day. PURE. */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { DuePart, OpenInvoice } from './balances.ts'
import { type Item, openOn, toBase } from './item.ts'
import {
  disputedOn,
  type Invoice,
  type InvoiceDocument,
  movedTo,
  type Part,
  type Payment,
} from './records.ts'

/** What an invoice contributes as of a day. */
export interface InvoiceView {
  readonly open: OpenInvoice | null
  /** Base subtotal when nothing is open. */
  readonly paid: Amount
}

const NOTHING: InvoiceView = { open: null, paid: 0n }

export function viewInvoice(invoice: Invoice | undefined, item: Item | null, day: EpochDay): InvoiceView {
  const document = invoice?.document ?? null
  if (invoice === undefined || item === null || document === null) return NOTHING
  const open = openOn(item, day)
  if (open === null) return NOTHING
  if (open === 0n) return { open: null, paid: toBase(document.subtotal, document) }
  const moved = movedTo(invoice, day)
  return {
    paid: 0n,
    open: {
      customerId: document.customerId,
      dueDay: moved ?? document.due,
      parts: document.parts.length === 0 ? null : openParts(document, moved, open),
      postingDay: document.date,
      base: toBase(open, item),
      disputed: disputedOn(invoice, day),
    },
  }
}

/** The instalments in the order in which they are due. A moved due date is that of the last one. */
function partsAsOf({ parts }: InvoiceDocument, moved: EpochDay | null): readonly Part[] {
  const last = parts.at(-1)
  if (moved === null || last === undefined) return parts
  return parts.with(-1, { due: moved, amount: last.amount }).sort((a, b) => a.due - b.due)
}

/**
 * What is open by due day: settlements took the parts that are due first. A part is worth the base amount of what is
 * open from it on, less that of what is open after it: so the parts sum to the base amount of the item.
 */
function openParts(document: InvoiceDocument, moved: EpochDay | null, open: Amount): DuePart[] {
  const parts = partsAsOf(document, moved)
  const found: DuePart[] = []
  let sum = 0n
  let after = 0n
  for (let i = parts.length - 1; i >= 0 && sum < open; i--) {
    const { due, amount } = parts[i] as Part
    sum += amount
    const base = toBase(sum < open ? sum : open, document)
    found.push({ day: due, base: base - after })
    after = base
  }
  return found
}

/** What a payment or a credit note contributes as of a day. */
export interface CreditView {
  readonly unapplied: Amount
  /** Base revenue that a credit note took back when nothing of it is unapplied, below zero. */
  readonly paid: Amount
}

const NO_CREDIT: CreditView = { unapplied: 0n, paid: 0n }

export function viewCredit(payment: Payment | undefined, item: Item | null, day: EpochDay): CreditView {
  const open = item === null ? null : openOn(item, day)
  if (payment === undefined || item === null || open === null) return NO_CREDIT
  if (open !== 0n) return { unapplied: toBase(open, item), paid: 0n }
  const { revenue } = payment.document
  return revenue === null ? NO_CREDIT : { unapplied: 0n, paid: -toBase(revenue, item) }
}
