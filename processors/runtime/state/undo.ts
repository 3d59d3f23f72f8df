/**
 * The undo log of one event (R2): what each change replaced, in order. Kept in parallel arrays that are reused, so an
 * event that goes well costs three pushes per write and no garbage.
 */
export interface Undoable {
  /** Puts back what was there; `undefined` = nothing was. */
  undo(key: string, before: unknown): void
}

export class UndoLog {
  readonly #targets: Undoable[] = []
  readonly #keys: string[] = []
  readonly #befores: unknown[] = []
  #length = 0
  #event = 0

  get length(): number {
    return this.#length
  }

  /** Which event the changes are of: another number after every `forget` and `rollback`. */
  get event(): number {
    return this.#event
  }

  push(target: Undoable, key: string, before: unknown): void {
    const at = this.#length++
    this.#targets[at] = target
    this.#keys[at] = key
    this.#befores[at] = before
  }

  /** The event stands. */
  forget(): void {
    // Old values must not be kept alive by the log; after a rare long event its arrays shrink again.
    if (this.#length > 1024) this.#truncate()
    else for (let i = 0; i < this.#length; i++) this.#befores[i] = undefined
    this.#length = 0
    this.#event++
  }

  /** The event did not happen: changes are taken back from the last to the first. */
  rollback(): void {
    for (let at = this.#length - 1; at >= 0; at--) {
      ;(this.#targets[at] as Undoable).undo(this.#keys[at] as string, this.#befores[at])
    }
    this.#truncate()
    this.#length = 0
    this.#event++
  }

  #truncate(): void {
    this.#targets.length = 0
    this.#keys.length = 0
    this.#befores.length = 0
  }
}
