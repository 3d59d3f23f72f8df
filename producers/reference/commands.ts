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
  /** VAT, supplementary duty, VAT and income tax deducted at source, turnover tax. */
  kind: z.enum(['VAT', 'SD', 'VDS', 'TDS', 'TURNOVER']).default('VAT'),
  code: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a tax code such as standard'),
  /** Fraction, e.g. "0.15"; left out where the tax is an amount per unit. */
  rate: decimalText.optional(),
  /** Specific tax: amount per unit in the base currency. */
  perUnit: decimalText.nullable().default(null),
  /** Input tax at this rate can be credited. */
  creditable: z.boolean().default(true),
  validFrom: day,
  validTo: day.nullable().default(null),
  name: label(200),
  source: text(200).default(''),
  verified: z.boolean().default(false),
})
export type SetTaxRate = z.infer<typeof setTaxRate>
