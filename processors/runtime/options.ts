/** The dials of a run, with their bounds. */
import { DEAD_LETTERS, type ErrorHandling } from './error-handling.ts'
import type { RuntimeTopics } from './topics.ts'

export interface RuntimeOptions {
  readonly groupId: string
  readonly topics: RuntimeTopics
  /** One per process; the same id in two living processes is refused loudly. */
  readonly transactionalId: string
  /** Seat in the group that outlives the process (K5): a restart gets its partitions back at once. */
  readonly instanceId?: string | undefined
  /** Below the session timeout: a dead owner's transaction ends before its partitions are given away. */
  readonly transactionTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** How long a transaction may stay open on an offset that a new owner wants, before its producer is fenced. */
  readonly fenceAfterMs: number
  /** Pause between the starts of two commits: when little flows, and when the last one held `busyRecords` or more. */
  readonly commitIntervalMs: number
  readonly busyIntervalMs: number
  /** The busy pause grows up to this where rendering takes a large share of it. */
  readonly busyIntervalMaxMs: number
  readonly busyRecords: number
  /** R13: a task with more than this many records before it renders its results once in `behindRenderMs`. */
  readonly behindRecords: number
  readonly behindRenderMs: number
  /** A task with this many uncommitted records is not fed. */
  readonly uncommittedRecordsMax: number
  /**
   * A task's checkpoint is due when its share of this much folding by the whole process, or this much time with any,
   * lies behind its last one: so a restart folds about this long, whatever the number of tasks.
   */
  readonly checkpointWorkMs: number
  readonly checkpointEveryMs: number
  /** Longest stretch of folding or encoding before other work gets a turn. */
  readonly sliceMs: number
  /** How long commits may fail one after another before the process gives up. */
  readonly giveUpMs: number
  readonly stopMs: number
  readonly idHorizonMs?: number | undefined
  readonly errors: ErrorHandling
  /** Once-only outputs of a tenant's rebuild, which leave in one transaction. */
  readonly rebuildBytesMax: number
}

export const DEFAULT_GROUP = 'nikash-processors'

export const DEFAULTS = {
  transactionTimeoutMs: 5_000,
  sessionTimeoutMs: 8_000,
  fenceAfterMs: 500,
  commitIntervalMs: 5,
  busyIntervalMs: 100,
  busyIntervalMaxMs: 1_000,
  busyRecords: 1_000,
  behindRecords: 5_000,
  behindRenderMs: 1_000,
  uncommittedRecordsMax: 20_000,
  checkpointWorkMs: 3_000,
  checkpointEveryMs: 30_000,
  sliceMs: 4,
  giveUpMs: 300_000,
  stopMs: 5_000,
  errors: DEAD_LETTERS,
  rebuildBytesMax: 16 * 1024 * 1024,
} as const

export const TRANSACTION_TIMEOUT_MAX_MS = 6_000

export function checkOptions(options: RuntimeOptions): RuntimeOptions {
  if (options.transactionTimeoutMs > TRANSACTION_TIMEOUT_MAX_MS)
    throw new RangeError(
      `transactionTimeoutMs ${options.transactionTimeoutMs} is above ${TRANSACTION_TIMEOUT_MAX_MS}`,
    )
  if (options.transactionTimeoutMs >= options.sessionTimeoutMs)
    throw new RangeError(
      `transactionTimeoutMs ${options.transactionTimeoutMs} must be below sessionTimeoutMs ${options.sessionTimeoutMs}`,
    )
  return options
}
