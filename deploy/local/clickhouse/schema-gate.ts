/**
 * Owns that no analyst's query is planned while the schema changes: its row filters were made from the schema before.
 * H1: a change waits until every running analyst's query is at least 2 s old (its tables are resolved by then) and no
 * longer. H2: queries that come meanwhile wait for the change and see the catalogue that was read after it.
 */
const PLANNED_MS = 2_000

export class SchemaGate {
  readonly #running = new Set<number>()
  #changing: Promise<unknown> | undefined
  #count = 0

  /** Gives the function to call at the end of the query. */
  async read(): Promise<() => void> {
    while (this.#changing !== undefined) await this.#changing
    this.#count += 1
    const id = this.#count
    this.#running.add(id)
    const planned = setTimeout(() => this.#running.delete(id), PLANNED_MS)
    planned.unref()
    return () => {
      clearTimeout(planned)
      this.#running.delete(id)
    }
  }

  /** `after` runs whether the change succeeded or not: half of it may be done. */
  async change<T>(work: () => Promise<T>, after: () => Promise<void>): Promise<T> {
    while (this.#changing !== undefined) await this.#changing
    let done: () => void = () => undefined
    this.#changing = new Promise<void>((resolve) => {
      done = resolve
    })
    try {
      const deadline = Date.now() + PLANNED_MS
      while (this.#running.size > 0 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      try {
        return await work()
      } finally {
        await after()
      }
    } finally {
      this.#changing = undefined
      done()
    }
  }
}
