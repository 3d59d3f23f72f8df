/** Owns the form of payment commands. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, reason, text } from '../kernel/fields.ts'

export const ALLOCATIONS_MAX = 200

/** What a payment or a credit note settles. */
export const allocations = z
  .array(z.strictObject({ invoiceId: externalId, amount: money }))
  .max(ALLOCATIONS_MAX)
  .refine(
    (list) => new Set(list.map((one) => one.invoiceId)).size === list.length,
    'names an invoice twice: add the amounts up',
  )

export const receivePayment = z.strictObject({
  id: externalId.optional(),
  /** Money that comes in. */
  direction: z.literal('in').default('in'),
  paymentNumber: label(64).optional(),
  customerId: externalId,
  method: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a word such as bank, cash, cheque, bkash')
    .default('bank'),
  reference: text(200).default(''),
  currency: currency.optional(),
  fxRate: decimalText.optional(),
  paymentDate: day.optional(),
  amount: money,
  /** VAT and income tax that the customer deducted at source: they settle besides the amount. */
  vdsWithheld: money.optional(),
  tdsWithheld: money.optional(),
  /** Ledger account that received the money; by method and posting rules when not given. */
  accountId: externalId.optional(),
  allocations: allocations.default([]),
  /** The payment was numbered by another system. */
  issuedElsewhere: z.boolean().default(false),
})

export type ReceivePayment = z.infer<typeof receivePayment>

export const allocatePayment = z.strictObject({
  allocationDate: day.optional(),
  allocations: allocations.min(1),
})
export type AllocatePayment = z.infer<typeof allocatePayment>

export const reversePayment = z.strictObject({ reversalDate: day.optional(), reason: reason.default('') })
export type ReversePayment = z.infer<typeof reversePayment>

export const failPayment = z.strictObject({ failedDate: day.optional(), reason: reason.default('') })
export type FailPayment = z.infer<typeof failPayment>

export const reconcilePayment = z.strictObject({
  /** Day of the line of the bank's statement. */
  statementDate: day.optional(),
  statementReference: text(200).default(''),
})
export type ReconcilePayment = z.infer<typeof reconcilePayment>
