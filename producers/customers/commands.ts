/** Owns the form of customer commands. */
import { z } from 'zod'
import { currency, decimalText, externalId, label, phone } from '../kernel/fields.ts'

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
}

export const createCustomer = z.strictObject({ id: externalId.optional(), ...fields })
export type CreateCustomer = z.infer<typeof createCustomer>

/** The customer as it is from now on: all fields, a missing one is empty. */
export const updateCustomer = z.strictObject(fields)
export type UpdateCustomer = z.infer<typeof updateCustomer>
