/** Owns the form of product commands. */
import { z } from 'zod'
import { UNIT_BY_CODE } from '../../schemas/values/units.ts'
import { decimalText, externalId, label, money, text } from '../kernel/fields.ts'

const accountId = externalId.nullable().default(null)

const fields = {
  sku: label(64).optional(),
  name: label(200),
  nameBn: label(200).nullable().default(null),
  unit: z
    .string()
    .refine((code) => UNIT_BY_CODE.has(code), 'must be a code of the unit table such as PCS, KG or MAUND'),
  category: text(64).default(''),
  kind: z.enum(['goods', 'service']).default('goods'),
  hsCode: z
    .string()
    .max(20)
    .transform((written) => written.replace(/(?<=\d)[. ](?=\d)/g, ''))
    .pipe(z.string().regex(/^\d{4,10}$/, 'must be an HS code of 4 to 10 digits such as 1006.30.90'))
    .nullable()
    .default(null),
  vatCode: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a VAT code such as standard')
    .default('standard'),
  /** Usual price without taxes, in the base currency. */
  salePrice: money.nullable().default(null),
  /** Stock is kept of it; goods are stocked and services are not where nothing is said. */
  stocked: z.boolean().optional(),
  batchTracked: z.boolean().default(false),
  reorderLevel: decimalText.nullable().default(null),
  /** Ledger accounts that go before the posting rules. */
  salesAccountId: accountId,
  inventoryAccountId: accountId,
  cogsAccountId: accountId,
  active: z.boolean().default(true),
}

export const createProduct = z.strictObject({ id: externalId.optional(), ...fields })
export type CreateProduct = z.infer<typeof createProduct>

/** The product as it is from now on: all fields, a missing one is empty or as a new product's. */
export const updateProduct = z.strictObject(fields)
export type UpdateProduct = z.infer<typeof updateProduct>
