/**
 * Owns the rules of bills. PURE.
 * B1: a bill number is unique per tenant; a generated one takes the next serial of the fiscal year of billDate.
 * B2: a vendor's own invoice number is entered once per vendor, whatever its case; cancelling the bill frees it.
 * B3: the due date is never before the bill date; with instalments it is the last one's. B4: what is cancelled changes
 *     no more. B5: a write-off is never more than what is open of the bill, on its day and on every later one.
 */
import { type Amount, formatAmount } from '../../schemas/values/amount.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { instalmentsOf, movedDueDate, refuseEarlyDue } from '../kernel/instalments.ts'
import { type LineContext, totalsOf } from '../kernel/lines.ts'
import { documentNumber } from '../kernel/numbers.ts'
import { withheldOf } from '../kernel/withholding.ts'
import { type Allocation, peakFrom } from '../payments/allocations.ts'
import { refuseInactiveVendor, refuseMissingVendor, type VendorState } from '../vendors/decide.ts'
import type {
  ApproveBill,
  CancelBill,
  ChangeBillDueDate,
  CreateBill,
  DisputeBill,
  WriteOffBill,
} from './commands.ts'
import type { BillState } from './evolve.ts'
import { billLineOf } from './lines.ts'
import { payableOf } from './settlements.ts'

export interface CreateBillFacts extends Facts {
  readonly id: string
  readonly vendor: VendorState | undefined
  readonly productOf: LineContext['productOf']
  readonly numberOwner: string | undefined
  /** Bill that has the vendor's own number. */
  readonly duplicate: string | undefined
  readonly serial: number
}

/** The key under which a vendor's own number is unique (B2): vendor ids have no spaces. */
export const vendorInvoiceKey = (vendorId: string, vendorInvoiceNumber: string): string | undefined =>
  vendorInvoiceNumber === '' ? undefined : `${vendorId} ${vendorInvoiceNumber.toUpperCase()}`

export function decideCreate(
  state: BillState | null,
  command: CreateBill,
  facts: CreateBillFacts,
): readonly DomainEvent<'BillReceived'>[] {
  if (state) throw new Refusal('already_exists', `bill ${facts.id} exists already`)
  const { vendor, tenant } = facts
  const { vendorId, vendorInvoiceNumber } = command
  refuseMissingVendor(vendor, vendorId)
  refuseInactiveVendor(vendor, vendorId, 'bills')
  refuseDuplicate(command, facts)
  const { currency, fxRate } = documentCurrency(command, command.lines[0]?.unitPrice, tenant.currency)
  const billDate = command.billDate ?? facts.today
  const { taxRates: rates, productOf } = facts
  const context = { currency, fxRate, day: billDate, rates, productOf }
  const lines = command.lines.map((line, index) => billLineOf(line, context, index))
  const totals = totalsOf(lines)
  const fiscalYear = fiscalYearName(billDate, tenant.fiscalYearStart)
  const { dueDate, instalments } = dueOf(command, { billDate, currency, total: totals.total, vendor })
  const taxed = lines.filter((one) => one.vatAmount > 0n).map((one) => one.netAmount + one.sdAmount)
  return [
    {
      type: 'BillReceived',
      data: {
        billNumber: documentNumber({
          kind: 'bill',
          given: command.billNumber,
          pointer: '/billNumber',
          issuedElsewhere: command.issuedElsewhere,
          owner: facts.numberOwner,
          fiscalYear,
          serial: facts.serial,
        }),
        vendorId,
        vendorName: vendor.name,
        vendorInvoiceNumber,
        currency,
        fxRate,
        billDate,
        dueDate,
        fiscalYear,
        reference: command.reference,
        ...totals,
        ...withheldOf(command, { currency, taxed, ...totals }),
        instalments,
        status: command.status,
        disputed: command.disputed,
        lines,
      },
    },
  ]
}

function refuseDuplicate({ vendorId, vendorInvoiceNumber }: CreateBill, facts: CreateBillFacts): void {
  if (facts.duplicate === undefined) return
  throw refuseField(
    'duplicate_vendor_invoice',
    '/vendorInvoiceNumber',
    `invoice ${vendorInvoiceNumber} of vendor ${vendorId} was entered already, as bill ${facts.duplicate}`,
  )
}

