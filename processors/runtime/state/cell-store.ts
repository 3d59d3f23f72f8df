/**
 * A store of one task, split in cells: a cell is what a checkpoint writes. Owns which cells changed since they were last
 * frozen, and what a frozen cell held before its next changes. Refuses undefined as a value.
 * S1: every change goes through one place, which logs the undo, keeps what a checkpoint still has to write, and marks
 *     the cell dirty. S2: what a frozen cell gives to its checkpoint is what it held when it was frozen; a change costs
 *     one more lookup until then, never a copy of the cell.
 * S3: `canonical` depends on the entries alone: not on their order, the cells, or when they were frozen.
 * S4: a cell (count, index) holds the keys whose hash is index modulo count, a power of two. A cell that was written
 *     with more than twice CELL_BYTES is split right then, alone: a store grows without a pause, up to the spec's cells.
 *     Cells say where things lie, not what they are.
 * S5: a cell that came from a checkpoint stays bytes until it is first touched: a restore costs its reading, and the
 *     rest is paid by those who use it, a cell at a time.
 */
import { messageOf, RuntimeError } from '../errors.ts'
import type { Codec, StoreSpec } from '../topology.ts'
import { cellCount, CellWriter, readCell } from './bytes.ts'
import type { CellName, FrozenCell, StateStore } from './state-store.ts'
import type { UndoLog, Undoable } from './undo.ts'

interface Cell<V> extends CellName {
  entries: Map<string, V>
  /** S5: entries are here, and nowhere else. */
  packed: Packed | undefined
  /** S2: frozen, not written yet; what changed since, as it was (undefined = was not there). */
  before: Map<string, V | undefined> | undefined
  dirty: boolean
  /** Split: its entries lie elsewhere. */
  gone: boolean
}

interface Packed {
  readonly bytes: Buffer
  readonly count: number
  readonly codecVersion: number
}

/** FNV-1a over UTF-16 code units. */
export function cellHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  // The low bits of FNV are weak for short keys that differ in one place.
  return (hash ^ (hash >>> 15)) >>> 0
}

export const CELLS_FIRST = 8
/** A cell that a checkpoint writes should have this size. */
export const CELL_BYTES = 32 * 1024
const writer = new CellWriter()

export class CellStore<V> implements StateStore<V>, Undoable {
  readonly spec: StoreSpec<V>
  readonly #undo: UndoLog
  readonly #most: number
  /** By the low bits of the hash; a cell stands at every place that is its index modulo its count. */
  #directory: Cell<V>[]
  /** Names of cells that were split, whose records must go. */
  #split: CellName[] = []
  readonly #guard: ((value: V) => void) | undefined
  #dirty: Cell<V>[] = []
  /** Where the last key lies, and what is there: a `set` mostly follows a `get`. */
  #lastKey: string | undefined
  #lastCell: Cell<V>
  #lastValue: V | undefined
  #size = 0

