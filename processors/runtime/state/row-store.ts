/**
 * A store of rows (topology.ts, Rows), split in cells like any store: what a checkpoint writes of it has the same form,
 * and its keys are the same text. What it saves is objects: a look-up hashes the two parts of a key as they come, a row
 * is read and changed where it lies, and its undo is two numbers.
 * S1: every change goes through write, removeRow or #insert, which log the undo and mark the cell.
 * S2: a frozen cell is encoded before its next change, at the latest: that work is due anyway, and it is one cell's.
 * S3-S5 as in cell-store.ts: canonical bytes, cells that split alone, cells that stay bytes until they are touched.
 * S6: cells compact only when nothing can be undone: places in the undo log stay what they are.
 */
import { messageOf, RuntimeError } from '../errors.ts'
import type { Row, Rows, RowsSpec } from '../topology.ts'
import { cellCount, CellWriter, scanCell } from './bytes.ts'
import { CELL_BYTES, CELLS_FIRST, encodeEntries } from './cell-store.ts'
import { RowCell } from './row-cell.ts'
import { checkWhole, readRow, WHOLE_MAX } from './row-codec.ts'
import { KeyBytes } from './key-bytes.ts'
import { RowUndo } from './row-undo.ts'
import type { CellName, FrozenCell, StateStore } from './state-store.ts'
import type { UndoLog, Undoable } from './undo.ts'

class Cell implements CellName {
  readonly count: number
  readonly index: number
  rows: RowCell
  packed: { readonly bytes: Buffer; readonly count: number; readonly codecVersion: number } | undefined
  /** S2: what its checkpoint still has to write; its bytes once they are there. */
  frozen: { bytes: Buffer | null | undefined } | undefined
  dirty = false
  gone = false
  /** Dirty, opened and not frozen: a change needs nothing else. */
  free = false

  constructor(count: number, index: number, columns: number) {
    this.count = count
    this.index = index
    this.rows = new RowCell(columns)
  }
}

const writer = new CellWriter()

export class RowStore implements StateStore<readonly number[]>, Rows, Undoable {
  readonly spec: RowsSpec
  readonly #columns: number
  readonly #most: number
  readonly #guard: ((value: unknown) => void) | undefined
  readonly #undo: RowUndo<Cell>
  readonly #key: KeyBytes
  /** By the low bits of the hash. */
  #directory: Cell[]
  #split: CellName[] = []
  #dirty: Cell[] = []
  #size = 0
  /** The row at hand; place 0 = none. */
  #cell: Cell
  #place = 0
  #valuesAt = 0
  readonly #row: Row

