/** Owns the form of tenant commands. The operator names the tenant in the body; everybody else's tenant is in the token. */
import { z } from 'zod'
import { currency, fiscalYearStart, label, tenantId, zone } from '../kernel/fields.ts'

export const registerTenant = z.strictObject({
  id: tenantId,
  name: label(200).optional(),
  zone: zone.default('Asia/Dhaka'),
  currency: currency.default('BDT'),
  fiscalYearStart: fiscalYearStart.default('07-01'),
})
export type RegisterTenant = z.infer<typeof registerTenant>

export const changeTenant = z.strictObject({
  name: label(200).optional(),
  zone: zone.optional(),
  currency: currency.optional(),
  fiscalYearStart: fiscalYearStart.optional(),
})
export type ChangeTenant = z.infer<typeof changeTenant>

export const stopTenant = z.strictObject({ reason: label(400) })
export type StopTenant = z.infer<typeof stopTenant>

export const rebuildTenant = z.strictObject({ reason: label(400).optional() })
export type RebuildTenant = z.infer<typeof rebuildTenant>
