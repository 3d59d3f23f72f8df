/** Owns the form of commands on the chart: accounts and posting rules. */
import { z } from 'zod'
import { currency, externalId, label, reason, text } from '../kernel/fields.ts'
import { ROLES } from '../ledger/posting.ts'

export const RULES_MAX = 1_000

const code = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$/, 'must be letters, digits, . _ or -, at most 20')

const account = {
  code,
  name: label(255),
  nameBn: label(255).nullable().default(null),
  accountClass: z.enum(['ASSET', 'LIABILITY', 'EQUITY', 'INCOME', 'EXPENSE']),
  /** Finer kind within the class: CASH, BANK, RECEIVABLE, COGS, ...; the class's usual one when not given. */
  subtype: text(50).optional(),
  /** Where its movements belong in the cash flow statement; follows from the subtype when not given. */
  cashFlow: z.enum(['OPERATING', 'INVESTING', 'FINANCING', 'CASH', 'NONE']).optional(),
  /** Account that it is summed under. */
  parentId: externalId.nullable().default(null),
  currency: currency.nullable().default(null),
  /** Subledger whose control account it is: then only that subledger's documents post to it. */
  control: z.enum(['', 'receivables', 'payables', 'inventory']).default(''),
}

/** The id is the code where none is given. */
export const createAccount = z.strictObject({ id: externalId.optional(), ...account })
export type CreateAccount = z.infer<typeof createAccount>

/** All fields anew; `active: true` makes a deactivated account usable again. */
export const updateAccount = z.strictObject({ ...account, active: z.boolean().optional() })
export type UpdateAccount = z.infer<typeof updateAccount>

export const deactivateAccount = z.strictObject({ reason: reason.default('') })
export type DeactivateAccount = z.infer<typeof deactivateAccount>

export const setPostingRules = z.strictObject({
  /** All rules of the tenant: what is not among them goes where the default chart says. */
  rules: z
    .array(
      z.strictObject({
        role: z.enum(ROLES),
        /** Category, method, ... within the role; empty = all others. */
        key: text(64).default(''),
        accountId: externalId,
      }),
    )
    .max(RULES_MAX),
})
export type SetPostingRules = z.infer<typeof setPostingRules>