function dueOf(
  command: CreateBill,
  of: { billDate: EpochDay; currency: string; total: Amount; vendor: VendorState },
): Pick<BillState, 'dueDate' | 'instalments'> {
  const { billDate, currency, total, vendor } = of
  const asked = { currency, total, from: billDate, dueDate: command.dueDate }
  const instalments = instalmentsOf(command.instalments, asked)
  const usual = billDate + (vendor.paymentTermsDays ?? 0)
  const dueDate = instalments.at(-1)?.dueDate ?? command.dueDate ?? usual
  refuseEarlyDue(dueDate, billDate)
  return { dueDate, instalments }
}

function refuseMissingOrCancelled(state: BillState | null, id: string): asserts state is BillState {
  if (!state) throw new Refusal('bill_not_found', `bill ${id} does not exist`)
  if (state.status === 'CANCELLED') throw new Refusal('bill_cancelled', `bill ${id} is cancelled`)
}

export interface BillFacts extends Facts {
  readonly id: string
}

export function decideApprove(
  state: BillState | null,
  command: ApproveBill,
  facts: BillFacts,
): readonly DomainEvent<'BillApproved'>[] {
  refuseMissingOrCancelled(state, facts.id)
  if (state.status !== 'DRAFT') throw new Refusal('bill_not_draft', `bill ${facts.id} is approved already`)
  const { status: _status, disputed: _disputed, cancelledOn: _none, ...carried } = state
  const approvedDate = command.approvedDate ?? facts.today
  return [{ type: 'BillApproved', data: { ...carried, approvedDate } }]
}

export function decideCancel(
  state: BillState | null,
  command: CancelBill,
  facts: BillFacts,
): readonly DomainEvent<'BillCancelled'>[] {
  refuseMissingOrCancelled(state, facts.id)
  const cancelledDate = command.cancelledDate ?? facts.today
  return [{ type: 'BillCancelled', data: { cancelledDate, reason: command.reason } }]
}

export function decideDueDate(
  state: BillState | null,
  command: ChangeBillDueDate,
  facts: BillFacts,
): readonly DomainEvent<'BillDueDateChanged'>[] {
  refuseMissingOrCancelled(state, facts.id)
  const document = { ...state, from: state.billDate }
  const data = movedDueDate(`bill ${facts.id}`, document, command, facts.today)
  return [{ type: 'BillDueDateChanged', data }]
}

export function decideDispute(
  state: BillState | null,
  command: DisputeBill,
  facts: BillFacts,
): readonly DomainEvent<'BillDisputeChanged'>[] {
  refuseMissingOrCancelled(state, facts.id)
  const { disputed, reason } = command
  if (disputed === state.disputed) {
    const how = disputed ? 'disputed already' : 'not disputed'
    throw new Refusal('nothing_changed', `bill ${facts.id} is ${how}`)
  }
  const effectiveDate = command.effectiveDate ?? facts.today
  return [{ type: 'BillDisputeChanged', data: { disputed, effectiveDate, reason } }]
}

export function decideWriteOff(
  state: BillState | null,
  command: WriteOffBill,
  facts: BillFacts & { readonly settlements: readonly Allocation[] },
): readonly DomainEvent<'BillWrittenOff'>[] {
  const { id } = facts
  refuseMissingOrCancelled(state, id)
  if (state.status === 'DRAFT') {
    throw new Refusal('bill_not_approved', `bill ${id} is a draft: approve or cancel it`)
  }
  const { currency, billDate } = state
  const writeOffDate = command.writeOffDate ?? facts.today
  const from = Math.max(writeOffDate, billDate)
  const open = payableOf(state) - peakFrom(facts.settlements, from)
  if (open <= 0n) {
    throw new Refusal('write_off_exceeds_open', `nothing is open of bill ${id} from ${formatDay(from)} on`)
  }
  const amount = command.amount === undefined ? open : amountIn(command.amount, currency, '/amount')
  if (amount > open) {
    throw refuseField(
      'write_off_exceeds_open',
      '/amount',
      `${formatAmount(amount, currency)} is more than the ${formatAmount(open, currency)} ${currency} ` +
        `open of bill ${id} from ${formatDay(from)} on`,
    )
  }
  return [{ type: 'BillWrittenOff', data: { writeOffDate, amount, reason: command.reason } }]
}
