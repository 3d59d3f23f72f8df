/** Owns which evolve belongs to which aggregate. PURE. */
import {
  type AccountState,
  evolveAccount,
  evolvePostingRules,
  type PostingRulesState,
} from '../accounts/evolve.ts'
import {
  type AlertCommandState,
  type AlertRuleState,
  evolveAlert,
  evolveAlertRule,
} from '../alerts/decide.ts'
import { evolveBill, type BillState } from '../bills/evolve.ts'
import { evolveCustomer } from '../customers/evolve.ts'
import type { CustomerState } from '../customers/decide.ts'
import { type CreditNoteState, evolveCreditNote } from '../credit-notes/evolve.ts'
import { evolveExpense, type ExpenseState } from '../expenses/evolve.ts'
import { evolveInvoice, type InvoiceState } from '../invoices/evolve.ts'
import { evolveJournalEntry, type JournalEntryState } from '../journal-entries/evolve.ts'
import { evolvePayment, type PaymentState } from '../payments/evolve.ts'
import { evolveLedger, type LedgerState } from '../periods/evolve.ts'
import type { ProductState } from '../products/decide.ts'
import { evolveProduct } from '../products/evolve.ts'
import { evolveFxRate, evolveTaxRate, type FxRateState, type TaxRateState } from '../reference/decide.ts'
import { evolveStock, type StockState } from '../stock/evolve.ts'
import { evolveTarget, type TargetState } from '../targets/decide.ts'
import { evolveTenant } from '../tenants/evolve.ts'
import {
  evolveVendorPayment,
  incoming,
  outgoing,
  type VendorPaymentEvent,
  type VendorPaymentState,
} from '../vendor-payments/evolve.ts'
import type { VendorState } from '../vendors/decide.ts'
import { evolveVendor } from '../vendors/evolve.ts'
import { evolveValidationRules, type ValidationRulesState } from '../validation-rules/decide.ts'
import type { EventType } from '../../schemas/generated/records.ts'
import { type AggregateType, type DomainEvent, type TenantState, unexpectedEvent } from './events.ts'

export interface States {
  tenant: TenantState
  customer: CustomerState
  invoice: InvoiceState
  payment: PaymentState | VendorPaymentState
  'credit-note': CreditNoteState
  expense: ExpenseState
  'fx-rate': FxRateState
  'tax-rate': TaxRateState
  account: AccountState
  'posting-rules': PostingRulesState
  ledger: LedgerState
  'journal-entry': JournalEntryState
  vendor: VendorState
  bill: BillState
  product: ProductState
  stock: StockState
  target: TargetState
  'alert-rule': AlertRuleState
  alert: AlertCommandState
  'validation-rules': ValidationRulesState
}

type Evolve<S> = (state: S | null, event: DomainEvent) => S

/** An evolve that refuses events of other aggregates. */
const of =
  <S, E extends DomainEvent>(
    types: readonly E['type'][],
    evolve: (state: S | null, event: E) => S,
  ): Evolve<S> =>
  (state, event) => {
    const known: readonly EventType[] = types
    if (!known.includes(event.type)) return unexpectedEvent(types.join(' | '), event)
    return evolve(state, event as E)
  }

const VENDOR_PAYMENT: readonly VendorPaymentEvent['type'][] = [
  'VendorPaymentSent',
  'VendorPaymentAllocated',
  'VendorPaymentReversed',
  'VendorPaymentFailed',
]

/** Payments in and out are one type of aggregate; the event says which one it is. */
const eitherWay =
  (
    ofIn: Evolve<PaymentState>,
    ofOut: Evolve<VendorPaymentState>,
  ): Evolve<PaymentState | VendorPaymentState> =>
  (state, event) =>
    VENDOR_PAYMENT.some((type) => type === event.type)
      ? ofOut(outgoing(state, ''), event)
      : ofIn(incoming(state, ''), event)

export const EVOLVE: { readonly [T in AggregateType]: Evolve<States[T]> } = {
  tenant: of(
    ['TenantRegistered', 'TenantSettingsChanged', 'TenantProcessingStopped', 'TenantRebuildRequested'],
    evolveTenant,
  ),
  customer: of(['CustomerCreated', 'CustomerUpdated'], evolveCustomer),
  invoice: of(
    [
      'InvoiceCreated',
      'InvoiceApproved',
      'InvoiceCancelled',
      'InvoiceDueDateChanged',
      'InvoiceWrittenOff',
      'InvoiceDisputeChanged',
    ],
    evolveInvoice,
  ),
  payment: eitherWay(
    of(
      ['PaymentReceived', 'PaymentAllocated', 'PaymentReversed', 'PaymentFailed', 'PaymentReconciled'],
      evolvePayment,
    ),
    of([...VENDOR_PAYMENT], evolveVendorPayment),
  ),
  'credit-note': of(['CreditNoteIssued', 'CreditNoteAllocated', 'CreditNoteCancelled'], evolveCreditNote),
  expense: of(['ExpenseRecorded', 'ExpenseApproved', 'ExpenseCancelled'], evolveExpense),
  'fx-rate': of(['FxRateSet'], evolveFxRate),
  'tax-rate': of(['TaxRateSet'], evolveTaxRate),
  account: of(['AccountCreated', 'AccountUpdated', 'AccountDeactivated'], evolveAccount),
  'posting-rules': of(['PostingRulesSet'], evolvePostingRules),
  ledger: of(['PeriodClosed', 'PeriodReopened', 'FiscalYearClosed'], evolveLedger),
  'journal-entry': of(
    ['JournalEntryCreated', 'JournalEntryPosted', 'JournalEntryReversed'],
    evolveJournalEntry,
  ),
  vendor: of(['VendorCreated', 'VendorUpdated'], evolveVendor),
  bill: of(
    [
      'BillReceived',
      'BillApproved',
      'BillCancelled',
      'BillDueDateChanged',
      'BillDisputeChanged',
      'BillWrittenOff',
    ],
    evolveBill,
  ),
  product: of(['ProductCreated', 'ProductUpdated'], evolveProduct),
  stock: of(['StockMoved'], evolveStock),
  target: of(['TargetSet'], evolveTarget),
  'alert-rule': of(['AlertRuleSet'], evolveAlertRule),
  alert: of(['AlertAcknowledged', 'AlertEscalated', 'AlertResolved'], evolveAlert),
  'validation-rules': of(['ValidationRulesSet'], evolveValidationRules),
}
