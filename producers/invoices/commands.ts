/** Owns the form of invoice commands. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, reason, text } from '../kernel/fields.ts'
import { instalments } from '../kernel/instalments.ts'
import { documentLine, LINES_MAX } from '../kernel/lines.ts'

export const createInvoice = z.strictObject({
  id: externalId.optional(),
  invoiceNumber: label(64).optional(),
  customerId: externalId,
  currency: currency.optional(),
  fxRate: decimalText.optional(),
  invoiceDate: day.optional(),
  dueDate: day.optional(),
  category: text(64).default(''),
  productCategory: text(64).default(''),
  status: z.enum(['DRAFT', 'APPROVED']).default('DRAFT'),
  disputed: z.boolean().default(false),
  reference: text(200).default(''),
  /** The document was numbered by another system: no Mushak number is given to it here. */
  issuedElsewhere: z.boolean().default(false),
  lines: z.array(documentLine).min(1).max(LINES_MAX),
  /** Parts that are due on days of their own; the last one's day is the invoice's due date. */
  instalments: instalments.optional(),
  /** Who sold; the customer's own salesperson when not given. */
  salespersonId: externalId.optional(),
})
export type CreateInvoice = z.infer<typeof createInvoice>

export const approveInvoice = z.strictObject({ approvedDate: day.optional() })
export type ApproveInvoice = z.infer<typeof approveInvoice>

export const cancelInvoice = z.strictObject({ cancelledDate: day.optional(), reason: reason.default('') })
export type CancelInvoice = z.infer<typeof cancelInvoice>

export const changeDueDate = z.strictObject({
  dueDate: day,
  effectiveDate: day.optional(),
  reason: reason.default(''),
})
export type ChangeDueDate = z.infer<typeof changeDueDate>

/** Gives up what is open of an invoice, or a part of it. */
export const writeOffInvoice = z.strictObject({
  amount: money.optional(),
  writeOffDate: day.optional(),
  reason: reason.default(''),
})
export type WriteOffInvoice = z.infer<typeof writeOffInvoice>

export const disputeInvoice = z.strictObject({
  disputed: z.boolean(),
  effectiveDate: day.optional(),
  reason: reason.default(''),
})
export type DisputeInvoice = z.infer<typeof disputeInvoice>
