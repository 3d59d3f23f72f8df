/**
 * What a consumer has between a join and the end of that generation: a lane for each partition, and the signals that
 * end it. It ends in two steps: `end` (no more batches; handlers under way finish) and `leave` (heartbeats stop too).
 */
import type { TopicPartition } from '../assign.ts'
import type { Batch, Membership } from '../port.ts'
import { Signal } from '../../signal.ts'

export interface Lane extends TopicPartition {
  /** Where the next fetch starts. */
  fetchFrom: number
  /** Raised by seek, so that a fetch under way is thrown away. */
  seeks: number
  ready: Batch | undefined
  /** Woken by data, resume, seek and the end of the session. */
  readonly wake: Signal
}

export class Session {
  readonly membership: Membership
  readonly lanes = new Map<string, Lane>()
  readonly over = new Signal()
  readonly hungry = new Signal()
  /** No more batches. */
  ended = false
  /** Nothing of it runs any more: heartbeats end. */
  readonly left = new Signal()
  gone = false
  reason: unknown

  constructor(membership: Membership) {
    this.membership = membership
  }

  end(reason?: unknown): void {
    if (this.ended) return
    this.ended = true
    this.reason = reason
    this.over.wake()
    this.hungry.wake()
    for (const lane of this.lanes.values()) lane.wake.wake()
  }

  leave(): void {
    this.end()
    this.gone = true
    this.left.wake()
  }
}
