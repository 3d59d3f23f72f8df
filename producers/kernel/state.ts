/** Owns which evolve belongs to which aggregate. PURE. */
import { evolveCustomer } from '../customers/evolve.ts'
import type { CustomerState } from '../customers/decide.ts'
import { evolveExpense, type ExpenseState } from '../expenses/evolve.ts'
import { evolveInvoice, type InvoiceState } from '../invoices/evolve.ts'
import { evolvePayment, type PaymentState } from '../payments/evolve.ts'
import { evolveFxRate, evolveTaxRate, type FxRateState, type TaxRateState } from '../reference/decide.ts'
import { evolveTenant } from '../tenants/evolve.ts'
import type { EventType } from '../../schemas/generated/records.ts'
import { type AggregateType, type DomainEvent, type TenantSettings, unexpectedEvent } from './events.ts'

export interface States {
  tenant: TenantSettings
  customer: CustomerState
  invoice: InvoiceState
  payment: PaymentState
  expense: ExpenseState
  'fx-rate': FxRateState
  'tax-rate': TaxRateState
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

export const EVOLVE: { readonly [T in AggregateType]: Evolve<States[T]> } = {
  tenant: of(['TenantRegistered', 'TenantSettingsChanged'], evolveTenant),
  customer: of(['CustomerCreated', 'CustomerUpdated'], evolveCustomer),
  invoice: of(
    ['InvoiceCreated', 'InvoiceApproved', 'InvoiceCancelled', 'InvoiceDueDateChanged'],
    evolveInvoice,
  ),
  payment: of(['PaymentReceived', 'PaymentAllocated', 'PaymentReversed', 'PaymentFailed'], evolvePayment),
  expense: of(['ExpenseRecorded', 'ExpenseApproved'], evolveExpense),
  'fx-rate': of(['FxRateSet'], evolveFxRate),
  'tax-rate': of(['TaxRateSet'], evolveTaxRate),
}
