/** Owns the form of commands that close and reopen days of the books. */
import { z } from 'zod'
import { day, label, reason } from '../kernel/fields.ts'

export const closePeriod = z.strictObject({
  /** Last day that takes no postings any more. */
  through: day,
  reason: reason.default(''),
})
export type ClosePeriod = z.infer<typeof closePeriod>

export const reopenPeriod = z.strictObject({
  /** Last day that stays closed. */
  through: day,
  reason: label(500),
})
export type ReopenPeriod = z.infer<typeof reopenPeriod>

export const closeFiscalYear = z.strictObject({})
export type CloseFiscalYear = z.infer<typeof closeFiscalYear>
