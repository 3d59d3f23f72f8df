/**
 * What each finance event does to the book of its tenant. PURE. The dates of the events alone decide on which day
 * something counts (table of effective dates in ARCHITECTURE.md).
 *
 * F1: events of one aggregate come in order; events of different aggregates in any order: allocations wait for their
 * invoice, and the result does not depend on who came first. F2: an event whose aggregate is in no state for it is
 * refused (unknown_invoice, already_cancelled, ...).
 */
import type { EventRecords, FinanceEvent } from '../../schemas/generated/records.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { NO_BALANCE } from './balances.ts'
import type { Book } from './book.ts'
import { ALLOCATIONS_MAX, checkAmount, checkDay, checkId, checkRate, checkSum, refuse } from './checks.ts'
import { toBase } from './item.ts'
import type { Allocation, Claim, Invoice, Payment, Tenant } from './records.ts'
import { reversedOn, UNKNOWN_INVOICE } from './records.ts'
import { capAllocations, grantClaims, linked } from './settlement.ts'

type Settings = Pick<Tenant, 'currency' | 'registered'>

/** Applies an event of a tenant; types that move no book are ignored. The caller commits the book. */
export function foldEvent(event: FinanceEvent, book: Book, settings: Settings): void {
  switch (event.type) {
    case 'InvoiceCreated':
      return invoiceCreated(event.data, book, settings)
    case 'InvoiceApproved':
      return invoiceApproved(event.data, book, settings)
    case 'InvoiceCancelled':
      return invoiceCancelled(event.data, book)
    case 'InvoiceDueDateChanged':
      return dueDateChanged(event.data, book)
    case 'PaymentReceived':
      return paymentReceived(event.data, book, settings)
    case 'PaymentAllocated':
      return paymentAllocated(event.data, book)
    case 'PaymentReversed':
      return paymentReversed(event.data, book)
    case 'PaymentFailed':
      return paymentFailed(event.data, book)
    case 'ExpenseApproved':
      return expenseApproved(event.data, book, settings)
    case 'CustomerCreated':
    case 'CustomerUpdated':
      return customerNamed(event.data, book)
    case 'ExpenseRecorded':
    case 'TenantRegistered':
    case 'TenantSettingsChanged':
    case 'FxRateSet':
    case 'TaxRateSet':
    case 'Tick':
      return
  }
}

type InvoiceContent = EventRecords['InvoiceCreated'] | EventRecords['InvoiceApproved']

function checkInvoice(e: InvoiceContent, settings: Settings): void {
  checkId('invoice', e.aggregateId)
  checkId('customer', e.customerId)
  checkRate(e.currency, e.fxRate, settings.registered ? settings.currency : null)
  checkDay('invoiceDate', e.invoiceDate)
  checkDay('dueDate', e.dueDate)
  checkAmount('subtotal', e.subtotal, e.currency, 0n)
  checkAmount('vatAmount', e.vatAmount, e.currency, 0n)
  checkSum(`invoice ${e.aggregateId}`, e.subtotal + e.vatAmount, e.total)
}

const withDocument = (invoice: Invoice, e: InvoiceContent, settings: Settings): Invoice => ({
  ...invoice,
  document: {
    customerId: e.customerId,
    currency: e.currency,
    rate: e.fxRate,
    base: settings.currency,
    date: e.invoiceDate,
    due: e.dueDate,
    subtotal: e.subtotal,
    total: e.total,
  },
})

function invoiceCreated(e: EventRecords['InvoiceCreated'], book: Book, settings: Settings): void {
  checkInvoice(e, settings)
  const known = book.invoice(e.aggregateId) ?? UNKNOWN_INVOICE
  if (known.document !== null) refuse('invoice_exists', `invoice ${e.aggregateId} was created before`)
  if (e.status === 'UNKNOWN') {
    refuse('unknown_status', `invoice ${e.aggregateId} has a status that this version does not know`)
  }
  const status = e.status === 'APPROVED' ? 'approved' : 'draft'
  const invoice = { ...withDocument(known, e, settings), status, disputed: e.disputed } as const
  book.nameFromDocument(e.customerId, e.customerName)
  settleInvoice(e.aggregateId, invoice, book)
}

function invoiceApproved(e: EventRecords['InvoiceApproved'], book: Book, settings: Settings): void {
  checkInvoice(e, settings)
  checkDay('approvedDate', e.approvedDate)
  const known = book.invoice(e.aggregateId) ?? UNKNOWN_INVOICE
  if (known.status === 'approved') refuse('already_approved', `invoice ${e.aggregateId} is approved`)
  if (known.cancelled !== null) refuse('already_cancelled', `invoice ${e.aggregateId} is cancelled`)
  book.nameFromDocument(e.customerId, e.customerName)
  settleInvoice(e.aggregateId, { ...withDocument(known, e, settings), status: 'approved' }, book)
}

