/**
 * Owns the rules of invoices. PURE.
 * I1: an invoice number is unique per tenant; a generated one and the Mushak number take the next serial of the fiscal
 *     year of invoiceDate. Only tenants whose books are in BDT give Mushak numbers, and only when the invoice is binding.
 * I2: the due date is never before the invoice date. I3: what is cancelled changes no more. I4: what is written off is
 *     never more than what is open, on its day and on every later one. I5: an invoice with a credit note is not cancelled:
 *     both would take back the same revenue.
 */
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import { type Amount, formatAmount } from '../../schemas/values/amount.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import type { CreditNoteState } from '../credit-notes/evolve.ts'
import { type CustomerState, refuseMissingCustomer } from '../customers/decide.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { instalmentsOf, movedDueDate, refuseEarlyDue } from '../kernel/instalments.ts'
import { type LineContext, lineOf, totalsOf } from '../kernel/lines.ts'
import { generatedNumber, mushakNumber, refuseReserved } from '../kernel/numbers.ts'
import { type Allocation, peakFrom } from '../payments/allocations.ts'
import type {
  ApproveInvoice,
  CancelInvoice,
  ChangeDueDate,
  CreateInvoice,
  DisputeInvoice,
  WriteOffInvoice,
} from './commands.ts'
import type { InvoiceState } from './evolve.ts'

const MUSHAK_CURRENCY = 'BDT'

export interface InvoiceSerials {
  /** Next serials of the fiscal year in question. */
  readonly invoice: number
  readonly mushak: number
}

export interface CreateInvoiceFacts extends Facts {
  readonly id: string
  readonly customer: CustomerState | undefined
  readonly numberOwner: string | undefined
  readonly serials: InvoiceSerials
  readonly productOf: LineContext['productOf']
}

export const givesMushakNumber = (tenantCurrency: string, issuedElsewhere: boolean): boolean =>
  tenantCurrency === MUSHAK_CURRENCY && !issuedElsewhere

export function decideCreate(
  state: InvoiceState | null,
  command: CreateInvoice,
  facts: CreateInvoiceFacts,
): readonly DomainEvent<'InvoiceCreated'>[] {
  if (state) throw new Refusal('already_exists', `invoice ${facts.id} exists already`)
  const { customer, tenant } = facts
  refuseMissingCustomer(customer, command.customerId)
  if (!customer.active) {
    throw refuseField(
      'customer_inactive',
      '/customerId',
      `customer ${command.customerId} is not active: no new invoices`,
    )
  }
  const { currency, fxRate } = documentCurrency(command, command.lines[0]?.unitPrice, tenant.currency)
  const invoiceDate = command.invoiceDate ?? facts.today
  const fiscalYear = fiscalYearName(invoiceDate, tenant.fiscalYearStart)
  const { taxRates: rates, productOf } = facts
  const context = { currency, fxRate, day: invoiceDate, rates, productOf }
  const lines = command.lines.map((line, index) => lineOf(line, context, index))
  const totals = totalsOf(lines)
  const due = { currency, total: totals.total, from: invoiceDate, dueDate: command.dueDate }
  const instalments = instalmentsOf(command.instalments ?? [], due)
  const dueDate =
    instalments.at(-1)?.dueDate ?? command.dueDate ?? invoiceDate + (customer.paymentTermsDays ?? 0)
  refuseEarlyDue(dueDate, invoiceDate)
  const invoiceNumber = numberOf(command, fiscalYear, facts)
  const approved = command.status === 'APPROVED'
  const mushak = approved && givesMushakNumber(tenant.currency, command.issuedElsewhere)
  return [
    {
      type: 'InvoiceCreated',
      data: {
        ...defaultsOf('InvoiceCreated'),
        invoiceNumber,
        customerId: command.customerId,
        customerName: customer.name,
        currency,
        fxRate,
        invoiceDate,
        dueDate,
        category: command.category,
        productCategory: command.productCategory,
        ...totals,
        instalments,
        salespersonId: command.salespersonId ?? customer.salespersonId,
        customerBin: customer.bin,
        status: command.status,
        mushakNumber: mushak ? mushakNumber(invoiceDate, facts.serials.mushak) : null,
        fiscalYear,
        disputed: command.disputed,
        reference: command.reference,
        lines,
      },
    },
  ]
}

function numberOf(command: CreateInvoice, fiscalYear: string, facts: CreateInvoiceFacts): string {
  const given = command.invoiceNumber
  if (given === undefined) {
    if (command.issuedElsewhere) {
      throw refuseField(
        'validation_failed',
        '/invoiceNumber',
        'a document that was issued elsewhere has a number: state it',
      )
    }
    return generatedNumber('invoice', fiscalYear, facts.serials.invoice)
  }
  if (!command.issuedElsewhere) refuseReserved(given, '/invoiceNumber')
  if (facts.numberOwner !== undefined) {
    throw refuseField(
      'number_taken',
      '/invoiceNumber',
      `invoice number ${given} belongs to invoice ${facts.numberOwner}`,
    )
  }
  return given
}

