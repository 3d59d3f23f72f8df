/**
 * Owns cutting a file into units: rows, runs of rows with one label, the whole file, or what a transform makes of it.
 * U1: a bad row is told by line and left out, with the unit that it is part of. U2: what is remembered of each label is
 *     8 bytes; kinds that need the whole file are held to WHOLE_ROWS_MAX.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { fieldReader, Wrong } from './fields.ts'
import type { BadRow, Context, Kind, Lined, Unit } from './kind.ts'
import type { ChosenMap, ColumnMap } from './map.ts'
import type { TableRecord } from './tables/csv.ts'
import { openTable, type Table } from './tables/open.ts'
import { WrongUse } from './wrong-use.ts'

const ROWS_MAX = 5_000_000
const WHOLE_ROWS_MAX = 50_000
const RUN_ROWS_MAX = 2_000
const TABLE_ROWS_MAX = 100_000

/** What is wrong, and how many rows are left out for it. */
export interface Told {
  readonly bad: BadRow
  readonly rows: number
}

type Row = Lined<unknown> | { readonly bad: BadRow; readonly label: string | undefined }

export interface Opened {
  readonly kind: Kind
  readonly file: string
  readonly table: Table
  readonly chosen: ChosenMap
  readonly records: AsyncIterable<TableRecord>
  readonly context: Context
}

export class Units {
  readonly #opened: Opened
  readonly #labels = new Set<bigint>()
  /** Rows read so far. */
  rows = 0

  constructor(opened: Opened) {
    this.#opened = opened
  }

  read(): AsyncGenerator<Unit | Told> {
    const { kind, chosen } = this.#opened
    if (chosen.map.transform !== undefined) return this.#transformed(chosen.map.transform)
    if (kind.units === 'runs') return this.#runs()
    return kind.units === 'rows' ? this.#each() : this.#whole()
  }

