/**
 * What a checkpoint, a restore and a rebuild need of a store, whatever it is made of: values of any kind (cell-store.ts)
 * or rows of numbers (row-store.ts). S4 of cell-store.ts holds for both.
 */
import type { Store, StoreSpec } from '../topology.ts'

/** A cell holds the keys whose hash is index modulo count, a power of two. */
export interface CellName {
  readonly count: number
  readonly index: number
}

/** A cell as it stood at a cut. `encode` gives null for an empty cell (a tombstone). */
export interface FrozenCell extends CellName {
  encode(): Buffer | null
  /** Encoded or given up: the live cell need not keep it any more. */
  release(): void
}

export interface StateStore<V> extends Store<V> {
  readonly spec: StoreSpec<V>
  readonly cells: number
  readonly size: number
  readonly dirtyCells: number
  /** All entries, in no particular order. */
  entries(): IterableIterator<[string, V]>
  /** Dirty cells as they stand; they are clean from now on. */
  freeze(): FrozenCell[]
  /** The cell must be written again: what froze it did not reach the log. */
  markDirty(name: CellName): void
  /** Names of cells that are no more since the last call. */
  takeSplit(): readonly CellName[]
  /**
   * Entries of a checkpointed cell. False: the cell is not one of this layout any more; its entries were taken over, and
   * its record must go. `recode`: its codec is an older one, so it must be written again.
   */
  load(name: CellName, bytes: Buffer, codecVersion: number, recode: boolean): boolean
  /** Bytes of all entries: what R1 compares. Null when there are none. */
  canonical(): Buffer | null
}
