/** A history: all that is left of a run of the toys, as readers of committed data find it. Plain data, so that a test can spoil it. */
import type { CommittedOffset, InputRecord } from '../../../platform/kafka/port.ts'

export interface PartitionHistory {
  readonly partition: number
  /** Committed records only, in the order of their offsets. */
  readonly log: readonly InputRecord[]
  readonly results: readonly InputRecord[]
  readonly resultsDlq: readonly InputRecord[]
  readonly alerts: readonly InputRecord[]
  readonly history: readonly InputRecord[]
  readonly dlq: readonly InputRecord[]
  readonly late: readonly InputRecord[]
  readonly checkpoints: readonly InputRecord[]
  /** Of the input. */
  readonly committed: CommittedOffset
  /** Of the pseudo-partition by which a checkpoint is fenced. */
  readonly checkpointed: CommittedOffset
  /** Of every topic: up to where readers of committed data see, and where the log ends. */
  readonly ends: readonly { readonly topic: string; readonly stable: number; readonly end: number }[]
}

export interface History {
  readonly group: string
  /** Names of the input topic and of the one of the checkpoints. */
  readonly topics: { readonly events: string; readonly checkpoints: string }
  readonly epoch: number
  readonly idHorizonMs: number
  readonly partitions: readonly PartitionHistory[]
}
