/**
 * Owns what may settle invoices: payments and credit notes alike. PURE.
 * A1: an allocation is never more than what is open of the invoice or of its source, on its day and on every later one
 *     (allocations.ts L1). A2: invoice and source have the same customer and the same currency.
 */
import type { PaymentAllocation } from '../../schemas/generated/records.ts'
import { type Amount, formatAmount } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay } from '../../schemas/values/calendar.ts'
import type { InvoiceState } from '../invoices/evolve.ts'
import { isForeign } from '../kernel/documents.ts'
import { refuseField } from '../kernel/errors.ts'
import { amountIn, type MoneyInput } from '../kernel/fields.ts'
import type { AggregateRef } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import { type Allocation, peakFrom } from './allocations.ts'

export interface AllocationFacts {
  readonly invoiceOf: (invoiceId: string) => InvoiceState | undefined
  readonly allocationsOfInvoice: (invoiceId: string) => readonly Allocation[]
}

export const allocationFacts = (session: Session): AllocationFacts => ({
  invoiceOf: (id) => session.state('invoice', id) ?? undefined,
  allocationsOfInvoice: (id) => session.allocationsOf('invoice', id),
})

/** Invoices that a source settles, where the books have to know their other settlements too. */
export function settledBy(
  session: Session,
  type: 'payment' | 'credit-note',
  id: string,
): readonly AggregateRef[] {
  if (!isForeign(session.state(type, id), session.tenant())) return []
  return session
    .allocationsOf(type, id)
    .flatMap(({ targetType, targetId }) =>
      targetType === 'invoice' ? [{ type: targetType, id: targetId }] : [],
    )
}

export interface Source {
  readonly what: 'payment' | 'credit note'
  readonly customerId: string
  readonly currency: string
  /** All that it can settle. */
  readonly amount: Amount
}

/** Checks A1 and A2 for all of them, each seeing the ones before it. */
export function allocate(
  source: Source,
  earlier: readonly Allocation[],
  wanted: readonly { readonly invoiceId: string; readonly amount: MoneyInput }[],
  day: EpochDay,
  facts: AllocationFacts,
): readonly PaymentAllocation[] {
  const { currency } = source
  const ofSource = [...earlier]
  return wanted.map(({ invoiceId, amount: input }, index) => {
    const pointer = `/allocations/${index}`
    const amount = amountIn(input, currency, `${pointer}/amount`)
    const invoice = facts.invoiceOf(invoiceId)
    refuseUnfit(source, invoice, invoiceId, pointer)
    const fromDay = Math.max(day, invoice.invoiceDate)
    const left = {
      [`invoice ${invoiceId}`]: openFrom(invoice, invoiceId, fromDay, facts),
      [`the ${source.what}`]: source.amount - peakFrom(ofSource, fromDay),
    }
    for (const [what, open] of Object.entries(left)) {
      if (amount <= open) continue
      throw refuseField(
        'allocation_exceeds_open',
        `${pointer}/amount`,
        `${formatAmount(amount, currency)} is more than the ${formatAmount(open, currency)} ` +
          `${currency} open of ${what} from ${formatDay(fromDay)} on`,
      )
    }
    ofSource.push({ ...UNNAMED, targetId: invoiceId, amount, fromDay })
    return { invoiceId, amount }
  })
}

const UNNAMED = {
  sourceType: 'payment',
  sourceId: '',
  sourceVersion: 0,
  targetType: 'invoice',
  toDay: null,
} as const

/** What is open of an invoice on `day` and every later one. */
export const openFrom = (invoice: InvoiceState, id: string, day: EpochDay, facts: AllocationFacts): Amount =>
  invoice.total - peakFrom(facts.allocationsOfInvoice(id), day)

function refuseUnfit(
  source: Source,
  invoice: InvoiceState | undefined,
  invoiceId: string,
  pointer: string,
): asserts invoice is InvoiceState {
  const at = `${pointer}/invoiceId`
  refuseNotOwed(invoice, invoiceId, at)
  if (invoice.customerId !== source.customerId) {
    throw refuseField(
      'customer_mismatch',
      at,
      `invoice ${invoiceId} is of customer ${invoice.customerId}, the ${source.what} of ${source.customerId}`,
    )
  }
  if (invoice.currency !== source.currency) {
    throw refuseField(
      'currency_mismatch',
      at,
      `invoice ${invoiceId} is in ${invoice.currency}, the ${source.what} in ${source.currency}`,
    )
  }
}

/** An invoice that a command names has to be there and binding. */
export function refuseNotOwed(
  invoice: InvoiceState | undefined,
  invoiceId: string,
  at: string,
): asserts invoice is InvoiceState {
  if (!invoice) throw refuseField('reference_not_found', at, `invoice ${invoiceId} does not exist`)
  if (invoice.status === 'DRAFT') {
    throw refuseField('invoice_not_approved', at, `invoice ${invoiceId} is a draft: approve it first`)
  }
  if (invoice.status === 'CANCELLED') {
    throw refuseField('invoice_cancelled', at, `invoice ${invoiceId} is cancelled`)
  }
}