function livingInvoice(id: string, book: Book): Invoice {
  const invoice = book.invoice(id)
  if (invoice === undefined || invoice.document === null) {
    return refuse('unknown_invoice', `invoice ${id} was never created or approved`)
  }
  if (invoice.cancelled !== null) return refuse('already_cancelled', `invoice ${id} is cancelled`)
  return invoice
}

function invoiceCancelled(e: EventRecords['InvoiceCancelled'], book: Book): void {
  checkDay('cancelledDate', e.cancelledDate)
  const invoice = livingInvoice(e.aggregateId, book)
  settleInvoice(e.aggregateId, { ...invoice, cancelled: e.cancelledDate }, book)
}

function dueDateChanged(e: EventRecords['InvoiceDueDateChanged'], book: Book): void {
  checkDay('dueDate', e.dueDate)
  checkDay('effectiveDate', e.effectiveDate)
  const invoice = livingInvoice(e.aggregateId, book)
  const changes = [...invoice.dueChanges]
  let at = changes.length
  while (at > 0 && (changes[at - 1]?.from ?? 0) > e.effectiveDate) at--
  changes.splice(at, 0, { from: e.effectiveDate, due: e.dueDate })
  book.setInvoice(e.aggregateId, { ...invoice, dueChanges: changes })
}

/** Puts an invoice whose standing changed, and passes the change on to the payments that settle it. */
function settleInvoice(id: string, invoice: Invoice, book: Book): void {
  book.setInvoice(id, invoice)
  if (invoice.claims.length === 0) return
  const payments = new Set(invoice.claims.map((claim) => claim.payment))
  const touched = new Set([id])
  for (const paymentId of payments) {
    const payment = book.payment(paymentId)
    if (payment === undefined)
      throw new Error(`invoice ${id} is claimed by payment ${paymentId}, which is not there`)
    const allocations = payment.allocations.map((a) => (a.invoice === id ? linked(a, payment, invoice) : a))
    offer(paymentId, { ...payment, allocations }, book, touched)
  }
  grantAll(touched, book)
}

/** Caps a payment and writes what it gives into the claims of its invoices. */
function offer(paymentId: string, changed: Payment, book: Book, touched: Set<string>): void {
  const payment = capAllocations(changed)
  book.setPayment(paymentId, payment)
  const until = reversedOn(payment)
  for (const [seq, { invoice: invoiceId, day, amount }] of payment.allocations.entries()) {
    const invoice = book.invoice(invoiceId) ?? UNKNOWN_INVOICE
    const at = invoice.claims.findIndex((c) => c.seq === seq && c.payment === paymentId)
    const old = at === -1 ? undefined : invoice.claims[at]
    if (old !== undefined && old.amount === amount && old.until === until) continue
    const claim: Claim = { payment: paymentId, seq, day, until, amount, granted: old?.granted ?? 0n }
    const claims = at === -1 ? [...invoice.claims, claim] : invoice.claims.with(at, claim)
    book.setInvoice(invoiceId, { ...invoice, claims })
    touched.add(invoiceId)
  }
}

/** Caps the claims of invoices and writes what they take back into the payments, each payment once. */
function grantAll(touched: ReadonlySet<string>, book: Book): void {
  const changed = new Map<string, Allocation[]>()
  for (const invoiceId of touched) {
    const before = book.invoice(invoiceId) ?? UNKNOWN_INVOICE
    const invoice = grantClaims(before)
    if (invoice !== before) book.setInvoice(invoiceId, invoice)
    for (const { payment: paymentId, seq, granted } of invoice.claims) {
      const allocations = changed.get(paymentId) ?? book.payment(paymentId)?.allocations
      const allocation = allocations?.[seq]
      if (allocations === undefined || allocation === undefined) {
        throw new Error(
          `invoice ${invoiceId} is claimed by payment ${paymentId} (${seq}), which is not there`,
        )
      }
      if (allocation.granted === granted) continue
      const copy = changed.get(paymentId) ?? [...allocations]
      copy[seq] = { ...allocation, granted }
      changed.set(paymentId, copy)
    }
  }
  for (const [paymentId, allocations] of changed) {
    const payment = book.payment(paymentId)
    if (payment !== undefined) book.setPayment(paymentId, { ...payment, allocations })
  }
}

