/**
 * What the events of expenses do to the book. PURE.
 *
 * E1: an approval and a cancelling may come in either order (a late approval is applied, see the accept rules): the
 * expense counts from its date until the later of both days, whichever came first. So a cancelling of an expense that
 * was only recorded is kept, and moves nothing.
 */
import type { EventRecords } from '../../schemas/generated/records.ts'
import { AMOUNT_NOT_KEPT } from '../../schemas/rules/accept.ts'
import type { Book } from './book.ts'
import { checkAmount, checkDay, checkId, checkRate, checkSum, refuse } from './checks.ts'
import { toBase } from './item.ts'
import type { Expense, Settings } from './records.ts'

const UNKNOWN_EXPENSE: Expense = { day: null, base: null, cancelled: null }

export function expenseApproved(e: EventRecords['ExpenseApproved'], book: Book, settings: Settings): void {
  checkId('expense', e.aggregateId)
  checkRate(e.currency, e.fxRate, settings.registered ? settings.currency : null)
  checkDay('expenseDate', e.expenseDate)
  checkAmount('netAmount', e.netAmount, e.currency, 0n)
  checkAmount('vatAmount', e.vatAmount, e.currency, 0n)
  checkSum(`expense ${e.aggregateId}`, e.netAmount + e.vatAmount, e.total)
  const key = book.key(e.aggregateId)
  const known = book.expenses().get(key) ?? UNKNOWN_EXPENSE
  if (known.day !== null) refuse('already_approved', `expense ${e.aggregateId} is approved`)
  const pricing = { currency: e.currency, rate: e.fxRate, base: settings.currency }
  const base = toBase(e.netAmount, pricing)
  book.expenses().set(key, { ...known, day: e.expenseDate, base })
  const until = known.cancelled === null ? null : Math.max(known.cancelled, e.expenseDate)
  if (until === e.expenseDate) return
  book.moves?.changes(e.expenseDate)
  book.figures.at(e.expenseDate).expenses += base
  if (until !== null) book.figures.at(until).expenses -= base
}

export function expenseCancelled(e: EventRecords['ExpenseCancelled'], book: Book): void {
  checkId('expense', e.aggregateId)
  checkDay('cancelledDate', e.cancelledDate)
  const key = book.key(e.aggregateId)
  const known = book.expenses().get(key) ?? UNKNOWN_EXPENSE
  if (known.cancelled !== null) refuse('already_cancelled', `expense ${e.aggregateId} is cancelled`)
  const { day, base } = known
  if (day !== null && base === null) {
    refuse(
      AMOUNT_NOT_KEPT,
      `expense ${e.aggregateId} was approved before the processors kept amounts of expenses: ` +
        `./nikash tenant rebuild ${book.tenantId} reads it again and counts this cancelling`,
    )
  }
  book.expenses().set(key, { ...known, cancelled: e.cancelledDate })
  if (day === null || base === null) return
  const from = Math.max(e.cancelledDate, day)
  book.moves?.changes(from)
  book.figures.at(from).expenses -= base
}
