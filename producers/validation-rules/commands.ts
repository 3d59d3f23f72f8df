/** Owns the form of a tenant's own validation rules. */
import { z } from 'zod'
import { label } from '../kernel/fields.ts'

export const RULES_MAX = 200

const rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be lower case letters, digits, . _ or -'),
  /** Operation that it checks, e.g. invoice.create. */
  operation: z.string().max(64),
  /** The command is refused when this holds; producers/README.md has its form. */
  condition: z.record(z.string(), z.unknown()),
  message: label(300),
  /** Field that the refusal points at; the one that made the condition hold where nothing is said. */
  pointer: z
    .string()
    .max(100)
    .regex(/^(?:\/[^/]+)*$/, 'must be a JSON pointer such as /lines/0/unitPrice')
    .default(''),
  active: z.boolean().default(true),
})
export type RuleInput = z.infer<typeof rule>

/** All rules of the tenant as they are from now on; none = no rules. */
export const setValidationRules = z.strictObject({ rules: z.array(rule).max(RULES_MAX) })
export type SetValidationRules = z.infer<typeof setValidationRules>
