/** Owns the form of reference data: rates that are the same for all tenants. Operators set them. */
import { z } from 'zod'
import { currency, day, decimalText, label, text } from '../kernel/fields.ts'

export const setFxRate = z.strictObject({
  baseCurrency: currency,
  quoteCurrency: currency,
  /** Quote units for one base unit. */
  rate: decimalText,
  validFrom: day,
  source: text(200).default(''),
})
export type SetFxRate = z.infer<typeof setFxRate>

export const setTaxRate = z.strictObject({
  code: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a VAT code such as standard'),
  /** Fraction, e.g. "0.15". */
  rate: decimalText,
  validFrom: day,
  validTo: day.nullable().default(null),
  name: label(200),
  source: text(200).default(''),
  verified: z.boolean().default(false),
})
export type SetTaxRate = z.infer<typeof setTaxRate>
