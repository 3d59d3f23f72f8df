/**
 * The last step of a rebuild, between two events: what the shadow has of the tenant takes the place of what the task has
 * (README.md, T6). No I/O. Owns which entries are a tenant's; refuses nothing: rebuild.ts asked before.
 */
import type { OutputRecord } from '../../../platform/kafka/port.ts'
import type { TopologyContext } from '../context.ts'
import type { TaskState } from '../state/task-state.ts'
import { type OwnerOf, storeOwner, tenantOfKey } from './owners.ts'
import { STOPPED } from './stores.ts'

/** Keys that the results topic holds of a tenant that was replaced. */
export interface Replaced {
  readonly tenant: string
  readonly published: ReadonlySet<string>
}

/** Entries between two pauses. */
const STRIDE = 512

/**
 * Pauses now and then: a big tenant has many entries. Nobody else may fold meanwhile; what a checkpoint would find half
 * done is of no consequence, for the tenant is still `rebuilding` and all of its entries are replaced again.
 */
export function* replaceEntries(
  tenant: string,
  to: TaskState,
  from: TaskState,
  timers: OwnerOf,
): Generator<void, void, void> {
  for (const [name, store] of to.stores) {
    const other = from.stores.get(name)
    if (name === STOPPED.name || other === undefined) continue
    const owner = storeOwner(store.spec, timers)
    let steps = 0
    // All keys first: what follows changes the cells that are walked through.
    const mine: string[] = []
    for (const [key] of store.entries()) {
      if (owner(key) === tenant) mine.push(key)
      if (++steps % STRIDE === 0) yield
    }
    for (const key of mine) {
      if (other.get(key) === undefined) store.delete(key)
      if (++steps % STRIDE === 0) yield to.undo.forget()
    }
    for (const [key, value] of other.entries()) {
      if (owner(key) === tenant) store.set(key, value)
      if (++steps % STRIDE === 0) yield to.undo.forget()
    }
    to.undo.forget()
  }
}

/** All that the tenant's events ever marked is shown anew. */
export function markAll(
  tenant: string,
  to: readonly TopologyContext[],
  from: readonly TopologyContext[],
): void {
  from.forEach(({ dirtyKeys }, number) => {
    const marks = to[number]?.dirtyKeys
    for (const key of dirtyKeys) if (tenantOfKey(key) === tenant) marks?.add(key)
  })
}

/**
 * Results of a cut with tenants that were replaced: keys that are published and have no result any more get a
 * tombstone; tombstones of keys that nobody ever published stay away.
 */
export function settleReplaced(
  results: readonly OutputRecord[],
  replaced: readonly Replaced[],
  topic: string,
  partition: number,
): OutputRecord[] {
  const byTenant = new Map(replaced.map(({ tenant, published }) => [tenant, published]))
  const rendered = new Set<string>()
  const kept = results.filter((record) => {
    if (record.topic !== topic) return true
    const text = String(record.key)
    rendered.add(text)
    return record.value !== null || byTenant.get(tenantOfKey(text))?.has(text) !== false
  })
  for (const published of byTenant.values())
    for (const key of published) if (!rendered.has(key)) kept.push({ topic, partition, key, value: null })
  return kept
}
