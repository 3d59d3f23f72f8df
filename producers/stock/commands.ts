/** Owns the form of stock movements. */
import { z } from 'zod'
import { day, decimalText, externalId, money, reason, text } from '../kernel/fields.ts'

const place = text(64).refine((name) => name.trim() === name, 'has spaces around it')

export const recordMovement = z.strictObject({
  /** Unique inside the tenant; given where none is stated. */
  movementId: externalId.optional(),
  productId: externalId,
  movement: z.enum(['RECEIPT', 'ISSUE', 'CUSTOMER_RETURN', 'VENDOR_RETURN', 'TRANSFER', 'ADJUSTMENT']),
  /** Any day: the movement is valued by what is on hand when it is recorded. */
  movementDate: day.optional(),
  warehouse: place.default('main').refine((name) => name !== '', 'is empty'),
  /** Of a transfer: the one that takes. */
  toWarehouse: place.default(''),
  batch: place.default(''),
  /** More than zero; of an adjustment below zero too ("-3"). */
  quantity: z.string().regex(/^-?\d{1,12}(\.\d{1,8})?$/, 'must be plain decimal text such as "12.5"'),
  /** Base currency, up to 4 decimals. Receipts need this or value; returns and adjustments upwards may state it. */
  unitCost: decimalText.optional(),
  /** Cost of the whole quantity in the base currency. */
  value: money.optional(),
  reference: text(200).default(''),
  /** Document that moves it. */
  sourceType: z
    .string()
    .regex(/^[a-z][a-z-]{0,31}$|^$/, 'must be a kind of document such as invoice')
    .default(''),
  sourceId: externalId.or(z.literal('')).default(''),
  reason: reason.default(''),
})
export type RecordMovement = z.infer<typeof recordMovement>
