/** Owns the form of commands on journal entries and opening balances. */
import { z } from 'zod'
import { currency, day, decimalText, externalId, label, money, reason, text } from '../kernel/fields.ts'

export const LINES_MAX = 1_000

const sides = {
  /** The account, by its id or by its code. */
  accountId: externalId.optional(),
  accountCode: text(20).optional(),
  /** One of debit and credit. */
  debit: money.optional(),
  credit: money.optional(),
  memo: text(200).default(''),
}
const oneAccount = (line: { accountId?: string | undefined; accountCode?: string | undefined }): boolean =>
  (line.accountId === undefined) !== (line.accountCode === undefined)
const oneSide = (line: { debit?: unknown; credit?: unknown }): boolean =>
  (line.debit === undefined) !== (line.credit === undefined)
const ONE_ACCOUNT = 'names its account by accountId or accountCode: one of the two'
const ONE_SIDE = 'has a debit or a credit: one of the two'

const line = z
  .strictObject({
    ...sides,
    party: z.strictObject({ type: z.enum(['customer', 'vendor']), id: externalId }).optional(),
    productId: externalId.optional(),
    taxCode: text(32).default(''),
    department: text(64).default(''),
  })
  .refine(oneAccount, ONE_ACCOUNT)
  .refine(oneSide, ONE_SIDE)
export type JournalLineInput = z.infer<typeof line>

export const createJournalEntry = z.strictObject({
  id: externalId.optional(),
  journalNumber: label(64).optional(),
  /** The entry was numbered by another system. */
  issuedElsewhere: z.boolean().default(false),
  entryDate: day.optional(),
  description: text(500).default(''),
  currency: currency.optional(),
  fxRate: decimalText.optional(),
  status: z.enum(['DRAFT', 'POSTED']).default('DRAFT'),
  lines: z.array(line).min(2).max(LINES_MAX),
})
export type CreateJournalEntry = z.infer<typeof createJournalEntry>

/** The draft as it is, or on another day: when its own is closed. */
export const postJournalEntry = z.strictObject({ entryDate: day.optional() })
export type PostJournalEntry = z.infer<typeof postJournalEntry>

export const reverseJournalEntry = z.strictObject({
  reversalDate: day.optional(),
  reason: reason.default(''),
})
export type ReverseJournalEntry = z.infer<typeof reverseJournalEntry>

export const openingBalances = z.strictObject({
  id: externalId.optional(),
  /** Last day of the old books: the balances are those at its end. */
  cutOff: day,
  description: text(500).default('Opening balances'),
  /** In the base currency. What they differ by goes to the account of opening balances. */
  lines: z
    .array(z.strictObject(sides).refine(oneAccount, ONE_ACCOUNT).refine(oneSide, ONE_SIDE))
    .min(1)
    .max(LINES_MAX),
})
export type OpeningBalances = z.infer<typeof openingBalances>
