/**
 * The changes of rows in one event, in order, as numbers in arrays that are reused: an event that goes well costs no
 * garbage. The task's log (undo.ts) hears of the first one, and undoes all of them together.
 */
import type { UndoLog, Undoable } from './undo.ts'

const FIRST = 64
const CHANGED = 0
const INSERTED = 1
const REMOVED = 2
const KINDS = ['changed', 'inserted', 'removed'] as const

export class RowUndo<Cell> {
  readonly log: UndoLog
  readonly #owner: Undoable
  /** The event whose changes these are. */
  #event = -1
  #length = 0
  readonly #cells: Cell[] = []
  /** Pairs [kind, place]. */
  #places = new Int32Array(FIRST * 2)
  #befores = new Float64Array(FIRST)

  constructor(log: UndoLog, owner: Undoable) {
    this.log = log
    this.#owner = owner
  }

  get isEmpty(): boolean {
    return this.#event !== this.log.event || this.#length === 0
  }

  changed(cell: Cell, at: number, before: number): void {
    this.#push(cell, CHANGED, at, before)
  }

  inserted(cell: Cell, place: number): void {
    this.#push(cell, INSERTED, place, 0)
  }

  removed(cell: Cell, place: number): void {
    this.#push(cell, REMOVED, place, 0)
  }

  #push(cell: Cell, kind: number, place: number, before: number): void {
    const { log } = this
    if (this.#event !== log.event) {
      this.#event = log.event
      this.#length = 0
      log.push(this.#owner, '', undefined)
    }
    const at = this.#length++
    if (at === this.#befores.length) this.#grow()
    this.#cells[at] = cell
    this.#places[at * 2] = kind
    this.#places[at * 2 + 1] = place
    this.#befores[at] = before
  }

  #grow(): void {
    const places = new Int32Array(this.#places.length * 2)
    places.set(this.#places)
    this.#places = places
    const befores = new Float64Array(this.#befores.length * 2)
    befores.set(this.#befores)
    this.#befores = befores
  }

  rollback(each: (cell: Cell, kind: (typeof KINDS)[number], place: number, before: number) => void): void {
    for (let at = this.#length - 1; at >= 0; at--) {
      const kind = KINDS[this.#places[at * 2] as number] as (typeof KINDS)[number]
      each(this.#cells[at] as Cell, kind, this.#places[at * 2 + 1] as number, this.#befores[at] as number)
    }
    this.#length = 0
  }
}
