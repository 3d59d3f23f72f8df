/** Owns the form of targets: what a measure is to be over a period. */
import { z } from 'zod'
import { day, label } from '../kernel/fields.ts'

export const setTarget = z.strictObject({
  measure: z
    .string()
    .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'must be the name of a KPI or measure such as netRevenue'),
  /** Part of the company that it is for; empty = all. */
  slice: z
    .literal('')
    .or(
      label(160).refine(
        (text) => /^[a-z][A-Za-z]{0,31}:\S/.test(text),
        'must be a dimension and its value such as category:Rice',
      ),
    )
    .default(''),
  from: day,
  to: day,
  /** In the unit; a share of a hundred in per cent ("12.5"). May be below zero. */
  amount: z.string().regex(/^-?\d{1,12}(\.\d{1,8})?$/, 'must be plain decimal text such as "1250.00"'),
  unit: z.enum(['currency', 'ratio', 'percent', 'days', 'count']).default('currency'),
})
export type SetTarget = z.infer<typeof setTarget>

export const withdrawTarget = z.strictObject({})
export type WithdrawTarget = z.infer<typeof withdrawTarget>
