/**
 * Keyset cursors: the place after the last row of a page, as opaque text. Owns the text's form. A cursor is bound to
 * its list and filters by a digest, so that one of another list is refused instead of giving a strange page.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ApiError } from './problem.ts'

const cursorSchema = z.object({ b: z.string(), k: z.array(z.string().max(200)).max(8) })

const digest = (binding: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(binding)).digest('base64url').slice(0, 8)

export const encodeCursor = (binding: readonly unknown[], keys: readonly string[]): string =>
  Buffer.from(JSON.stringify({ b: digest(binding), k: keys })).toString('base64url')

/** Keys of the last row of the page before; undefined without a cursor. */
export function decodeCursor(
  text: string | undefined,
  binding: readonly unknown[],
  count: number,
): readonly string[] | undefined {
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    value = undefined
  }
  const parsed = cursorSchema.safeParse(value)
  if (!parsed.success || parsed.data.b !== digest(binding) || parsed.data.k.length !== count) {
    throw new ApiError(
      'cursor_invalid',
      'The cursor is not one of this list with these filters: start without one.',
    )
  }
  return parsed.data.k
}

export interface Page<T> {
  readonly data: readonly T[]
  readonly page: { readonly nextCursor: string | null; readonly hasMore: boolean }
}

/** A page from limit + 1 rows. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  options: {
    limit: number
    binding: readonly unknown[]
    keys: (row: Row) => readonly string[]
    map: (row: Row) => T
  },
): Page<T> {
  const shown = rows.slice(0, options.limit)
  const last = shown.at(-1)
  const hasMore = rows.length > options.limit
  const nextCursor = hasMore && last !== undefined ? encodeCursor(options.binding, options.keys(last)) : null
  return { data: shown.map(options.map), page: { nextCursor, hasMore } }
}
