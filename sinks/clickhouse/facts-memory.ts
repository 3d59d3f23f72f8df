/**
 * What a writer that goes through a whole partition from its start knows of it, so that it need not ask the table for each
 * chunk. Bounded: beyond the bound, and after a chunk whose fate is not known, it forgets all and the table is asked.
 * F1: while it remembers, it remembers everything that was applied in the partition so far.
 */
import type { AggregateVersions } from '../../schemas/rules/accept.ts'

export interface Known {
  readonly versions: Map<string, AggregateVersions>
  readonly ids: Set<string>
}

/** About 150 bytes each. */
const KEYS_MAX = 1_000_000

export class FactsMemory {
  readonly #refused: ReadonlySet<number>
  readonly #keysMax: number
  #known: Known | undefined

  /** `refused`: offsets of the partition whose events the processor refused. `whole`: nothing was written before (F1). */
  constructor(refused: ReadonlySet<number>, whole: boolean, keysMax = KEYS_MAX) {
    this.#refused = refused
    this.#keysMax = keysMax
    this.#known = whole ? { versions: new Map(), ids: new Set() } : undefined
  }

  isRefused(offset: number): boolean {
    return this.#refused.has(offset)
  }

  /** To be added to; undefined = ask the table. */
  recall(): Known | undefined {
    const known = this.#known
    if (known !== undefined && known.versions.size + known.ids.size > this.#keysMax) this.forget()
    return this.#known
  }

  forget(): void {
    this.#known = undefined
  }
}
