/** Owns the form of bill commands. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, reason, text } from '../kernel/fields.ts'
import { instalments } from '../kernel/instalments.ts'
import { withholdingFields } from '../kernel/withholding.ts'
import { LINES_MAX } from '../kernel/lines.ts'
import { billLine } from './lines.ts'

export const createBill = z.strictObject({
  id: externalId.optional(),
  billNumber: label(64).optional(),
  vendorId: externalId,
  /** The vendor's own number: entered once per vendor. */
  vendorInvoiceNumber: z.union([label(64), z.literal('')]).default(''),
  currency: currency.optional(),
  fxRate: decimalText.optional(),
  billDate: day.optional(),
  dueDate: day.optional(),
  status: z.enum(['DRAFT', 'APPROVED']).default('DRAFT'),
  disputed: z.boolean().default(false),
  reference: text(200).default(''),
  /** The bill was numbered by another system. */
  issuedElsewhere: z.boolean().default(false),
  ...withholdingFields,
  instalments: instalments.default([]),
  lines: z.array(billLine).min(1).max(LINES_MAX),
})
export type CreateBill = z.infer<typeof createBill>

export const approveBill = z.strictObject({ approvedDate: day.optional() })
export type ApproveBill = z.infer<typeof approveBill>

export const cancelBill = z.strictObject({ cancelledDate: day.optional(), reason: reason.default('') })
export type CancelBill = z.infer<typeof cancelBill>

export const changeBillDueDate = z.strictObject({
  dueDate: day,
  effectiveDate: day.optional(),
  reason: reason.default(''),
})
export type ChangeBillDueDate = z.infer<typeof changeBillDueDate>

export const disputeBill = z.strictObject({
  disputed: z.boolean(),
  effectiveDate: day.optional(),
  reason: reason.default(''),
})
export type DisputeBill = z.infer<typeof disputeBill>

export const writeOffBill = z.strictObject({
  writeOffDate: day.optional(),
  /** All that is open when not given. */
  amount: money.optional(),
  reason: reason.default(''),
})
export type WriteOffBill = z.infer<typeof writeOffBill>
