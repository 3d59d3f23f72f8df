/** Owns which postings there are: one table of all contexts. Refuses: two tables for one event. PURE. */
import { billPostings } from '../bills/postings.ts'
import { creditNotePostings } from '../credit-notes/postings.ts'
import { expensePostings } from '../expenses/postings.ts'
import { invoicePostings } from '../invoices/postings.ts'
import { paymentPostings } from '../payments/postings.ts'
import { stockPostings } from '../stock/postings.ts'
import { vendorPaymentPostings } from '../vendor-payments/postings.ts'
import type { PostingTable } from './posting.ts'

const TABLES: readonly PostingTable[] = [
  invoicePostings,
  creditNotePostings,
  paymentPostings,
  billPostings,
  vendorPaymentPostings,
  expensePostings,
  stockPostings,
]

export function merged(tables: readonly PostingTable[]): PostingTable {
  const all: Record<string, unknown> = {}
  for (const table of tables) {
    for (const [type, postings] of Object.entries(table)) {
      if (type in all) throw new Error(`two tables have postings of ${type}`)
      all[type] = postings
    }
  }
  return all as PostingTable
}

export const POSTINGS: PostingTable = merged(TABLES)
