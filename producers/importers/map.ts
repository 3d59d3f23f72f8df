/**
 * Owns what a file's columns mean: a small JSON, shipped or given. Refuses: guessing. A shipped map is chosen by itself
 * only where its header is exactly the file's; date format and currency are always stated.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parseDay } from '../../schemas/values/calendar.ts'
import { currency, decimalText } from '../kernel/fields.ts'

const column = z.string().min(1).max(200)

const mapSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower case letters, digits and -'),
  doc: z.string().max(500).optional(),
  /** Goes into the ids of what is imported: the same number of two sources is two invoices. */
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,19}$/, 'must be lower case letters, digits and -, at most 20'),
  header: z.array(column).min(1).max(500).optional(),
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
  /** Of YYYY, MM, M, DD, D and separators: M/D/YYYY, DD.MM.YYYY, YYYY-MM-DD. */
  dateFormat: z
    .string()
    .regex(
      /^(?:YYYY|MM?|DD?)([-/. ])(?:YYYY|MM?|DD?)\1(?:YYYY|MM?|DD?)$/,
      'must be like M/D/YYYY, DD.MM.YYYY or YYYY-MM-DD',
    )
    .refine(
      (format) => ['Y', 'M', 'D'].every((part) => format.includes(part)),
      'must have a year, a month and a day',
    ),
  currency: currency.optional(),
  /** Units of the tenant's base currency for one unit of the file's currency, where they differ. */
  fxRate: decimalText.optional(),
  columns: z.strictObject({
    customerId: column,
    customerName: column.optional(),
    country: column.optional(),
    invoiceNumber: column,
    invoiceDate: column,
    dueDate: column,
    amount: column,
    currency: column.optional(),
    disputed: column.optional(),
    settledDate: column.optional(),
  }),
  /** Words of the disputed column. */
  yes: z.array(z.string()).default(['yes', 'true', '1']),
  no: z.array(z.string()).default(['no', 'false', '0', '']),
})
export type ColumnMap = z.infer<typeof mapSchema>

/** The caller used it wrongly: exit code 2. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse'
}

const SHIPPED = new URL('./maps/', import.meta.url)

export function parseMap(text: string, where: string): ColumnMap {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new WrongUse(`${where} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
  const parsed = mapSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new WrongUse(`${where} is no usable map:\n${z.prettifyError(parsed.error)}`)
}

export const shippedMaps = (): readonly ColumnMap[] =>
  readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) =>
      parseMap(readFileSync(new URL(name, SHIPPED), 'utf8'), fileURLToPath(new URL(name, SHIPPED))),
    )

export interface ChosenMap {
  readonly map: ColumnMap
  /** Why this one, in words. */
  readonly because: string
}

export function chooseMap(header: readonly string[], given: ColumnMap | undefined): ChosenMap {
  if (given) {
    const missing = Object.values(given.columns).filter(
      (name) => name !== undefined && !header.includes(name),
    )
    if (missing.length > 0) {
      throw new WrongUse(
        `the map ${given.name} names columns that the file lacks: ${missing.join(', ')}. It has: ${header.join(', ')}`,
      )
    }
    return { map: given, because: 'given by --map' }
  }
  const maps = shippedMaps()
  const fitting = maps.find(
    (map) => map.header?.length === header.length && map.header.every((name, i) => name === header[i]),
  )
  if (fitting) return { map: fitting, because: "its header is exactly this file's" }
  throw new WrongUse(
    `no shipped map (${maps.map((map) => map.name).join(', ')}) has exactly this header: ${header.join(', ')}. ` +
      'Say what the columns mean with --map MAP.json; producers/importers/maps has examples',
  )
}

/** Reads dates of one stated format into YYYY-MM-DD; undefined where the text is none. */
export function dateReader(format: string): (text: string) => string | undefined {
  const pattern = format
    .replaceAll(/[.]/g, '\\.')
    .replace('YYYY', '(?<y>\\d{4})')
    .replace(/MM?/, (m) => (m === 'MM' ? '(?<m>\\d{2})' : '(?<m>\\d{1,2})'))
    .replace(/DD?/, (d) => (d === 'DD' ? '(?<d>\\d{2})' : '(?<d>\\d{1,2})'))
  const expression = new RegExp(`^${pattern}$`)
  return (text) => {
    const found = expression.exec(text)?.groups
    if (!found) return undefined
    const day = `${found['y']}-${found['m']?.padStart(2, '0')}-${found['d']?.padStart(2, '0')}`
    try {
      parseDay(day)
      return day
    } catch {
      return undefined
    }
  }
}