  async *#counted(): AsyncGenerator<TableRecord> {
    for await (const record of this.#opened.records) {
      if (++this.rows > ROWS_MAX)
        throw new WrongUse(`the file has more than ${ROWS_MAX} rows: cut it into parts`)
      yield record
    }
  }

  async *#rows(): AsyncGenerator<Row> {
    const { kind, chosen, table, context } = this.#opened
    const read = fieldReader({ header: chosen.header, map: chosen.map, format: table.format })
    for await (const record of this.#counted()) {
      const { line } = record
      if ('problem' in record) {
        yield { bad: { line, reason: record.problem }, label: undefined }
        continue
      }
      let label: string | undefined
      try {
        const fields = read(record.fields)
        label = kind.unique === undefined ? undefined : fields.text(kind.unique)
        yield { line, row: kind.read(fields, context) }
      } catch (error) {
        if (!(error instanceof Wrong)) throw error
        yield { bad: badRow(line, error, chosen.map), label }
      }
    }
  }

  async *#each(): AsyncGenerator<Unit | Told> {
    const { kind } = this.#opened
    for await (const one of this.#rows()) {
      if ('bad' in one) yield { bad: one.bad, rows: 1 }
      else yield this.#once({ label: kind.label(one.row), rows: [one] })
    }
  }

  /** A bad row spoils its run; where it can't be said which that is, the one that it stands in or between. */
  async *#runs(): AsyncGenerator<Unit | Told> {
    const { kind } = this.#opened
    let run: { label: string; rows: Lined<unknown>[]; spoilt: BadRow | undefined } | undefined
    let between: BadRow | undefined
    for await (const one of this.#rows()) {
      const label = 'bad' in one ? one.label : kind.label(one.row)
      if ('bad' in one) {
        yield { bad: one.bad, rows: 1 }
        if (label === undefined && !one.bad.leftOut) {
          between = one.bad
          if (run) run.spoilt = one.bad
        }
      }
      if (label === undefined) continue
      if (run?.label !== label) {
        if (run) yield* this.#closed(run)
        run = { label, rows: [], spoilt: between }
      }
      between = undefined
      if ('bad' in one) {
        if (!one.bad.leftOut) run.spoilt = one.bad
        continue
      }
      run.rows.push(one)
      if (run.rows.length > RUN_ROWS_MAX) {
        throw new WrongUse(`${label} at line ${one.line} has more than ${RUN_ROWS_MAX} rows`)
      }
    }
    if (run) yield* this.#closed(run)
  }

  *#closed(run: Unit & { readonly spoilt: BadRow | undefined }): Generator<Unit | Told> {
    const { label, rows, spoilt } = run
    if (rows.length > 0) yield spoilt ? leftOut(run, spoilt) : this.#once({ label, rows })
  }

  /** The whole file first: its order matters (ordered), or all of it is one command (file). */
  async *#whole(): AsyncGenerator<Unit | Told> {
    const { kind, chosen } = this.#opened
    const held: Lined<unknown>[] = []
    let spoilt: BadRow | undefined
    for await (const one of this.#rows()) {
      const bad = 'bad' in one ? one.bad : this.#again(kind.label(one.row), one.line)
      if (bad) {
        yield { bad, rows: 1 }
        if (!bad.leftOut) spoilt ??= bad
      } else if ('row' in one) held.push(one)
      if (held.length > WHOLE_ROWS_MAX) throw new WrongUse(`the file has more than ${WHOLE_ROWS_MAX} rows`)
    }
    if (held.length === 0) return
    if (kind.units === 'file') {
      const unit = { label: kind.name, rows: held }
      yield spoilt ? leftOut(unit, spoilt) : unit
      return
    }
    try {
      for (const one of kind.order?.(held) ?? held) yield { label: kind.label(one.row), rows: [one] }
    } catch (error) {
      if (!(error instanceof Wrong)) throw error
      yield { bad: badRow(held[0]?.line ?? 0, error, chosen.map), rows: held.length }
    }
  }

  async *#transformed(name: string): AsyncGenerator<Unit | Told> {
    const { kind, chosen, file, context } = this.#opened
    const transform = kind.transforms?.[name]
    if (!transform)
      throw new WrongUse(`the map ${chosen.map.name} asks for ${name}, which ${kind.name} do not have`)
    const tables = await readTables(chosen.map, file)
    const given = { map: chosen.map, currency: context.currency, tables }
    for await (const one of transform(this.#counted(), given)) {
      yield 'reason' in one ? { bad: one, rows: 1 } : this.#once(one)
    }
  }

  #once(unit: Unit): Unit | Told {
    const bad = this.#again(unit.label, unit.rows[0]?.line ?? 0)
    return bad ? { bad, rows: unit.rows.length } : unit
  }

  /** What is wrong with a label that came before. */
  #again(label: string, line: number): BadRow | undefined {
    const { kind, chosen } = this.#opened
    if (kind.unique === undefined) return undefined
    const digest = digestOf(label)
    if (!this.#labels.has(digest)) {
      this.#labels.add(digest)
      return undefined
    }
    const column = chosen.map.columns[kind.unique] ?? kind.unique
    return { line, column, reason: `number ${label} stands in an earlier line too` }
  }
}

export const digestOf = (text: string): bigint => createHash('sha256').update(text).digest().readBigUInt64LE()

const leftOut = ({ label, rows }: Unit, { line }: BadRow): Told => ({
  bad: { line: rows[0]?.line ?? line, reason: `${label} is left out whole, because of line ${line}` },
  rows: rows.length,
})

/** In the words of the file: its own name of the column. */
export function badRow(line: number, error: Wrong, map: ColumnMap): BadRow {
  const column = error.column === undefined ? undefined : (map.columns[error.column] ?? error.column)
  return {
    line: error.line ?? line,
    reason: error.message,
    ...(column === undefined ? {} : { column }),
    ...(error.leftOut ? { leftOut: true } : {}),
  }
}

/** Further files of a map, beside the file itself. */
async function readTables(
  map: ColumnMap,
  file: string,
): Promise<ReadonlyMap<string, readonly TableRecord[]>> {
  const tables = new Map<string, readonly TableRecord[]>()
  for (const [name, beside] of Object.entries(map.tables)) {
    const table = await openTable(path.join(path.dirname(file), beside))
    const held: TableRecord[] = []
    for await (const record of table.records(() => map.delimiter)) {
      held.push(record)
      if (held.length > TABLE_ROWS_MAX) throw new WrongUse(`${beside} has more than ${TABLE_ROWS_MAX} rows`)
    }
    tables.set(name, held)
  }
  return tables
}
