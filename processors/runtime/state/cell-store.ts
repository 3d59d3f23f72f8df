/**
 * A store of one task, split in cells: a cell is what a checkpoint writes. Owns which cells changed since they were last
 * frozen, and the copy of a frozen cell before its next change. Refuses undefined as a value.
 * S1: every change goes through one place, which logs the undo, copies a frozen cell and marks it dirty.
 * S2: a frozen cell's entries never change again. S3: the bytes of a cell depend on its entries alone (sorted keys).
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

const writer = new CellWriter()

export class CellStore<V> implements Store<V>, Undoable {
  readonly spec: StoreSpec<V>
  readonly #undo: UndoLog
  readonly #cells: Cell<V>[]
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
    this.#cells = Array.from({ length: spec.cells }, (_, index) => ({
      index,
      entries: new Map<string, V>(),
      frozen: false,
      dirty: false,
    }))
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
      encode: () => encodeEntries(entries, this.spec.codec),
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

  /** Bytes of all cells that hold something: the canonical form of this store (R1). */
  *encodeAll(): IterableIterator<{ readonly index: number; readonly bytes: Buffer }> {
    for (const { index, entries } of this.#cells) {
      const bytes = encodeEntries(entries, this.spec.codec)
      if (bytes !== null) yield { index, bytes }
    }
  }
}

/** S3. */
function encodeEntries<V>(entries: ReadonlyMap<string, V>, codec: Codec<V>): Buffer | null {
  if (entries.size === 0) return null
  writer.begin(entries.size)
  for (const key of [...entries.keys()].sort()) writer.entry(key, codec.encode(entries.get(key) as V))
  return writer.end()
}
