/** Owns the form of credit note commands. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, reason, text } from '../kernel/fields.ts'
import { documentLine, LINES_MAX } from '../kernel/lines.ts'
import { allocations } from '../payments/commands.ts'

/** What is taken back of one line of the invoice: units, or money without units, or all that is left. */
const invoiceLine = z
  .strictObject({
    /** From 1, as on the invoice. */
    line: z.int().min(1).max(LINES_MAX),
    quantity: decimalText.optional(),
    /** Reduction of the price without SD and VAT; nothing comes back. */
    amount: money.optional(),
  })
  .refine(
    (one) => one.quantity === undefined || one.amount === undefined,
    'states a quantity or an amount, not both',
  )
export type CreditedLineInput = z.infer<typeof invoiceLine>

export const issueCreditNote = z.strictObject({
  id: externalId.optional(),
  creditNoteNumber: label(64).optional(),
  /** The invoice that it corrects: its customer, currency, rate and taxes. */
  invoiceId: externalId.optional(),
  /** Needed without an invoice. */
  customerId: externalId.optional(),
  currency: currency.optional(),
  fxRate: decimalText.optional(),
  creditDate: day.optional(),
  category: text(64).optional(),
  reason: reason.default(''),
  /** The document was numbered by another system: no Mushak number is given to it here. */
  issuedElsewhere: z.boolean().default(false),
  /** With an invoice; all that is left of it when not given. */
  invoiceLines: z.array(invoiceLine).min(1).max(LINES_MAX).optional(),
  /** Without an invoice. */
  lines: z.array(documentLine).min(1).max(LINES_MAX).optional(),
  /** What it settles at once; its invoice, as far as that is open, when not given. */
  allocations: allocations.optional(),
})
export type IssueCreditNote = z.infer<typeof issueCreditNote>

export const allocateCreditNote = z.strictObject({
  allocationDate: day.optional(),
  allocations: allocations.min(1),
})
export type AllocateCreditNote = z.infer<typeof allocateCreditNote>

export const cancelCreditNote = z.strictObject({
  cancelledDate: day.optional(),
  reason: reason.default(''),
})
export type CancelCreditNote = z.infer<typeof cancelCreditNote>
