/** Owns the allocations that a session knows, found by either document they join, and which of them it has to write. */
import type { Allocation, AllocationOwner } from '../payments/allocations.ts'
import { allocationKey } from '../payments/settlements.ts'

export class AllocationIndex {
  readonly #all = new Map<string, Allocation>()
  readonly #byOwner = new Map<string, Set<string>>()
  /** To be written, by key. */
  readonly changed = new Map<string, Allocation>()

  of(type: AllocationOwner, id: string): readonly Allocation[] {
    const keys = this.#byOwner.get(ownerKey(type, id)) ?? []
    return Array.from(keys, (key) => this.#all.get(key)).filter((one) => one !== undefined)
  }

  change(one: Allocation): void {
    this.changed.set(this.keep(one), one)
  }

  keep(one: Allocation): string {
    const key = allocationKey(one)
    this.#all.set(key, one)
    this.#ownedBy(one.targetType, one.targetId).add(key)
    if (one.sourceType !== 'write-off') this.#ownedBy(one.sourceType, one.sourceId).add(key)
    return key
  }

  #ownedBy(type: AllocationOwner, id: string): Set<string> {
    const owner = ownerKey(type, id)
    const known = this.#byOwner.get(owner)
    if (known) return known
    const made = new Set<string>()
    this.#byOwner.set(owner, made)
    return made
  }
}

const ownerKey = (type: AllocationOwner, id: string): string => `${type}\u0000${id}`
