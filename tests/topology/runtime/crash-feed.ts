/** Input for the crash matrix: the usual disturbances, and those that the checker must see: late, misplaced, doubled. */
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { disturb, type Target } from './cluster.ts'
import { failed, HOUR } from './toy.ts'

/** So short that records come late within one seed. */
export const ID_HORIZON_MS = 12 * HOUR

export function feed(target: Target, next: () => number, count: number): void {
  for (let i = 0; i < count; i++) {
    const dice = next()
    if (dice < 0.03) target.nowMs += Math.floor(next() * 9 * HOUR)
    if (dice < 0.06) {
      const recordedAt = target.nowMs - Math.floor(next() * 60 * HOUR)
      target.append(failed({ tenantId: 'beta', aggregateVersion: null, recordedAt }))
    } else if (dice < 0.08) {
      const event = failed({ tenantId: 'acme' })
      target.append({ ...event, data: { ...event.data, tenantId: 'gamma' } })
    } else if (dice < 0.1) target.tick(target.nowMs + 2 * HOUR)
    else disturb(target, next, 1)
  }
}

/** Appends records once more, as a producer that does not know whether they arrived. */
export function again(target: Target, records: readonly InputRecord[]): void {
  for (const { key, value, partition, headers } of records) {
    // A record that was moved is the engine's own, not a producer's.
    if (key === null || headers['nikash-rerouted'] !== undefined) continue
    target.bytes(String(key), value, partition)
  }
}
