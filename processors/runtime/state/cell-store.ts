/**
 * A store of one task, split in cells: a cell is what a checkpoint writes. Owns which cells changed since they were last
 * frozen, and the copy of a frozen cell before its next change. Refuses undefined as a value.
 * S1: every change goes through one place, which logs the undo, copies a frozen cell and marks it dirty.
 * S2: a frozen cell's entries never change again. S3: the bytes of a cell depend on its entries alone (sorted keys).
 * S4: the number of cells follows the size: from CELLS_FIRST up to the spec's, so that a cell stays near CELL_BYTES.
 *     It says where things lie, not what they are: `canonical` does not depend on it.
 */
import type { Codec, Store, StoreSpec } from '../topology.ts'
import { CellWriter, readCell } from './bytes.ts'
import type { UndoLog, Undoable } from './undo.ts'

interface Cell<V> {
  readonly index: number
  entries: Map<string, V>
  /** `entries` is also held by a checkpoint. */
  frozen: boolean
  dirty: boolean
}

/** A cell as it stood at a cut. `encode` gives null for an empty cell (a tombstone). */
export interface FrozenCell {
  readonly index: number
  encode(): Buffer | null
  /** Encoded or given up: the live cell need not copy any more. */
  release(): void
}

/** FNV-1a over UTF-16 code units. */
export function cellHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  // The low bits of FNV are weak for short keys that differ in one place.
  return (hash ^ (hash >>> 15)) >>> 0
}

export const CELLS_FIRST = 8
/** A cell that a checkpoint writes should have this size; with the double of it on average, cells are split. */
export const CELL_BYTES = 32 * 1024
const ENTRY_BYTES_GUESS = 64

const writer = new CellWriter()

export class CellStore<V> implements Store<V>, Undoable {
  readonly spec: StoreSpec<V>
  readonly #undo: UndoLog
  #cells: Cell<V>[]
  #entryBytes = ENTRY_BYTES_GUESS
  readonly #guard: ((value: V) => void) | undefined
  #dirty: Cell<V>[] = []
  #lastKey = ''
  #lastCell: Cell<V>
  #size = 0

  /** `guard` sees every value that is set (the driver freezes it, so that P3 shows itself). */
  constructor(spec: StoreSpec<V>, undo: UndoLog, guard?: (value: V) => void) {
    this.spec = spec
    this.#undo = undo
    this.#guard = guard
    this.#cells = emptyCells(Math.min(spec.cells, CELLS_FIRST))
    this.#lastCell = this.#locate('')
  }

  get cells(): number {
    return this.#cells.length
  }

  /** Splits cells that have become too big (S4). Between checkpoints only; every cell is dirty afterwards. */
  adapt(): void {
    const bytes = this.#size * this.#entryBytes
    if (bytes <= this.cells * 2 * CELL_BYTES || this.cells >= this.spec.cells) return
    this.#layOut(Math.min(this.spec.cells, 2 ** Math.ceil(Math.log2(bytes / CELL_BYTES))))
    for (const cell of this.#cells) if (cell.entries.size > 0) this.markDirty(cell.index)
  }

  /** Before a load: the layout of the checkpoint, as far as the spec allows it. */
  adopt(count: number): void {
    if (count !== this.cells) this.#layOut(Math.min(count, this.spec.cells))
  }

  /** Distributes all entries over this many cells. */
  #layOut(count: number): void {
    const before = this.#cells
    this.#cells = emptyCells(count)
    this.#dirty = []
    for (const { entries } of before)
      for (const [key, value] of entries) this.#locate(key).entries.set(key, value)
    this.#lastKey = ''
    this.#lastCell = this.#locate('')
  }

  get size(): number {
    return this.#size
  }

  get(key: string): V | undefined {
    return this.#cell(key).entries.get(key)
  }

  set(key: string, value: V): void {
    if (value === undefined) throw new TypeError(`store ${this.spec.name}: ${key} set to undefined`)
    this.#guard?.(value)
    const cell = this.#cell(key)
    this.#undo.push(this, key, cell.entries.get(key))
    this.#write(cell, key, value)
  }