  /** `guard` sees every value that is set (the driver freezes it, so that P3 shows itself). */
  constructor(spec: StoreSpec<V>, undo: UndoLog, guard?: (value: V) => void) {
    this.spec = spec
    this.#undo = undo
    this.#guard = guard
    this.#most = 2 ** Math.floor(Math.log2(spec.cells))
    const first = Math.min(this.#most, CELLS_FIRST)
    this.#directory = Array.from({ length: first }, (_, index) => emptyCell<V>(first, index))
    this.#lastCell = this.#directory[0] as Cell<V>
  }

  get cells(): number {
    return new Set(this.#directory).size
  }

  /** Names of cells that are no more since the last call. */
  takeSplit(): readonly CellName[] {
    const names = this.#split
    this.#split = []
    return names
  }

  /** S4. The parts are dirty; the cell itself must not be frozen. */
  #splitCell(cell: Cell<V>, parts: number): void {
    const { entries } = this.#opened(cell)
    const count = cell.count * parts
    while (this.#directory.length < count) this.#directory = [...this.#directory, ...this.#directory]
    for (let index = cell.index; index < count; index += cell.count) {
      const part = emptyCell<V>(count, index)
      for (let at = index; at < this.#directory.length; at += count) this.#directory[at] = part
    }
    cell.gone = true
    for (const [key, value] of entries) this.#locate(key).entries.set(key, value)
    this.#lastKey = undefined
    for (let index = cell.index; index < count; index += cell.count) {
      const part = this.#directory[index] as Cell<V>
      if (part.entries.size > 0) this.#soil(part)
    }
    this.#split.push({ count: cell.count, index: cell.index })
  }

  get size(): number {
    return this.#size
  }

  get(key: string): V | undefined {
    this.#find(key)
    return this.#lastValue
  }

  set(key: string, value: V): void {
    if (value === undefined) throw new TypeError(`store ${this.spec.name}: ${key} set to undefined`)
    this.#guard?.(value)
    if (key !== this.#lastKey) this.#find(key)
    this.#undo.push(this, key, this.#lastValue)
    this.#write(value)
  }

  delete(key: string): void {
    if (key !== this.#lastKey) this.#find(key)
    if (this.#lastValue === undefined) return
    this.#undo.push(this, key, this.#lastValue)
    this.#write(undefined)
  }

  undo(key: string, before: unknown): void {
    if (key !== this.#lastKey) this.#find(key)
    this.#write(before as V | undefined)
  }

  #find(key: string): void {
    const cell = this.#locate(key)
    this.#lastCell = cell
    this.#lastKey = key
    this.#lastValue = (cell.packed === undefined ? cell : this.#opened(cell)).entries.get(key)
  }

  /** S1: the value of the last key becomes this one. */
  #write(value: V | undefined): void {
    const cell = this.#lastCell
    const key = this.#lastKey as string
    const was = this.#lastValue
    if (cell.before !== undefined && !cell.before.has(key)) cell.before.set(key, was)
    if (!cell.dirty) this.#soil(cell)
    if (value === undefined) {
      if (cell.entries.delete(key)) this.#size--
    } else {
      cell.entries.set(key, value)
      if (was === undefined) this.#size++
    }
    this.#lastValue = value
  }

  #soil(cell: Cell<V>): void {
    cell.dirty = true
    this.#dirty.push(cell)
  }

  #locate(key: string): Cell<V> {
    const { cellKey } = this.spec
    const hash = cellHash(cellKey === undefined ? key : cellKey(key))
    return this.#directory[hash & (this.#directory.length - 1)] as Cell<V>
  }

  /** S5. */
  #opened(cell: Cell<V>): Cell<V> {
    const { packed } = cell
    if (packed === undefined) return cell
    const entries = new Map<string, V>()
    this.#unpack(packed, (key, value) => entries.set(key, value))
    // Only now: a cell that cannot be read stays what it is, and is never written as an empty one.
    cell.entries = entries
    cell.packed = undefined
    return cell
  }

  #unpack({ bytes, codecVersion }: Packed, each: (key: string, value: V) => void): void {
    const { name, codec } = this.spec
    try {
      readCell(bytes, (key, value) => each(key, codec.decode(value, codecVersion)))
    } catch (cause) {
      throw new RuntimeError(
        'checkpoint_corrupt',
        `a cell of store ${name} cannot be read (${messageOf(cause)}): run the code that wrote it, ` +
          'or reset the processors so that they read the log anew',
        cause,
      )
    }
  }

  /** All entries, in no particular order; for timers, sizes and tools. */
  *entries(): IterableIterator<[string, V]> {
    for (const cell of new Set(this.#directory)) yield* this.#opened(cell).entries
  }

  /** Dirty cells as they stand; they are clean from now on. */
  freeze(): FrozenCell[] {
    const frozen = this.#dirty.flatMap((cell) => (cell.gone ? [] : [this.#frozen(cell)]))
    this.#dirty = []
    return frozen
  }

  /** S2. */
  #frozen(cell: Cell<V>): FrozenCell {
    const before = new Map<string, V | undefined>()
    cell.dirty = false
    cell.before = before
    const release = (): void => {
      if (cell.before === before) cell.before = undefined
    }
    return {
      count: cell.count,
      index: cell.index,
      encode: () => {
        const { entries } = this.#opened(cell)
        const { codec } = this.spec
        let count = entries.size
        for (const [key, was] of before) count += Number(was !== undefined) - Number(entries.has(key))
        writer.begin(count)
        for (const [key, value] of entries) if (!before.has(key)) writer.entry(key, codec.encode(value))
        for (const [key, was] of before) if (was !== undefined) writer.entry(key, codec.encode(was))
        release()
        if (count === 0) return null
        const bytes = writer.end()
        if (bytes.length > 2 * CELL_BYTES) this.#thin(cell, bytes.length)
        return bytes
      },
      release,
    }
  }

  #thin(cell: Cell<V>, bytes: number): void {
    const parts = Math.min(2 ** Math.ceil(Math.log2(bytes / CELL_BYTES)), this.#most / cell.count)
    if (parts > 1 && !cell.gone) this.#splitCell(cell, parts)
  }

  /** The cell must be written again: what froze it did not reach the log. (If it was split, its parts are dirty.) */
  markDirty({ count, index }: CellName): void {
    const cell = this.#directory[index & (this.#directory.length - 1)]
    if (cell !== undefined && cell.count === count && cell.index === index && !cell.dirty) this.#soil(cell)
  }

  get dirtyCells(): number {
    return this.#dirty.length
  }

  /**
   * Entries of a checkpointed cell. False: the cell is not one of this layout any more; its entries were taken over, and
   * its record must go. `recode`: its codec is an older one, so it must be written again.
   */
  load({ count, index }: CellName, bytes: Buffer, codecVersion: number, recode: boolean): boolean {
    const packed: Packed = { bytes, count: cellCount(bytes), codecVersion }
    this.#lastKey = undefined
    const cell = this.#empty(count, index)
    if (cell === undefined) {
      this.#unpack(packed, (key, value) => this.#loaded(key, value))
      return false
    }
    cell.packed = packed
    this.#size += packed.count
    if (recode) this.#soil(cell)
    return true
  }

  #loaded(key: string, value: V): void {
    const cell = this.#opened(this.#locate(key))
    if (!cell.entries.has(key)) this.#size++
    cell.entries.set(key, value)
    if (!cell.dirty) this.#soil(cell)
  }

  /** The empty cell of this name, made by splitting empty ones; undefined when this layout cannot have it. */
  #empty(count: number, index: number): Cell<V> | undefined {
    if (count > this.#most || (count & (count - 1)) !== 0) return undefined
    for (;;) {
      const cell = this.#directory[index & (this.#directory.length - 1)] as Cell<V>
      if (cell.count > count || cell.packed !== undefined || cell.entries.size > 0) return undefined
      if (cell.count === count) return cell
      this.#splitCell(cell, 2)
      // It never held anything: there is no record of it.
      this.#split.pop()
    }
  }

  /** Bytes of all entries: what R1 compares. Null when there are none. */
  canonical(): Buffer | null {
    return encodeEntries(new Map(this.entries()), this.spec.codec)
  }
}

const emptyCell = <V>(count: number, index: number): Cell<V> => ({
  count,
  index,
  entries: new Map<string, V>(),
  packed: undefined,
  before: undefined,
  dirty: false,
  gone: false,
})

/** S3. */
export function encodeEntries<V>(entries: ReadonlyMap<string, V>, codec: Codec<V>): Buffer | null {
  if (entries.size === 0) return null
  writer.begin(entries.size)
  for (const key of [...entries.keys()].sort()) writer.entry(key, codec.encode(entries.get(key) as V))
  return writer.end()
}
