/** Owns the form of customer commands. */
import { z } from 'zod'
import { currency, decimalText, externalId, label, phone, text } from '../kernel/fields.ts'
import { addressFields, bin, nid, tin } from '../kernel/identity-fields.ts'

const fields = {
  customerNumber: label(64).optional(),
  name: label(200),
  nameBn: label(200).nullable().default(null),
  currency: currency.nullable().default(null),
  paymentTermsDays: z.int().min(0).max(365).nullable().default(null),
  creditLimit: decimalText.nullable().default(null),
  email: z.email().max(254).nullable().default(null),
  phone: phone.nullable().default(null),
  country: label(16).nullable().default(null),
  tin: tin.nullable().default(null),
  bin: bin.nullable().default(null),
  nid: nid.nullable().default(null),
  ...addressFields,
  segment: text(64).default(''),
  salespersonId: externalId.nullable().default(null),
  kycStatus: z.enum(['NONE', 'PENDING', 'VERIFIED', 'REJECTED']).default('NONE'),
  loyaltyPoints: z.int().min(0).max(1_000_000_000_000).default(0),
  active: z.boolean().default(true),
}

export const createCustomer = z.strictObject({ id: externalId.optional(), ...fields })
export type CreateCustomer = z.infer<typeof createCustomer>

/** The customer as it is from now on: all fields, a missing one is empty. */
export const updateCustomer = z.strictObject(fields)
export type UpdateCustomer = z.infer<typeof updateCustomer>
