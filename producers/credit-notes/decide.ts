/**
 * Owns the rules of credit notes. PURE.
 * C1: of an invoice no more is taken back than was sold (lines.ts). C2: it has the invoice's customer, currency and rate.
 * C3: it settles as a payment does (allocate.ts); what it does not settle is unapplied. C4: a cancelled one changes no
 *     more. C5: numbers are serials of the fiscal year of creditDate, also MUSHAK-6.7 where the books are in BDT.
 */
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import type { PaymentAllocation } from '../../schemas/generated/records.ts'
import { RATE_ONE } from '../../schemas/values/amount.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import { type CustomerState, refuseMissingCustomer } from '../customers/decide.ts'
import { givesMushakNumber } from '../invoices/decide.ts'
import type { InvoiceState } from '../invoices/evolve.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import { rateOf } from '../kernel/fields.ts'
import { type LineContext, lineOf, totalsOf } from '../kernel/lines.ts'
import { generatedNumber, mushakNumber, refuseReserved } from '../kernel/numbers.ts'
import { allocate, type AllocationFacts, openFrom, refuseNotOwed } from '../payments/allocate.ts'
import type { Allocation } from '../payments/allocations.ts'
import type { AllocateCreditNote, CancelCreditNote, IssueCreditNote } from './commands.ts'
import type { CreditNoteState } from './evolve.ts'
import { creditedLines } from './lines.ts'

export interface CreditNoteFacts extends Facts, AllocationFacts {
  readonly id: string
  readonly allocationsOfCreditNote: readonly Allocation[]
}

export interface IssueFacts extends Facts, AllocationFacts {
  readonly id: string
  readonly customer: CustomerState | undefined
  /** Credit notes of the invoice that came before. */
  readonly creditNotes: readonly CreditNoteState[]
  readonly productOf: LineContext['productOf']
  readonly numberOwner: string | undefined
  readonly serials: { readonly creditNote: number; readonly mushak: number }
}

type Content = Pick<
  Payload<'CreditNoteIssued'>,
  'invoiceId' | 'invoiceNumber' | 'customerId' | 'customerName' | 'currency' | 'fxRate' | 'category' | 'lines'
>

export function decideIssue(
  state: CreditNoteState | null,
  command: IssueCreditNote,
  facts: IssueFacts,
): readonly DomainEvent<'CreditNoteIssued'>[] {
  if (state) throw new Refusal('already_exists', `credit note ${facts.id} exists already`)
  const { tenant } = facts
  const creditDate = command.creditDate ?? facts.today
  const content =
    command.invoiceId === undefined
      ? contentAlone(command, creditDate, facts)
      : contentOf(command, command.invoiceId, creditDate, facts)
  const { discountAmount: _none, ...totals } = totalsOf(content.lines)
  const fiscalYear = fiscalYearName(creditDate, tenant.fiscalYearStart)
  const creditNoteNumber = numberOf(command, fiscalYear, facts)
  const allocations = allocationsOf(command, content, totals.total, creditDate, facts)
  return [
    {
      type: 'CreditNoteIssued',
      data: {
        ...defaultsOf('CreditNoteIssued'),
        ...content,
        ...totals,
        creditNoteNumber,
        mushakNumber: givesMushakNumber(tenant.currency, command.issuedElsewhere)
          ? mushakNumber(creditDate, facts.serials.mushak, '6.7')
          : null,
        creditDate,
        reason: command.reason,
        fiscalYear,
        allocations,
      },
    },
  ]
}

/** Corrects an invoice (C1, C2). */
function contentOf(
  command: IssueCreditNote,
  invoiceId: string,
  creditDate: EpochDay,
  facts: IssueFacts,
): Content {
  const invoice = facts.invoiceOf(invoiceId)
  refuseNotOwed(invoice, invoiceId, '/invoiceId')
  refuseDifferent(command, invoice, invoiceId)
  if (creditDate < invoice.invoiceDate) {
    throw refuseField(
      'date_order',
      '/creditDate',
      `credited on ${formatDay(creditDate)}, before the invoice of ${formatDay(invoice.invoiceDate)}`,
    )
  }
  if (command.lines !== undefined) {
    throw refuseField(
      'validation_failed',
      '/lines',
      'a credit note of an invoice takes back its lines: name them in invoiceLines',
    )
  }
  const { invoiceNumber, customerId, customerName, currency, fxRate } = invoice
  return {
    invoiceId,
    invoiceNumber,
    customerId,
    customerName,
    currency,
    fxRate,
    category: command.category ?? invoice.category,
    lines: creditedLines(invoice, facts.creditNotes, command.invoiceLines),
  }
}

