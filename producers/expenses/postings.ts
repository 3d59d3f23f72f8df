/**
 * Owns what the events of expenses mean for the general ledger. PURE.
 * approved:  expense, input VAT / the account that paid it (else accrued expenses), VDS, TDS
 * cancelled: the same the other way round, on the day of the cancellation
 */
import type { Payload } from '../kernel/events.ts'
import type { Posting, PostingLine, PostingTable } from '../ledger/posting.ts'
import { opposite } from '../payments/control.ts'

type Spent = Payload<'ExpenseRecorded'>

function expenseLines(expense: Spent): readonly PostingLine[] {
  const { category, accountId, department, vendorId, vdsWithheld, tdsWithheld, paidFromAccountId } = expense
  const party = vendorId === null ? {} : { party: { type: 'vendor', id: vendorId } as const }
  const paid = expense.total - vdsWithheld - tdsWithheld
  const memo = expense.description
  return [
    { side: 'debit', role: 'expense', key: category, accountId, amount: expense.netAmount, department, memo },
    { side: 'debit', role: 'input-vat', amount: expense.vatAmount },
    paidFromAccountId === null
      ? { side: 'credit', role: 'accrued-expenses', amount: paid, ...party }
      : { side: 'credit', role: 'cash', accountId: paidFromAccountId, amount: paid },
    { side: 'credit', role: 'vds-payable', amount: vdsWithheld, ...party },
    { side: 'credit', role: 'tds-payable', amount: tdsWithheld, ...party },
  ]
}

function entry(expense: Spent): Posting {
  const { expenseNumber: number, expenseDate: entryDate, vendorName, currency, fxRate } = expense
  const description = vendorName === '' ? `Expense ${number}` : `Expense ${number}, ${vendorName}`
  return { entryDate, description, number, currency, fxRate, lines: expenseLines(expense) }
}

export const expensePostings = {
  ExpenseApproved: ({ data }) => [entry(data)],
  ExpenseCancelled: ({ data }, { id, session }) => {
    const expense = session.state('expense', id)
    if (expense?.status !== 'APPROVED') return []
    const day = Math.max(data.cancelledDate, expense.expenseDate)
    const own = entry(expense)
    return [opposite(own, day, `${own.description} cancelled`)]
  },
} as const satisfies PostingTable