function newAllocations(
  wanted: EventRecords['PaymentReceived']['allocations'],
  day: EpochDay,
  payment: Payment,
  book: Book,
): Allocation[] {
  if (payment.allocations.length + wanted.length > ALLOCATIONS_MAX) {
    refuse('too_many_allocations', `a payment can have ${ALLOCATIONS_MAX} allocations`)
  }
  return wanted.map(({ invoiceId, amount }) => {
    checkId('invoice', invoiceId)
    checkAmount('allocation', amount, payment.document.currency, 1n)
    const invoice = book.invoice(invoiceId) ?? UNKNOWN_INVOICE
    if (invoice.claims.length >= ALLOCATIONS_MAX) {
      refuse('too_many_allocations', `invoice ${invoiceId} has ${ALLOCATIONS_MAX} allocations`)
    }
    const waiting = {
      invoice: invoiceId,
      day,
      requested: amount,
      from: null,
      until: null,
      amount: 0n,
      granted: 0n,
    }
    return linked(waiting, payment, invoice)
  })
}

/** Puts a payment whose standing changed, and passes the change on to its invoices. */
function settlePayment(id: string, payment: Payment, book: Book): void {
  const touched = new Set<string>()
  offer(id, payment, book, touched)
  grantAll(touched, book)
}

function paymentReceived(e: EventRecords['PaymentReceived'], book: Book, settings: Settings): void {
  checkId('payment', e.aggregateId)
  checkId('customer', e.customerId)
  checkRate(e.currency, e.fxRate, settings.registered ? settings.currency : null)
  checkDay('paymentDate', e.paymentDate)
  checkAmount('amount', e.amount, e.currency, 1n)
  if (book.payment(e.aggregateId) !== undefined) {
    refuse('payment_exists', `payment ${e.aggregateId} was received before`)
  }
  const payment: Payment = {
    document: {
      customerId: e.customerId,
      currency: e.currency,
      rate: e.fxRate,
      base: settings.currency,
      date: e.paymentDate,
      amount: e.amount,
    },
    reversed: null,
    failed: false,
    allocations: [],
  }
  book.nameFromDocument(e.customerId, e.customerName)
  const allocations = newAllocations(e.allocations, e.paymentDate, payment, book)
  settlePayment(e.aggregateId, { ...payment, allocations }, book)
}

function livingPayment(id: string, book: Book): Payment {
  const payment = book.payment(id)
  if (payment === undefined) return refuse('unknown_payment', `payment ${id} was never received`)
  if (payment.failed) return refuse('already_failed', `payment ${id} has failed`)
  if (payment.reversed !== null) return refuse('already_reversed', `payment ${id} is reversed`)
  return payment
}

function paymentAllocated(e: EventRecords['PaymentAllocated'], book: Book): void {
  checkDay('allocationDate', e.allocationDate)
  const payment = livingPayment(e.aggregateId, book)
  if (e.allocationDate < payment.document.date) {
    refuse('bad_date', `payment ${e.aggregateId} can't settle anything before its own day`)
  }
  const added = newAllocations(e.allocations, e.allocationDate, payment, book)
  settlePayment(e.aggregateId, { ...payment, allocations: [...payment.allocations, ...added] }, book)
}

function paymentReversed(e: EventRecords['PaymentReversed'], book: Book): void {
  checkDay('reversalDate', e.reversalDate)
  const payment = livingPayment(e.aggregateId, book)
  settlePayment(e.aggregateId, { ...payment, reversed: e.reversalDate }, book)
}

function paymentFailed(e: EventRecords['PaymentFailed'], book: Book): void {
  const payment = livingPayment(e.aggregateId, book)
  settlePayment(e.aggregateId, { ...payment, failed: true }, book)
}

function expenseApproved(e: EventRecords['ExpenseApproved'], book: Book, settings: Settings): void {
  checkId('expense', e.aggregateId)
  checkRate(e.currency, e.fxRate, settings.registered ? settings.currency : null)
  checkDay('expenseDate', e.expenseDate)
  checkAmount('netAmount', e.netAmount, e.currency, 0n)
  checkAmount('vatAmount', e.vatAmount, e.currency, 0n)
  checkSum(`expense ${e.aggregateId}`, e.netAmount + e.vatAmount, e.total)
  const key = book.key(e.aggregateId)
  if (book.stores.expenses.get(key) !== undefined) {
    refuse('already_approved', `expense ${e.aggregateId} is approved`)
  }
  book.stores.expenses.set(key, e.expenseDate)
  const pricing = { currency: e.currency, rate: e.fxRate, base: settings.currency }
  book.figures.at(e.expenseDate).expenses += toBase(e.netAmount, pricing)
}

function customerNamed(e: EventRecords['CustomerCreated'], book: Book): void {
  checkId('customer', e.aggregateId)
  const key = book.key(e.aggregateId)
  const balance = book.stores.balances.get(key) ?? NO_BALANCE
  if (balance.mastered && balance.name === e.name) return
  book.stores.balances.set(key, { ...balance, name: e.name, mastered: true })
  if (balance.listed) book.effects.balanceChanged(e.aggregateId)
}
