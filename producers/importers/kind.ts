/**
 * Owns the shape of a kind of import: which columns it has, what a row is, and which commands rows become. A kind is one
 * file of kinds/, found by its name; nothing else lists them. Refuses: I/O in a kind.
 * I1: ids follow from the map's source and what identifies the row, so a file imported twice, or again after it broke
 *     off, changes nothing.
 */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { EXTERNAL_ID } from '../../schemas/values/ids.ts'
import type { RowFields } from './fields.ts'
import type { ColumnMap } from './map.ts'
import type { TableRecord } from './tables/csv.ts'
import { WrongUse } from './wrong-use.ts'

export interface ColumnRule {
  readonly doc: string
  readonly required?: true
  /** Holds days: the map states their format. */
  readonly day?: true
}

export interface BadRow {
  readonly line: number
  readonly column?: string
  readonly reason: string
  /** Nothing is wrong with it, but there is nothing in it to import. */
  readonly leftOut?: true
}

export interface Context {
  readonly source: string
  readonly map: ColumnMap
  /** Of the amounts; empty where the kind has none. */
  readonly currency: string
  readonly fxRate?: string
  /** Last day of the old books, as stated by the caller. */
  readonly cutOff?: string
  /** How often this text was asked for before in this file. */
  readonly nth: (text: string) => number
}

/** Where in its unit a problem lies: which of the unit's rows, and which column. */
export interface Blame {
  readonly row?: number
  readonly column?: string
}

export interface ItemInput {
  readonly type: string
  readonly body: Readonly<Record<string, unknown>>
  /** Said before the reason when this item alone is refused. */
  readonly otherwise?: string
  /** What a JSON pointer into the body is about. */
  blame?(pointer: string): Blame
}

export interface Commands {
  /** What must be there first and may be there already, such as the customer; once per file. */
  readonly masters?: readonly ItemInput[]
  readonly items: readonly ItemInput[]
}

export interface Lined<R> {
  readonly line: number
  readonly row: R
}

/** A unit is what is imported or left out as a whole: a row, or the rows of one entry. */
export interface Unit<R = unknown> {
  readonly label: string
  readonly rows: readonly Lined<R>[]
}

/** Reads records of another make; gives rows of the kind, in order, or what is wrong with a record. */
export type Transform<R = unknown> = (
  records: AsyncIterable<TableRecord>,
  given: {
    readonly map: ColumnMap
    readonly currency: string
    readonly tables: ReadonlyMap<string, readonly TableRecord[]>
  },
) => AsyncIterable<Unit<R> | BadRow>

/** Methods, not function fields, so that Kind<X> fits where Kind<unknown> is asked for. */
export interface Kind<R = unknown> {
  readonly name: string
  readonly summary: string
  readonly columns: Readonly<Record<string, ColumnRule>>
  /** Has amounts: their currency is stated. */
  readonly money: boolean
  /** What its masters are, in the plural. */
  readonly masters?: string
  /**
   * What a unit is: each row; rows that follow each other with one label; the whole file, which is then imported wholly
   * or not at all; or single rows of a file that is read to its end first, because their order matters.
   */
  readonly units: 'rows' | 'runs' | 'file' | 'ordered'
  /** Column to name when a label comes again; not given where labels may. */
  readonly unique?: string
  /** Batches are sent one after the other: units refer to earlier ones. */
  readonly sequential?: true
  readonly transforms?: Readonly<Record<string, Transform<R>>>
  read(fields: RowFields, context: Context): R
  label(row: R): string
  /** Puts the rows of the file into the order in which they can be imported. */
  order?(rows: readonly Lined<R>[]): readonly Lined<R>[]
  /** Throws Wrong where the rows together make no sense. */
  commands(unit: Unit<R>, context: Context): Commands
}

/** The text itself where it can be an id, else its hash. */
export const idPart = (text: string): string =>
  /^[A-Za-z0-9._@+-]{1,64}$/.test(text) ? text : createHash('sha256').update(text).digest('hex').slice(0, 32)

/** Id of a customer, vendor, product: the text of the file where it can be one. */
export const masterId = (text: string): string => (EXTERNAL_ID.test(text) ? text : idPart(text))
export const documentId = (source: string, number: string): string => `${source}:${idPart(number)}`

const KINDS = new URL('./kinds/', import.meta.url)

export const kindNames = (): readonly string[] =>
  readdirSync(KINDS)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -3))
    .toSorted()

export async function loadKind(name: string): Promise<Kind> {
  if (!kindNames().includes(name)) {
    throw new WrongUse(`there is no import of ${name}: use one of ${kindNames().join(', ')}`)
  }
  const { kind } = (await import(new URL(`${name}.ts`, KINDS).href)) as { kind: Kind }
  return kind
}
