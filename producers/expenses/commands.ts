/** Owns the form of expense commands. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, reason, text } from '../kernel/fields.ts'
import { withholdingFields } from '../kernel/withholding.ts'

export const recordExpense = z.strictObject({
  id: externalId.optional(),
  expenseNumber: label(64).optional(),
  category: label(64),
  vendorId: externalId.nullable().default(null),
  vendorName: text(200).default(''),
  department: text(64).default(''),
  description: text(500).default(''),
  currency: currency.optional(),
  fxRate: decimalText.optional(),
  expenseDate: day.optional(),
  /** Without VAT. */
  netAmount: money,
  /** VAT paid; none when not given. */
  vatAmount: money.optional(),
  ...withholdingFields,
  /** Ledger account that paid it at once; it is owed (accrued) when not given. */
  paidFromAccountId: externalId.nullable().default(null),
  /** Expense account; by category and posting rules when not given. */
  accountId: externalId.nullable().default(null),
  status: z.enum(['DRAFT', 'APPROVED']).default('DRAFT'),
  /** The expense was numbered by another system. */
  issuedElsewhere: z.boolean().default(false),
})
export type RecordExpense = z.infer<typeof recordExpense>

export const approveExpense = z.strictObject({ approvedDate: day.optional() })
export type ApproveExpense = z.infer<typeof approveExpense>

export const cancelExpense = z.strictObject({ cancelledDate: day.optional(), reason: reason.default('') })
export type CancelExpense = z.infer<typeof cancelExpense>
