/** The shapes that several operations share. Each is what validates and what /openapi.json documents. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { WINDOWS } from '../../schemas/rules/windows.ts'
import { EXTERNAL_ID } from '../../schemas/values/ids.ts'
import { parseDay } from '../../schemas/values/calendar.ts'

extendZodWithOpenApi(z)

const isDay = (text: string): boolean => {
  try {
    parseDay(text)
    return true
  } catch {
    return false
  }
}

export const PAGE_LIMIT_MAX = 500

export const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day YYYY-MM-DD')
  .refine(
    (text) => text >= '1900-01-01' && text <= '2299-12-30' && isDay(text),
    'must be a real day of 1900 to 2299',
  )
  .openapi({ format: 'date', example: '2026-06-30' })

export const instant = z.string().openapi({ format: 'date-time', example: '2026-06-30T18:00:00.000Z' })

export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .openapi({ example: '1250.00' })

export const currencyCode = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .openapi({ example: 'BDT' })

export const money = z
  .object({ amount: decimal, currency: currencyCode })
  .openapi('Money', { description: 'An amount as decimal text, never a number.' })

export const windowName = z.enum(WINDOWS).openapi({
  description:
    'The last 30, 90 or 365 days, or month, fiscal quarter or fiscal year to date; asOf is its last day.',
})

export const basis = z
  .enum(['due', 'posting'])
  .openapi({ description: 'Age counts from the due date (due) or from the invoice date (posting).' })

export const resourceId = z
  .string()
  .regex(EXTERNAL_ID, 'must be an id of letters, digits and ._:@/+#-, at most 128')

export const accountClass = z
  .enum(['UNKNOWN', 'ASSET', 'LIABILITY', 'EQUITY', 'INCOME', 'EXPENSE'])
  .openapi({ description: 'The balance of ASSET and EXPENSE is debit - credit, of all else credit - debit.' })

/** Filter of a list of masters. */
export const activeFilter = { column: 'toString(is_active)', schema: z.enum(['true', 'false']) } as const

export const source = z.enum(['redis', 'clickhouse']).openapi({
  description:
    'redis = the figures kept by the processors; clickhouse = computed from the facts by the same rules.',
})

export const limit = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.number().int().min(1).max(PAGE_LIMIT_MAX))
  .default(100)
  .openapi({ type: 'integer', minimum: 1, maximum: PAGE_LIMIT_MAX, default: 100 })

export const cursor = z
  .string()
  .min(1)
  .max(1_000)
  .openapi({ description: 'nextCursor of the page before, with the same filters.' })

export const pageInfo = z
  .object({ nextCursor: z.string().nullable(), hasMore: z.boolean() })
  .openapi('PageInfo')

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem', { description: 'RFC 9457. `code` is stable.' })