export function refuseMissingOrCancelled(
  state: InvoiceState | null,
  id: string,
): asserts state is InvoiceState {
  if (!state) throw new Refusal('invoice_not_found', `invoice ${id} does not exist`)
  if (state.status === 'CANCELLED') throw new Refusal('invoice_cancelled', `invoice ${id} is cancelled`)
}

export interface InvoiceFacts extends Facts {
  readonly id: string
  readonly serials: Pick<InvoiceSerials, 'mushak'>
}

export function decideApprove(
  state: InvoiceState | null,
  command: ApproveInvoice,
  facts: InvoiceFacts,
): readonly DomainEvent<'InvoiceApproved'>[] {
  refuseMissingOrCancelled(state, facts.id)
  if (state.status !== 'DRAFT') {
    throw new Refusal('invoice_not_draft', `invoice ${facts.id} is approved already`)
  }
  const {
    status: _status,
    mushakNumber: _none,
    fiscalYear: _year,
    lines: _lines,
    disputed: _disputed,
    cancelledOn: _cancelledOn,
    ...carried
  } = state
  const number = givesMushakNumber(facts.tenant.currency, false)
    ? mushakNumber(state.invoiceDate, facts.serials.mushak)
    : null
  const approvedDate = command.approvedDate ?? facts.today
  return [
    {
      type: 'InvoiceApproved',
      data: { ...defaultsOf('InvoiceApproved'), ...carried, approvedDate, mushakNumber: number },
    },
  ]
}

export function decideCancel(
  state: InvoiceState | null,
  command: CancelInvoice,
  facts: InvoiceFacts & { readonly creditNotes: readonly CreditNoteState[] },
): readonly DomainEvent<'InvoiceCancelled'>[] {
  refuseMissingOrCancelled(state, facts.id)
  const credited = facts.creditNotes.find((note) => note.status === 'ISSUED')
  if (credited) {
    throw new Refusal(
      'invoice_credited',
      `invoice ${facts.id} is credited by ${credited.creditNoteNumber}: cancel that first, or credit the rest`,
    )
  }
  const cancelledDate = command.cancelledDate ?? facts.today
  return [{ type: 'InvoiceCancelled', data: { cancelledDate, reason: command.reason } }]
}

export function decideDueDate(
  state: InvoiceState | null,
  command: ChangeDueDate,
  facts: InvoiceFacts,
): readonly DomainEvent<'InvoiceDueDateChanged'>[] {
  refuseMissingOrCancelled(state, facts.id)
  const document = { ...state, from: state.invoiceDate }
  const data = movedDueDate(`invoice ${facts.id}`, document, command, facts.today)
  return [{ type: 'InvoiceDueDateChanged', data }]
}

export interface SettledFacts extends Facts {
  readonly id: string
  readonly allocations: readonly Allocation[]
}

export function decideWriteOff(
  state: InvoiceState | null,
  command: WriteOffInvoice,
  facts: SettledFacts,
): readonly DomainEvent<'InvoiceWrittenOff'>[] {
  refuseMissingOrCancelled(state, facts.id)
  if (state.status === 'DRAFT') {
    throw new Refusal('invoice_not_approved', `invoice ${facts.id} is a draft: nobody owes it, cancel it`)
  }
  const writeOffDate = command.writeOffDate ?? facts.today
  const fromDay = Math.max(writeOffDate, state.invoiceDate)
  const open = state.total - peakFrom(facts.allocations, fromDay)
  if (open <= 0n) {
    throw new Refusal('nothing_open', `nothing is open of invoice ${facts.id} from ${formatDay(fromDay)} on`)
  }
  const amount = writeOffAmount(state, command, open, fromDay)
  return [{ type: 'InvoiceWrittenOff', data: { writeOffDate, amount, reason: command.reason } }]
}

function writeOffAmount(
  { currency }: InvoiceState,
  { amount: stated }: WriteOffInvoice,
  open: Amount,
  fromDay: EpochDay,
): Amount {
  if (stated === undefined) return open
  const amount = amountIn(stated, currency, '/amount')
  if (amount <= open) return amount
  throw refuseField(
    'allocation_exceeds_open',
    '/amount',
    `${formatAmount(amount, currency)} is more than the ${formatAmount(open, currency)} ${currency} open from ${formatDay(fromDay)} on`,
  )
}

export function decideDispute(
  state: InvoiceState | null,
  command: DisputeInvoice,
  facts: Omit<SettledFacts, 'allocations'>,
): readonly DomainEvent<'InvoiceDisputeChanged'>[] {
  refuseMissingOrCancelled(state, facts.id)
  const { disputed, reason } = command
  if (disputed === state.disputed) {
    throw new Refusal(
      'nothing_changed',
      `invoice ${facts.id} is ${disputed ? 'disputed already' : 'not disputed'}`,
    )
  }
  const effectiveDate = command.effectiveDate ?? facts.today
  return [{ type: 'InvoiceDisputeChanged', data: { disputed, effectiveDate, reason } }]
}
