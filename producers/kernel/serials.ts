/** Owns which counter a document takes its number from, or moves on when another system numbered it (numbers.ts N2). */
import { type EpochDay, fiscalYearName } from '../../schemas/values/calendar.ts'
import { type Prefixed, serialIn } from './numbers.ts'
import type { CounterRef } from './operation.ts'
import type { Session } from './session.ts'

export interface Numbered {
  readonly kind: Prefixed
  readonly given: string | undefined
  readonly date: EpochDay | undefined
}

export function counterOf(session: Session, document: Numbered): readonly CounterRef[] {
  const { kind, given } = document
  if (given === undefined) return [{ kind, period: periodOf(session, document.date) }]
  const found = serialIn(kind, given)
  return found ? [{ kind, period: found.fiscalYear }] : []
}

/** Next serial for a document without a number; 0 (unused) for one that has its own. */
export const serialOf = (session: Session, document: Numbered): number =>
  document.given === undefined ? session.nextSerial(document.kind, periodOf(session, document.date)) : 0

export function periodOf(session: Session, date: EpochDay | undefined): string {
  const { today, tenant } = session.facts()
  return fiscalYearName(date ?? today, tenant.fiscalYearStart)
}
