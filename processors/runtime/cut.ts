/** A cut: what leaves a task at one moment between two events, and how its results are rendered (R3). */
import type { OutputRecord } from '../../platform/kafka/port.ts'
import type { MutableMeta, TopologyContext } from './context.ts'
import { messageOf, RuntimeError } from './errors.ts'
import { renderLetter, tooLargeLetter } from './letters.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'
import type { Replaced } from './tenants/adopt.ts'
import type { RuntimeTopics } from './topics.ts'
import type { RenderContext, RowsSpec, StoreSpec, Topology } from './topology.ts'

/** All that one cut holds; nothing of it changes afterwards. */
export interface Cut {
  readonly offset: number
  readonly revision: number
  /** Once-only records, in order. */
  readonly once: readonly OutputRecord[]
  readonly results: readonly OutputRecord[]
  /** By topology. */
  readonly dirty: readonly ReadonlySet<string>[]
  /** Offsets refused since the cut before (R9). */
  readonly refused: readonly number[]
  readonly records: number
  /** Append time of the oldest record in it. */
  readonly oldestMs: number
  /** Tenants that were rebuilt since the cut before. */
  readonly replaced: readonly Replaced[]
}

export interface Rendering {
  readonly topics: RuntimeTopics
  /** `offset` = the last record folded. */
  readonly place: Readonly<MutableMeta>
  readonly metrics: RuntimeMetrics
  /** Bytes of key and value; a bigger result would be refused for good. */
  readonly outputBytesMax: number
}

/** Renders the dirty keys of one topology. A key that cannot be rendered is a dead letter; the others go out. */
export function renderKeys(
  topology: Topology,
  context: TopologyContext,
  { topics, place, metrics, outputBytesMax }: Rendering,
  results: OutputRecord[],
): void {
  if (context.dirtyKeys.size === 0) return
  const { partition, epoch, logTime, offset: revision } = place
  const view: RenderContext = {
    partition,
    epoch,
    revision,
    logTime,
    store: <V>(spec: StoreSpec<V>) => context.store(spec),
    rows: (spec: RowsSpec) => context.rows(spec),
    count: (metric, labels) => context.count(metric, labels),
  }
  for (const key of context.dirtyKeys) {
    try {
      for (const { key: resultKey, value } of topology.render(key, view)) {
        const bytes = value === null ? 0 : value.length + Buffer.byteLength(resultKey)
        if (bytes <= outputBytesMax) results.push({ topic: topics.results, partition, key: resultKey, value })
        else {
          results.push(tooLargeLetter(topics, place, resultKey, bytes, outputBytesMax))
          metrics.count(METRICS.deadLetters, { reason: 'result_too_large' })
        }
      }
    } catch (error) {
      if (error instanceof RuntimeError) throw error
      results.push(renderLetter(topics, place, `${topology.name}/${key}`, messageOf(error)))
      metrics.count(METRICS.deadLetters, { reason: 'render_failed' })
    }
  }
}
