/** Receivables and payables as the reads of aging see them: the words that are different. Owns no figure. */
import { type BookSide, PAYABLES as BILLS, RECEIVABLES as INVOICES } from '../../sinks/clickhouse/contract.ts'
import type { LiveBook } from './live-figures.ts'

export type GroupBy = 'customer' | 'vendor' | 'currency' | 'salesperson'

export interface AgingSide {
  readonly name: 'receivables' | 'payables'
  readonly live: LiveBook
  readonly book: BookSide
  readonly document: 'invoice' | 'bill'
  readonly party: 'customer' | 'vendor'
  readonly groupings: readonly [GroupBy, ...GroupBy[]]
}

/** Invoices say who sold; bills say nobody. */
export const RECEIVABLES: AgingSide = {
  name: 'receivables',
  live: 'aging',
  book: INVOICES,
  document: 'invoice',
  party: 'customer',
  groupings: ['customer', 'currency', 'salesperson'],
}

export const PAYABLES: AgingSide = {
  name: 'payables',
  live: 'payables',
  book: BILLS,
  document: 'bill',
  party: 'vendor',
  groupings: ['vendor', 'currency'],
}
