/**
 * Owns when a document is due, and its parts that are due on days of their own, of invoices and bills alike. PURE.
 * N1: their sum is the document's total. N2: each is due after the one before it, the first not before the document.
 *     The document's own due date is the last one's. N3: a document with instalments keeps them; of any other the due date
 *     can be moved, but not before the document.
 */
import { z } from 'zod'
import type { Instalment } from '../../schemas/generated/records.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay } from '../../schemas/values/calendar.ts'
import { MoneyValue } from '../../schemas/values/money.ts'
import { Refusal, refuseField } from './errors.ts'
import { amountIn, day, money } from './fields.ts'

export const INSTALMENTS_MAX = 120

export const instalments = z.array(z.strictObject({ dueDate: day, amount: money })).max(INSTALMENTS_MAX)
export type InstalmentInput = z.infer<typeof instalments>[number]

export interface Installed {
  readonly currency: string
  readonly total: Amount
  /** The document's date. */
  readonly from: EpochDay
  /** Due date that was stated beside the instalments. */
  readonly dueDate: EpochDay | undefined
}

export function instalmentsOf(
  wanted: readonly InstalmentInput[],
  { currency, total, from, dueDate }: Installed,
): readonly Instalment[] {
  let sum = MoneyValue.of(0n, currency)
  let before = from - 1
  const parts = wanted.map((part, index) => {
    const pointer = `/instalments/${index}`
    if (part.dueDate <= before) {
      throw refuseField(
        'date_order',
        `${pointer}/dueDate`,
        index === 0
          ? `due on ${formatDay(part.dueDate)}, before the document of ${formatDay(from)}`
          : `due on ${formatDay(part.dueDate)}, not after the instalment before it`,
      )
    }
    before = part.dueDate
    const amount = amountIn(part.amount, currency, `${pointer}/amount`)
    sum = sum.plus(MoneyValue.of(amount, currency))
    return { dueDate: part.dueDate, amount }
  })
  if (parts.length === 0) return parts
  const whole = MoneyValue.of(total, currency)
  if (sum.compare(whole) !== 0) {
    throw refuseField(
      'validation_failed',
      '/instalments',
      `the instalments are ${sum.toString()} together, the document ${whole.toString()}`,
    )
  }
  if (dueDate !== undefined && dueDate !== before) {
    throw refuseField(
      'validation_failed',
      '/dueDate',
      `the last instalment is due on ${formatDay(before)}: leave the due date out`,
    )
  }
  return parts
}

/** N3 */
export function refuseEarlyDue(dueDate: EpochDay, from: EpochDay): void {
  if (dueDate >= from) return
  throw refuseField(
    'date_order',
    '/dueDate',
    `due on ${formatDay(dueDate)}, before the document of ${formatDay(from)}`,
  )
}

export interface DueDateChange {
  readonly dueDate: EpochDay
  readonly effectiveDate?: EpochDay | undefined
  readonly reason: string
}

/** What moving the due date says (N3); `name` is what a refusal calls the document. */
export function movedDueDate(
  name: string,
  document: {
    readonly dueDate: EpochDay
    readonly from: EpochDay
    readonly instalments: readonly Instalment[]
  },
  { dueDate, effectiveDate, reason }: DueDateChange,
  today: EpochDay,
) {
  const { dueDate: previousDueDate, from, instalments: parts } = document
  if (parts.length > 0) {
    throw refuseField(
      'instalments_fixed',
      '/dueDate',
      `${name} is due in ${parts.length} instalments, each on its own day: cancel it and write it anew`,
    )
  }
  refuseEarlyDue(dueDate, from)
  if (dueDate === previousDueDate) {
    throw new Refusal('nothing_changed', `${name} is due on ${formatDay(dueDate)} already`)
  }
  return { dueDate, previousDueDate, effectiveDate: effectiveDate ?? today, reason }
}
