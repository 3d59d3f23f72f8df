/**
 * Owns the rules of invoices. PURE.
 * I1: an invoice number is unique per tenant; a generated one and the Mushak number take the next serial of the fiscal
 *     year of invoiceDate. Only tenants whose books are in BDT give Mushak numbers, and only when the invoice is binding.
 * I2: the due date is never before the invoice date. I3: what is cancelled changes no more.
 */
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import type { CustomerState } from '../customers/decide.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { generatedNumber, mushakNumber, refuseReserved } from '../kernel/numbers.ts'
import type { ApproveInvoice, CancelInvoice, ChangeDueDate, CreateInvoice } from './commands.ts'
import type { InvoiceState } from './evolve.ts'
import { lineOf, totalsOf } from './lines.ts'

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
  if (!customer) {
    throw refuseField(
      'reference_not_found',
      '/customerId',
      `customer ${command.customerId} does not exist: create it first`,
    )
  }
  const { currency, fxRate } = documentCurrency(command, command.lines[0]?.unitPrice, tenant.currency)
  const invoiceDate = command.invoiceDate ?? facts.today
  const dueDate = command.dueDate ?? invoiceDate + (customer.paymentTermsDays ?? 0)
  refuseEarlyDue(dueDate, invoiceDate)
  const fiscalYear = fiscalYearName(invoiceDate, tenant.fiscalYearStart)
  const lines = command.lines.map((line, index) => lineOf(line, currency, index))
  const invoiceNumber = numberOf(command, fiscalYear, facts)
  const approved = command.status === 'APPROVED'
  const mushak = approved && givesMushakNumber(tenant.currency, command.issuedElsewhere)
  return [
    {
      type: 'InvoiceCreated',
      data: {
        invoiceNumber,
        customerId: command.customerId,
        customerName: customer.name,
        currency,
        fxRate,
        invoiceDate,
        dueDate,
        category: command.category,
        productCategory: command.productCategory,
        ...totalsOf(lines),
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

function refuseEarlyDue(dueDate: EpochDay, invoiceDate: EpochDay): void {
  if (dueDate < invoiceDate) {
    throw refuseField(
      'date_order',
      '/dueDate',
      `due on ${formatDay(dueDate)}, before the invoice of ${formatDay(invoiceDate)}`,
    )
  }
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
  const { status: _status, mushakNumber: _none, fiscalYear: _year, ...carried } = state
  const number = givesMushakNumber(facts.tenant.currency, false)
    ? mushakNumber(state.invoiceDate, facts.serials.mushak)
    : undefined
  return [
    {
      type: 'InvoiceApproved',
      data: { ...carried, approvedDate: command.approvedDate ?? facts.today },
      ...(number === undefined ? {} : { notes: { mushakNumber: number } }),
    },
  ]
}

export function decideCancel(
  state: InvoiceState | null,
  command: CancelInvoice,
  facts: InvoiceFacts,
): readonly DomainEvent<'InvoiceCancelled'>[] {
  refuseMissingOrCancelled(state, facts.id)
  const cancelledDate = command.cancelledDate ?? facts.today
  return [{ type: 'InvoiceCancelled', data: { cancelledDate, reason: command.reason } }]
}

export function decideDueDate(
  state: InvoiceState | null,
  command: ChangeDueDate,
  facts: InvoiceFacts,
): readonly DomainEvent<'InvoiceDueDateChanged'>[] {
  refuseMissingOrCancelled(state, facts.id)
  refuseEarlyDue(command.dueDate, state.invoiceDate)
  if (command.dueDate === state.dueDate) {
    throw new Refusal('nothing_changed', `invoice ${facts.id} is due on ${formatDay(state.dueDate)} already`)
  }
  const effectiveDate = command.effectiveDate ?? facts.today
  return [
    {
      type: 'InvoiceDueDateChanged',
      data: {
        dueDate: command.dueDate,
        previousDueDate: state.dueDate,
        effectiveDate,
        reason: command.reason,
      },
    },
  ]
}
