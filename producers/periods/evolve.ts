/**
 * Owns the closed days of the books. PURE. The aggregate `books` holds what was closed and reopened by the day, and each
 * closed fiscal year is an aggregate of its own, named as the year; it stays closed for good.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { DomainEvent } from '../kernel/events.ts'

export const BOOKS = 'books'

export interface LedgerState {
  readonly closedThrough: EpochDay | null
  /** The fiscal year that this closes; null for the periods. */
  readonly fiscalYear: string | null
}

export type LedgerEvent = DomainEvent<'PeriodClosed' | 'PeriodReopened' | 'FiscalYearClosed'>

export const evolveLedger = (_state: LedgerState | null, event: LedgerEvent): LedgerState =>
  event.type === 'FiscalYearClosed'
    ? { closedThrough: event.data.to, fiscalYear: event.data.fiscalYear }
    : { closedThrough: event.data.through, fiscalYear: null }
