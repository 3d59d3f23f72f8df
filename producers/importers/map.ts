/**
 * Owns what a file's columns mean: a small JSON, shipped or given. Refuses: guessing. A shipped map is chosen by itself
 * only where its header is exactly the file's, and none is needed where the header has our own names of the columns;
 * date format and currency are always stated.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { currency, decimalText } from '../kernel/fields.ts'
import type { Kind } from './kind.ts'
import { BLANKS } from './tables/csv.ts'
import { WrongUse } from './wrong-use.ts'

const column = z.string().min(1).max(200)
const word = z.string().max(200)

const mapSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower case letters, digits and -'),
  doc: z.string().max(1_000).optional(),
  /** What it imports: receivables, chart, ...; a map without it is good for any kind that has its columns. */
  kind: z.string().optional(),
  /** Goes into the ids of what is imported: the same number of two sources is two documents. */
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,19}$/, 'must be lower case letters, digits and -, at most 20'),
  /** The file's header; of a file without one (headless), the names that `columns` uses, in the file's order. */
  header: z.array(column).min(1).max(500).optional(),
  headless: z.boolean().default(false),
  delimiter: z.enum([',', ';', '\t', '|', BLANKS]).default(','),
  /** Of a workbook; its first sheet when not given. */
  sheet: z.string().min(1).max(31).optional(),
  /** Of YYYY, MM, M, DD, D and separators: M/D/YYYY, DD.MM.YYYY, YYYY-MM-DD, YYYYMMDD. Cells of a workbook that hold days need none. */
  dateFormat: z
    .string()
    .regex(
      /^(?:YYYYMMDD|(?:YYYY|MM?|DD?)([-/. ])(?:YYYY|MM?|DD?)\1(?:YYYY|MM?|DD?))$/,
      'must be like M/D/YYYY, DD.MM.YYYY, YYYY-MM-DD or YYYYMMDD',
    )
    .refine(
      (format) => ['Y', 'M', 'D'].every((part) => format.includes(part)),
      'must have a year, a month and a day',
    )
    .optional(),
  /** How amounts are written: 1.250,00 has decimalMark "," and grouping ".". */
  decimalMark: z.enum(['.', ',']).default('.'),
  grouping: z.enum(['', ',', '.', ' ', "'"]).default(''),
  currency: currency.optional(),
  /** Units of the tenant's base currency for one unit of the file's currency, where they differ. */
  fxRate: decimalText.optional(),
  /** Which column of the file each of ours is. */
  columns: z.record(z.string(), column),
  /** What columns hold that the file lacks. */
  constants: z.record(z.string(), word).default({}),
  /** What the file's words mean, by our column: {"accountClass": {"Assets": "ASSET"}}. */
  words: z.record(z.string(), z.record(z.string(), word)).default({}),
  /** Words of columns that say yes or no. */
  yes: z.array(z.string()).default(['yes', 'true', '1']),
  no: z.array(z.string()).default(['no', 'false', '0', '']),
  /** Account that takes what is left when amounts with more decimals than the currency are rounded. */
  roundingAccount: z.string().min(1).max(20).optional(),
  /** Turns a file of another make into rows of the kind; further files that it reads lie beside the file. */
  transform: z.string().optional(),
  tables: z
    .record(z.string(), z.string().regex(/^[^/\\]+$/, 'must be a name of a file without a folder'))
    .default({}),
})
export type ColumnMap = z.infer<typeof mapSchema>

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
  if (!parsed.success) throw new WrongUse(`${where} is no usable map:\n${z.prettifyError(parsed.error)}`)
  const map = parsed.data
  if (map.headless && !map.header) {
    throw new WrongUse(
      `${where} is no usable map: a file without a header needs the names of its columns as header`,
    )
  }
  if (map.decimalMark === map.grouping) {
    throw new WrongUse(`${where} is no usable map: decimalMark and grouping are both ${map.grouping}`)
  }
  return map
}

export const shippedMaps = (): readonly ColumnMap[] =>
  readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) =>
      parseMap(readFileSync(new URL(name, SHIPPED), 'utf8'), fileURLToPath(new URL(name, SHIPPED))),
    )

