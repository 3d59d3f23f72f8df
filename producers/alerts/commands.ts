/** Owns the form of commands about alerts: the rules that watch, and what people do about what they found. */
import { z } from 'zod'
import { text } from '../kernel/fields.ts'

const level = z.string().regex(/^-?\d{1,15}(\.\d{1,8})?$/, 'must be plain decimal text such as "45.5"')

export const setAlertRule = z.strictObject({
  /** A built-in rule's id changes that rule, or switches it off. */
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be lower case letters, digits, . _ or -, at most 64'),
  measure: z.string().regex(/^[a-z][A-Za-z0-9]{0,59}$/, 'must be the name of a measure such as dso'),
  window: z.string().max(10).default(''),
  operator: z.enum(['ABOVE', 'BELOW']),
  /** In the unit of the measure: an amount in the base currency, per cent, days. */
  threshold: level,
  /** The alert clears here; without one at the threshold. */
  clearLevel: level.nullable().default(null),
  coolDownMinutes: z.number().int().min(0).max(525_600).default(0),
  severity: z.enum(['INFO', 'WARNING', 'CRITICAL']),
  impact: z.enum(['LOW', 'MEDIUM', 'HIGH']).default('MEDIUM'),
  parameters: z.record(z.string().max(40), z.string().max(20)).default({}),
  active: z.boolean().default(true),
})
export type SetAlertRule = z.infer<typeof setAlertRule>

const note = text(1_000).default('')

export const acknowledgeAlert = z.strictObject({ note })
export type AcknowledgeAlert = z.infer<typeof acknowledgeAlert>

export const resolveAlert = z.strictObject({ note })
export type ResolveAlert = z.infer<typeof resolveAlert>

export const escalateAlert = z.strictObject({ escalatedTo: text(200).default(''), note })
export type EscalateAlert = z.infer<typeof escalateAlert>
