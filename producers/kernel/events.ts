/**
 * Owns the words of the command side: events without their envelope, aggregate types, and what a decision may know.
 * K1: a decision is pure: state, command and facts in, events out; time and numbers come in as facts.
 * K2: a payload never holds envelope fields; the store adds those once, when it writes.
 */
import type { EventRecords, EventType } from '../../schemas/generated/records.ts'
import type { TaxRates } from '../../schemas/rules/tax-rates.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'

/** What every event has, first and in the same order: a Tick has nothing else but its instant. */
export type Envelope = Omit<EventRecords['Tick'], 'instant'>

export type Payload<T extends EventType> = Omit<EventRecords[T], keyof Envelope>

/** A fact that a decision produced. */
export type DomainEvent<T extends EventType = EventType> = {
  readonly [K in T]: { readonly type: K; readonly data: Payload<K> }
}[T]

export type AggregateType =
  | 'tenant'
  | 'customer'
  | 'invoice'
  | 'payment'
  | 'credit-note'
  | 'expense'
  | 'fx-rate'
  | 'tax-rate'
  | 'vendor'
  | 'bill'
  | 'product'
  | 'stock'
  | 'target'
  | 'alert-rule'
  | 'alert'
  | 'validation-rules'
  | 'account'
  | 'posting-rules'
  | 'ledger'
  | 'journal-entry'

export interface TenantSettings {
  readonly name: string
  readonly zone: string
  readonly currency: string
  readonly fiscalYearStart: string
}

export interface TenantState extends TenantSettings {
  /** The processors do not apply its events any more, for this reason. Commands go on: the log takes them. */
  readonly stopped?: string
}

/** What every decision may know besides its aggregate's state. */
export interface Facts {
  readonly nowMs: number
  /** The day it is now in the tenant's zone. */
  readonly today: EpochDay
  readonly tenant: TenantSettings
  /** Tax rates by day: reference data, before the defaults in code. */
  readonly taxRates: TaxRates
}

/** Bug, not input: an evolve met an event of another aggregate. */
export function unexpectedEvent(aggregate: string, event: { readonly type: string }): never {
  throw new Error(`${aggregate} can't evolve by ${event.type}`)
}