/** The map of a file, or the shipped one of that name. */
export function readMap(given: string): ColumnMap {
  if (existsSync(given)) return parseMap(readFileSync(given, 'utf8'), given)
  const maps = shippedMaps()
  const shipped = maps.find(({ name }) => name === given)
  if (shipped) return shipped
  throw new WrongUse(
    `there is no file ${given}, and no shipped map of that name (${maps.map(({ name }) => name).join(', ')})`,
  )
}

export interface ChosenMap {
  readonly map: ColumnMap
  /** Why this one, in words. */
  readonly because: string
  /** Names of the file's columns, in its order. */
  readonly header: readonly string[]
}

/** The header in the map's own delimiter: a file that is not cut by "," came as one field. */
function cutAs(map: ColumnMap, header: readonly string[]): readonly string[] {
  const [whole = ''] = header
  if (header.length > 1 || map.delimiter === ',') return header
  const parts = map.delimiter === BLANKS ? whole.trim().split(/[ \t]+/) : whole.split(map.delimiter)
  return parts.map((name) => name.trim())
}

const same = (a: readonly string[], b: readonly string[] | undefined): boolean =>
  a.length === b?.length && a.every((name, index) => name === b[index])

export function chooseMap(kind: Kind, header: readonly string[], given: ColumnMap | undefined): ChosenMap {
  if (given) return checked(kind, { map: given, because: 'given by --map', header })
  const maps = shippedMaps().filter((map) => map.kind === kind.name && !map.headless)
  for (const map of maps) {
    const cut = cutAs(map, header)
    if (same(cut, map.header)) {
      return checked(kind, { map, because: "its header is exactly this file's", header: cut })
    }
  }
  const own = ownMap(kind, header)
  if (own) return checked(kind, { map: own, because: 'its header has our own names of the columns', header })
  throw new WrongUse(
    `no shipped map (${maps.map((map) => map.name).join(', ') || `of ${kind.name} there is none`}) has exactly this header: ${header.join(', ')}. ` +
      `Name the columns as we do (${Object.keys(kind.columns).join(', ')}), or say what they mean with --map MAP.json; producers/importers/maps and docs/examples have examples`,
  )
}

/** A file that calls its columns as we do needs no map; its days are YYYY-MM-DD. */
function ownMap(kind: Kind, header: readonly string[]): ColumnMap | undefined {
  const known = Object.keys(kind.columns)
  if (!header.every((name) => known.includes(name))) return undefined
  if (known.some((name) => kind.columns[name]?.required && !header.includes(name))) return undefined
  const columns = Object.fromEntries(header.map((name) => [name, name]))
  return mapSchema.parse({ name: 'own-names', source: 'file', dateFormat: 'YYYY-MM-DD', columns })
}

function checked(kind: Kind, chosen: ChosenMap): ChosenMap {
  const { map, header } = chosen
  if (map.kind !== undefined && map.kind !== kind.name) {
    throw new WrongUse(`the map ${map.name} is for ${map.kind}, not for ${kind.name}`)
  }
  if (map.transform !== undefined) return chosen
  const missing = Object.values(map.columns).filter((name) => !header.includes(name))
  if (missing.length > 0) {
    throw new WrongUse(
      `the map ${map.name} names columns that the file lacks: ${missing.join(', ')}. It has: ${header.join(', ')}`,
    )
  }
  const known = Object.keys(kind.columns)
  const named = [...Object.keys(map.columns), ...Object.keys(map.constants), ...Object.keys(map.words)]
  const unknown = named.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new WrongUse(
      `the map ${map.name} names ${unknown.join(', ')}, which ${kind.name} do not have; they have: ${known.join(', ')}`,
    )
  }
  const unmapped = known.filter(
    (name) =>
      kind.columns[name]?.required && map.columns[name] === undefined && map.constants[name] === undefined,
  )
  if (unmapped.length > 0) {
    throw new WrongUse(`the map ${map.name} does not say which columns are ${unmapped.join(', ')}`)
  }
  return chosen
}
