/**
 * Owns what lines of bills have besides the arithmetic of all lines: the expense they are, whether their VAT can be
 * credited, and whether their goods go into stock. PURE.
 * L1: goods of a stocked product wait in goods in transit until they are received: such a line names no account.
 */
import { z } from 'zod'
import type { BillLine } from '../../schemas/generated/records.ts'
import { refuseField } from '../kernel/errors.ts'
import { text } from '../kernel/fields.ts'
import { calculateLine, type LineContext, lineFields, productOf } from '../kernel/lines.ts'

export const billLine = z.strictObject({
  ...lineFields,
  /** Expense category; none for goods into stock. */
  category: text(64).default(''),
  /** Department that bears it. */
  department: text(64).default(''),
  /** Its VAT can be credited, else it is part of the cost; as its rate allows when not given. */
  vatCreditable: z.boolean().optional(),
})
export type BillLineInput = z.infer<typeof billLine>

export function billLineOf(input: BillLineInput, context: LineContext, index: number): BillLine {
  const pointer = `/lines/${index}`
  const { productId, accountId } = input
  const stocked = productOf(input, context, pointer)?.stocked ?? false
  if (stocked && accountId !== undefined) {
    throw refuseField(
      'validation_failed',
      `${pointer}/accountId`,
      `goods of product ${productId} go into stock: leave the account out`,
    )
  }
  const { category, department, vatCreditable, ...figures } = input
  const { line, creditable } = calculateLine(figures, context, pointer)
  return { ...line, category, department, vatCreditable: vatCreditable ?? creditable, stocked }
}
