/** Owns which evolve belongs to which aggregate. PURE. */
import { evolveCustomer } from '../customers/evolve.ts'
import type { CustomerState } from '../customers/decide.ts'
import { evolveExpense, type ExpenseState } from '../expenses/evolve.ts'
import { evolveInvoice, type InvoiceState } from '../invoices/evolve.ts'
import { evolvePayment, type PaymentState } from '../payments/evolve.ts'
import { evolveFxRate, evolveTaxRate, type FxRateState, type TaxRateState } from '../reference/decide.ts'
import { evolveTenant } from '../tenants/evolve.ts'
import type { AggregateType, DomainEvent, TenantSettings } from './events.ts'

export interface States {
  tenant: TenantSettings
  customer: CustomerState
  invoice: InvoiceState
  payment: PaymentState
  expense: ExpenseState
  'fx-rate': FxRateState
  'tax-rate': TaxRateState
}

export const EVOLVE: {
  readonly [T in AggregateType]: (state: States[T] | null, event: DomainEvent) => States[T]
} = {
  tenant: evolveTenant,
  customer: evolveCustomer,
  invoice: evolveInvoice,
  payment: evolvePayment,
  expense: evolveExpense,
  'fx-rate': evolveFxRate,
  'tax-rate': evolveTaxRate,
}
