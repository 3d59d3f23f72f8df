/** Owns the form of vendor commands. */
import { z } from 'zod'
import { currency, externalId, label, phone } from '../kernel/fields.ts'
import { addressFields, bin, mobile, tin } from '../kernel/identity-fields.ts'

const CERTIFICATES_MAX = 50

const fields = {
  vendorNumber: label(64).optional(),
  name: label(200),
  nameBn: label(200).nullable().default(null),
  tin,
  bin: bin.nullable().default(null),
  tradeLicense: label(64).nullable().default(null),
  currency: currency.nullable().default(null),
  paymentTermsDays: z.int().min(0).max(365).nullable().default(null),
  email: z.email().max(254).nullable().default(null),
  phone: phone.nullable().default(null),
  country: label(16).nullable().default(null),
  ...addressFields,
  bankName: label(100).nullable().default(null),
  bankAccount: z
    .string()
    .regex(/^[A-Z0-9][A-Z0-9 -]{2,32}[A-Z0-9]$/, 'must be 4 to 34 digits or capital letters')
    .nullable()
    .default(null),
  bankRouting: z
    .string()
    .regex(/^(?:\d{9}|[A-Z0-9]{8}|[A-Z0-9]{11})$/, 'must be a routing number of 9 digits or a BIC')
    .nullable()
    .default(null),
  mobileBanking: mobile.nullable().default(null),
  mobileBankingProvider: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a word such as bkash, nagad, rocket')
    .nullable()
    .default(null),
  withholdsVat: z.boolean().default(false),
  withholdsTax: z.boolean().default(false),
  /** Evaluation. */
  rating: z.int().min(1).max(5).nullable().default(null),
  /** Compliance certificates. */
  certificates: z
    .array(label(200))
    .max(CERTIFICATES_MAX)
    .refine((list) => new Set(list).size === list.length, 'names a certificate twice')
    .default([]),
  active: z.boolean().default(true),
}

export const createVendor = z.strictObject({ id: externalId.optional(), ...fields })
export type CreateVendor = z.infer<typeof createVendor>

/** The vendor as it is from now on: all fields, a missing one is empty. */
export const updateVendor = z.strictObject(fields)
export type UpdateVendor = z.infer<typeof updateVendor>