  delete(key: string): void {
    const cell = this.#cell(key)
    const before = cell.entries.get(key)
    if (before === undefined) return
    this.#undo.push(this, key, before)
    this.#write(cell, key, undefined)
  }

  undo(key: string, before: unknown): void {
    this.#write(this.#cell(key), key, before as V | undefined)
  }

  /** S1. */
  #write(cell: Cell<V>, key: string, value: V | undefined): void {
    if (cell.frozen) {
      cell.entries = new Map(cell.entries)
      cell.frozen = false
    }
    if (!cell.dirty) {
      cell.dirty = true
      this.#dirty.push(cell)
    }
    const before = cell.entries.size
    if (value === undefined) cell.entries.delete(key)
    else cell.entries.set(key, value)
    this.#size += cell.entries.size - before
  }

  #cell(key: string): Cell<V> {
    if (key === this.#lastKey) return this.#lastCell
    this.#lastKey = key
    this.#lastCell = this.#locate(key)
    return this.#lastCell
  }

  #locate(key: string): Cell<V> {
    const { cellKey } = this.spec
    return this.#cells[cellHash(cellKey ? cellKey(key) : key) % this.#cells.length] as Cell<V>
  }

  /** All entries, in no particular order; for timers, sizes and tools. */
  *entries(): IterableIterator<[string, V]> {
    for (const cell of this.#cells) yield* cell.entries
  }

  /** Dirty cells as they stand; they are clean from now on. */
  freeze(): FrozenCell[] {
    const frozen = this.#dirty.map((cell) => this.#frozen(cell))
    this.#dirty = []
    return frozen
  }

  #frozen(cell: Cell<V>): FrozenCell {
    const { index, entries } = cell
    cell.dirty = false
    cell.frozen = true
    return {
      index,
      encode: () => {
        const bytes = encodeEntries(entries, this.spec.codec)
        if (bytes !== null) this.#entryBytes += (bytes.length / entries.size - this.#entryBytes) / 16
        return bytes
      },
      release: () => {
        if (cell.entries === entries) cell.frozen = false
      },
    }
  }

  /** The cell must be written again: what froze it did not reach the log. */
  markDirty(index: number): void {
    const cell = this.#cells[index]
    if (cell === undefined || cell.dirty) return
    cell.dirty = true
    this.#dirty.push(cell)
  }

  get dirtyCells(): number {
    return this.#dirty.length
  }

  /** Entries of a checkpointed cell. `relayout`: the cell count changed, so all of it must be written anew. */
  load(bytes: Buffer, codecVersion: number, relayout: boolean): void {
    readCell(bytes, (key, value) => {
      const cell = this.#locate(key)
      const sizeBefore = cell.entries.size
      const decoded = this.spec.codec.decode(value, codecVersion)
      this.#guard?.(decoded)
      cell.entries.set(key, decoded)
      this.#size += cell.entries.size - sizeBefore
      if (relayout) this.markDirty(cell.index)
    })
  }

  /** Bytes of all entries: what R1 compares. Null when there are none. */
  canonical(): Buffer | null {
    const all = new Map<string, V>()
    for (const { entries } of this.#cells) for (const [key, value] of entries) all.set(key, value)
    return encodeEntries(all, this.spec.codec)
  }
}

const emptyCells = <V>(count: number): Cell<V>[] =>
  Array.from({ length: count }, (_, index) => ({
    index,
    entries: new Map<string, V>(),
    frozen: false,
    dirty: false,
  }))

/** S3. */
function encodeEntries<V>(entries: ReadonlyMap<string, V>, codec: Codec<V>): Buffer | null {
  if (entries.size === 0) return null
  writer.begin(entries.size)
  for (const key of [...entries.keys()].sort()) writer.entry(key, codec.encode(entries.get(key) as V))
  return writer.end()
}
