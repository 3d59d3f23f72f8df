/** Owns the form of invoice commands. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, reason, text } from '../kernel/fields.ts'

export const LINES_MAX = 200

const line = z.strictObject({
  description: text(500).default(''),
  /** Up to four decimals; 1 when not given. */
  quantity: decimalText.default('1'),
  /** Price of one unit without VAT. */
  unitPrice: money,
  vatCode: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a VAT code such as standard')
    .optional(),
  /** Fraction, e.g. "0.15"; the rate of vatCode when not given. */
  vatRate: decimalText.optional(),
})

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
  lines: z.array(line).min(1).max(LINES_MAX),
})
export type CreateInvoice = z.infer<typeof createInvoice>
export type InvoiceLineInput = CreateInvoice['lines'][number]

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
