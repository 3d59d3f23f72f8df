/** Owns the form of commands about payments to vendors; reversing and failing are those of all payments. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, text } from '../kernel/fields.ts'
import { ALLOCATIONS_MAX } from '../payments/commands.ts'

const allocations = z
  .array(z.strictObject({ billId: externalId, amount: money }))
  .max(ALLOCATIONS_MAX)
  .refine(
    (list) => new Set(list.map((one) => one.billId)).size === list.length,
    'names a bill twice: add the amounts up',
  )

export const sendPayment = z.strictObject({
  id: externalId.optional(),
  /** Money that goes out. */
  direction: z.literal('out'),
  paymentNumber: label(64).optional(),
  vendorId: externalId,
  method: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a word such as bank, cash, cheque, bkash')
    .default('bank'),
  reference: text(200).default(''),
  currency: currency.optional(),
  fxRate: decimalText.optional(),
  paymentDate: day.optional(),
  amount: money,
  /** Ledger account that pays; by the method and the posting rules when not given. */
  accountId: externalId.nullable().default(null),
  allocations: allocations.default([]),
  /** The payment was numbered by another system. */
  issuedElsewhere: z.boolean().default(false),
})
export type SendPayment = z.infer<typeof sendPayment>

export interface AllocateVendorPayment {
  readonly allocationDate?: number | undefined
  readonly allocations: SendPayment['allocations']
}
