/** Whose a key is. PURE. By default a key belongs to the tenant before its first '|', a timer to the one behind it. */
import { TIMERS } from '../state/task-state.ts'
import type { StoreSpec, Topology } from '../topology.ts'

const BAR = '|'

export function tenantOfKey(key: string): string {
  const bar = key.indexOf(BAR)
  return bar < 0 ? key : key.slice(0, bar)
}

const tenantOfTimer = (name: string): string => name.slice(name.indexOf(BAR) + 1)

export type OwnerOf = (key: string) => string

/** As timers.ts writes it. */
export const timerKey = (name: string, topology: string): string => `${name}\u0000${topology}`

/** Owner of an entry in the timers' store. */
export function timerOwner(topologies: readonly Topology[]): OwnerOf {
  const by = new Map(topologies.map((topology) => [topology.name, topology]))
  return (key) => {
    const cut = key.indexOf('\u0000')
    const name = key.slice(0, cut)
    return by.get(key.slice(cut + 1))?.timerTenant?.(name) ?? tenantOfTimer(name)
  }
}

/** Owners of the entries of a store. */
export const storeOwner = (spec: StoreSpec<unknown>, timers: OwnerOf): OwnerOf =>
  spec.name === TIMERS.name ? timers : (spec.tenantOf ?? tenantOfKey)
