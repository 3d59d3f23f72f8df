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
import { EVENTS_OF } from '../../schemas/event-kinds.ts'
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

const VENDOR_PAYMENT: readonly VendorPaymentEvent['type'][] = EVENTS_OF['vendor-payment']

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
  tenant: of([...EVENTS_OF.tenant, ...EVENTS_OF.processing], evolveTenant),
  customer: of(EVENTS_OF.customer, evolveCustomer),
  invoice: of(EVENTS_OF.invoice, evolveInvoice),
  payment: eitherWay(of(EVENTS_OF.payment, evolvePayment), of(VENDOR_PAYMENT, evolveVendorPayment)),
  'credit-note': of(EVENTS_OF['credit-note'], evolveCreditNote),
  expense: of(EVENTS_OF.expense, evolveExpense),
  'fx-rate': of(EVENTS_OF['fx-rate'], evolveFxRate),
  'tax-rate': of(EVENTS_OF['tax-rate'], evolveTaxRate),
  account: of(EVENTS_OF.account, evolveAccount),
  'posting-rules': of(EVENTS_OF['posting-rules'], evolvePostingRules),
  ledger: of(EVENTS_OF.ledger, evolveLedger),
  'journal-entry': of(EVENTS_OF['journal-entry'], evolveJournalEntry),
  vendor: of(EVENTS_OF.vendor, evolveVendor),
  bill: of(EVENTS_OF.bill, evolveBill),
  product: of(EVENTS_OF.product, evolveProduct),
  stock: of(EVENTS_OF.stock, evolveStock),
  target: of(EVENTS_OF.target, evolveTarget),
  'alert-rule': of(EVENTS_OF['alert-rule'], evolveAlertRule),
  alert: of(EVENTS_OF.alert, evolveAlert),
  'validation-rules': of(EVENTS_OF['validation-rules'], evolveValidationRules),
}