  constructor(spec: RowsSpec, undo: UndoLog, key = new KeyBytes(), guard?: (value: unknown) => void) {
    this.spec = spec
    this.#columns = spec.columns
    this.#guard = guard
    this.#key = key
    this.#undo = new RowUndo(undo, this)
    this.#most = 2 ** Math.floor(Math.log2(spec.cells))
    const first = Math.min(this.#most, CELLS_FIRST)
    this.#directory = Array.from({ length: first }, (_, index) => new Cell(first, index, spec.columns))
    this.#cell = this.#directory[0] as Cell
    this.#row = new CurrentRow(this)
  }

  get cells(): number {
    return new Set(this.#directory).size
  }

  get size(): number {
    return this.#size
  }

  get dirtyCells(): number {
    return this.#dirty.length
  }

  find(tenant: string, id?: string | number): Row | undefined {
    this.#key.ask(tenant, id)
    return this.#seek() ? this.#row : undefined
  }

  open(tenant: string, id?: string | number): Row {
    this.#key.ask(tenant, id)
    if (!this.#seek()) this.#insert()
    return this.#row
  }

  /** The row of the asked key becomes the one at hand. */
  #seek(): boolean {
    const key = this.#key
    const cell = this.#directory[key.hash & (this.#directory.length - 1)] as Cell
    if (cell.packed !== undefined) this.#unpack(cell)
    const place = cell.rows.find(key)
    this.#cell = cell
    this.#place = place
    if (place === 0) return false
    this.#valuesAt = cell.rows.valuesAt(place)
    return true
  }

  read(column: number): number {
    if (this.#place === 0 || !(column >= 0 && column < this.#columns)) this.#wrong(column)
    return this.#cell.rows.numbers[this.#valuesAt + column] as number
  }

  write(column: number, value: number): void {
    if (this.#place === 0 || !(column >= 0 && column < this.#columns)) this.#wrong(column)
    if (!Number.isInteger(value) || value > WHOLE_MAX || value < -WHOLE_MAX) checkWhole(value)
    this.#guard?.(value)
    const cell = this.#cell
    if (!cell.free) this.#touch(cell)
    const at = this.#valuesAt + column
    const { numbers } = cell.rows
    this.#undo.changed(cell, at, numbers[at] as number)
    // N2: -0 becomes 0.
    numbers[at] = value + 0
  }

  addTo(column: number, amount: number): number {
    const sum = this.read(column) + amount
    this.write(column, sum)
    return sum
  }

  removeRow(): void {
    if (this.#place === 0) this.#wrong(0)
    const cell = this.#cell
    if (!cell.free) this.#touch(cell)
    this.#undo.removed(cell, this.#place)
    cell.rows.remove(this.#place)
    this.#place = 0
    this.#size--
  }

  #wrong(column: number): never {
    throw this.#place === 0
      ? new Error(`store ${this.spec.name}: the row at hand is gone; find it again`)
      : new RangeError(`store ${this.spec.name} has no column ${column}`)
  }

  #insert(): void {
    const cell = this.#cell
    if (!cell.free) this.#touch(cell)
    const place = cell.rows.insert(this.#key, this.#undo.isEmpty)
    this.#undo.inserted(cell, place)
    this.#place = place
    this.#valuesAt = cell.rows.valuesAt(place)
    this.#size++
  }

  /** Before a change. */
  #touch(cell: Cell): void {
    if (cell.frozen !== undefined) {
      cell.frozen.bytes = this.#encode(cell)
      cell.frozen = undefined
    }
    if (!cell.dirty) this.#soil(cell)
    cell.free = true
  }

  #soil(cell: Cell): void {
    cell.dirty = true
    this.#dirty.push(cell)
  }

  /** All of this event's changes, from the last to the first. */
  undo(): void {
    this.#place = 0
    this.#undo.rollback((cell, kind, at, before) => {
      if (kind === 'changed') cell.rows.numbers[at] = before
      else if (kind === 'inserted') {
        cell.rows.uninsert(at)
        this.#size--
      } else {
        cell.rows.restore(at)
        this.#size++
      }
    })
  }

  get(key: string): readonly number[] | undefined {
    this.#key.ask(key)
    if (!this.#seek()) return undefined
    return this.#values(this.#cell.rows, this.#valuesAt)
  }

  set(key: string, values: readonly number[]): void {
    if (values.length !== this.#columns)
      throw new TypeError(`store ${this.spec.name}: ${values.length} numbers for ${this.#columns} columns`)
    this.open(key)
    for (let column = 0; column < this.#columns; column++) this.write(column, values[column] as number)
  }

  delete(key: string): void {
    if (this.find(key) !== undefined) this.removeRow()
  }

  #values({ numbers }: RowCell, at: number): number[] {
    return Array.from(numbers.subarray(at, at + this.#columns))
  }

  *entries(): IterableIterator<[string, readonly number[]]> {
    for (const cell of new Set(this.#directory)) {
      if (cell.packed !== undefined) this.#unpack(cell)
      const { rows } = cell
      for (let place = rows.first(); place !== 0; place = rows.next(place)) {
        const key = Buffer.from(rows.bytes.buffer).toString('utf8', rows.keyFrom(place), rows.keyTo(place))
        yield [key, this.#values(rows, rows.valuesAt(place))]
      }
    }
  }

  freeze(): FrozenCell[] {
    const frozen = this.#dirty.flatMap((cell) => (cell.gone ? [] : [this.#frozen(cell)]))
    this.#dirty = []
    return frozen
  }

  #frozen(cell: Cell): FrozenCell {
    const frozen: Cell['frozen'] & object = { bytes: undefined }
    cell.dirty = false
    cell.free = false
    cell.frozen = frozen
    const release = (): void => {
      if (cell.frozen === frozen) cell.frozen = undefined
    }
    return {
      count: cell.count,
      index: cell.index,
      encode: () => {
        const bytes = frozen.bytes === undefined ? this.#encode(cell) : frozen.bytes
        frozen.bytes = undefined
        release()
        if (bytes !== null && bytes.length > 2 * CELL_BYTES) this.#thin(cell, bytes.length)
        return bytes
      },
      release,
    }
  }

  #encode(cell: Cell): Buffer | null {
    if (cell.packed !== undefined) this.#unpack(cell)
    const { rows } = cell
    if (rows.size === 0) return null
    writer.begin(rows.size)
    for (let place = rows.first(); place !== 0; place = rows.next(place)) {
      writer.bytes(rows.bytes, rows.keyFrom(place), rows.keyTo(place))
      writer.row(rows.numbers, rows.valuesAt(place), this.#columns)
    }
    return writer.end()
  }

  #thin(cell: Cell, bytes: number): void {
    const parts = Math.min(2 ** Math.ceil(Math.log2(bytes / CELL_BYTES)), this.#most / cell.count)
    if (parts > 1 && !cell.gone) this.#splitCell(cell, parts)
  }

  /** S4. The parts are dirty; the cell itself must not be frozen. */
  #splitCell(cell: Cell, parts: number): void {
    const { rows } = cell
    const count = cell.count * parts
    while (this.#directory.length < count) this.#directory = [...this.#directory, ...this.#directory]
    for (let index = cell.index; index < count; index += cell.count) {
      const part = new Cell(count, index, this.#columns)
      for (let at = index; at < this.#directory.length; at += count) this.#directory[at] = part
    }
    cell.gone = true
    this.#place = 0
    for (let place = rows.first(); place !== 0; place = rows.next(place)) {
      const part = this.#directory[rows.hashOf(place) & (this.#directory.length - 1)] as Cell
      part.rows.copy(rows, place)
    }
    for (let index = cell.index; index < count; index += cell.count) {
      const part = this.#directory[index] as Cell
      if (part.rows.size > 0) this.#soil(part)
    }
    this.#split.push({ count: cell.count, index: cell.index })
  }

  takeSplit(): readonly CellName[] {
    const names = this.#split
    this.#split = []
    return names
  }

  markDirty({ count, index }: CellName): void {
    const cell = this.#directory[index & (this.#directory.length - 1)]
    if (cell !== undefined && cell.count === count && cell.index === index && !cell.dirty) this.#soil(cell)
  }

  load({ count, index }: CellName, bytes: Buffer, codecVersion: number, recode: boolean): boolean {
    const packed = { bytes, count: cellCount(bytes), codecVersion }
    this.#place = 0
    // Of an older codec, the cell may be that of a store of another kind, which places keys by another hash.
    const cell = recode ? undefined : this.#empty(count, index)
    if (cell === undefined) {
      for (const [key, values] of this.#decoded(packed)) this.set(key, values)
      this.#undo.log.forget()
      return false
    }
    cell.packed = packed
    this.#size += packed.count
    return true
  }

  /** The empty cell of this name, made by splitting empty ones; undefined when this layout cannot have it. */
  #empty(count: number, index: number): Cell | undefined {
    if (count > this.#most || (count & (count - 1)) !== 0) return undefined
    for (;;) {
      const cell = this.#directory[index & (this.#directory.length - 1)] as Cell
      if (cell.count > count || cell.packed !== undefined || cell.rows.size > 0) return undefined
      if (cell.count === count) return cell
      this.#splitCell(cell, 2)
      // It never held anything: there is no record of it.
      this.#split.pop()
    }
  }

  /** S5. A cell that cannot be read stays what it is. */
  #unpack(cell: Cell): void {
    const { packed } = cell
    if (packed === undefined) return
    const rows = new RowCell(this.#columns)
    const key = new KeyBytes()
    const { bytes } = packed
    this.#reading(() =>
      scanCell(bytes, (keyFrom, keyTo, from, to) => {
        key.askWhole(bytes, keyFrom, keyTo)
        const place = rows.insert(key, true)
        readRow(bytes, from, to, rows.numbers, rows.valuesAt(place), this.#columns)
      }),
    )
    cell.rows = rows
    cell.packed = undefined
  }

  #decoded({ bytes, codecVersion }: Cell['packed'] & object): [string, readonly number[]][] {
    const all: [string, readonly number[]][] = []
    this.#reading(() =>
      scanCell(bytes, (keyFrom, keyTo, from, to) =>
        all.push([
          bytes.toString('utf8', keyFrom, keyTo),
          this.spec.codec.decode(bytes.subarray(from, to), codecVersion),
        ]),
      ),
    )
    return all
  }

  #reading(read: () => void): void {
    try {
      read()
    } catch (cause) {
      throw new RuntimeError(
        'checkpoint_corrupt',
        `a cell of store ${this.spec.name} cannot be read (${messageOf(cause)}): run the code that wrote it, ` +
          'or reset the processors so that they read the log anew',
        cause,
      )
    }
  }

  canonical(): Buffer | null {
    return encodeEntries(new Map(this.entries()), this.spec.codec)
  }
}

/** The row at hand of one store: one object for all of its rows. */
class CurrentRow implements Row {
  readonly #store: RowStore

  constructor(store: RowStore) {
    this.#store = store
  }

  get(column: number): number {
    return this.#store.read(column)
  }

  set(column: number, value: number): void {
    this.#store.write(column, value)
  }

  add(column: number, amount: number): number {
    return this.#store.addTo(column, amount)
  }

  remove(): void {
    this.#store.removeRow()
  }
}