function refuseDifferent(command: IssueCreditNote, invoice: InvoiceState, invoiceId: string): void {
  const { customerId = invoice.customerId, currency = invoice.currency, fxRate } = command
  if (customerId !== invoice.customerId) {
    throw refuseField(
      'customer_mismatch',
      '/customerId',
      `invoice ${invoiceId} is of customer ${invoice.customerId}: leave the customer out`,
    )
  }
  if (currency !== invoice.currency) {
    throw refuseField(
      'currency_mismatch',
      '/currency',
      `invoice ${invoiceId} is in ${invoice.currency}: leave the currency out`,
    )
  }
  const bounds = { zero: false, maxRate: 10_000_000n * RATE_ONE }
  if (fxRate !== undefined && rateOf(fxRate, '/fxRate', bounds) !== invoice.fxRate) {
    throw refuseField(
      'validation_failed',
      '/fxRate',
      `the rate is that of invoice ${invoiceId}: leave it out`,
    )
  }
}

/** A credit without an invoice. */
function contentAlone(command: IssueCreditNote, creditDate: EpochDay, facts: IssueFacts): Content {
  const { customerId, lines } = command
  if (customerId === undefined) {
    throw refuseField('validation_failed', '/customerId', 'say who is credited, or which invoice')
  }
  refuseMissingCustomer(facts.customer, customerId)
  if (command.invoiceLines !== undefined) {
    throw refuseField(
      'validation_failed',
      '/invoiceLines',
      'there are no lines of an invoice without invoiceId',
    )
  }
  if (lines === undefined) {
    throw refuseField('validation_failed', '/lines', 'say what is credited, or which invoice')
  }
  const { currency, fxRate } = documentCurrency(command, lines[0]?.unitPrice, facts.tenant.currency)
  const { taxRates: rates, productOf } = facts
  const context = { currency, fxRate, day: creditDate, rates, productOf }
  return {
    invoiceId: null,
    invoiceNumber: '',
    customerId,
    customerName: facts.customer.name,
    currency,
    fxRate,
    category: command.category ?? '',
    lines: lines.map((line, index) => lineOf(line, context, index)),
  }
}

function allocationsOf(
  command: IssueCreditNote,
  content: Content,
  total: bigint,
  creditDate: EpochDay,
  facts: IssueFacts,
): readonly PaymentAllocation[] {
  const { customerId, currency, invoiceId } = content
  if (command.allocations !== undefined) {
    const source = { what: 'credit note', customerId, currency, amount: total } as const
    return allocate(source, [], command.allocations, creditDate, facts)
  }
  const invoice = invoiceId === null ? undefined : facts.invoiceOf(invoiceId)
  if (invoiceId === null || !invoice) return []
  const open = openFrom(invoice, invoiceId, creditDate, facts)
  return open > 0n ? [{ invoiceId, amount: open < total ? open : total }] : []
}

function numberOf(command: IssueCreditNote, fiscalYear: string, facts: IssueFacts): string {
  const given = command.creditNoteNumber
  if (given === undefined) {
    if (command.issuedElsewhere) {
      throw refuseField(
        'validation_failed',
        '/creditNoteNumber',
        'a document that was issued elsewhere has a number: state it',
      )
    }
    return generatedNumber('credit-note', fiscalYear, facts.serials.creditNote)
  }
  if (!command.issuedElsewhere) refuseReserved(given, '/creditNoteNumber')
  if (facts.numberOwner !== undefined) {
    throw refuseField(
      'number_taken',
      '/creditNoteNumber',
      `credit note number ${given} belongs to credit note ${facts.numberOwner}`,
    )
  }
  return given
}

function refuseEnded(state: CreditNoteState | null, id: string): asserts state is CreditNoteState {
  if (!state) throw new Refusal('credit_note_not_found', `credit note ${id} does not exist`)
  if (state.status === 'CANCELLED') {
    throw new Refusal('credit_note_cancelled', `credit note ${id} is cancelled`)
  }
}

export function decideAllocate(
  state: CreditNoteState | null,
  command: AllocateCreditNote,
  facts: CreditNoteFacts,
): readonly DomainEvent<'CreditNoteAllocated'>[] {
  refuseEnded(state, facts.id)
  const { customerId, currency, total, creditDate } = state
  const allocationDate = command.allocationDate ?? Math.max(facts.today, creditDate)
  if (allocationDate < creditDate) {
    throw refuseField('date_order', '/allocationDate', `the credit is of ${formatDay(creditDate)} only`)
  }
  const source = { what: 'credit note', customerId, currency, amount: total } as const
  const earlier = facts.allocationsOfCreditNote
  const allocations = allocate(source, earlier, command.allocations, allocationDate, facts)
  return [{ type: 'CreditNoteAllocated', data: { allocationDate, allocations } }]
}

export function decideCancel(
  state: CreditNoteState | null,
  command: CancelCreditNote,
  facts: Facts & { readonly id: string },
): readonly DomainEvent<'CreditNoteCancelled'>[] {
  refuseEnded(state, facts.id)
  const cancelledDate = command.cancelledDate ?? facts.today
  return [{ type: 'CreditNoteCancelled', data: { cancelledDate, reason: command.reason } }]
}
