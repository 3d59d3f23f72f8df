/** A cut: what leaves a task at one moment between two events, and how its results are rendered (R3). */
import type { OutputRecord } from '../../platform/kafka/port.ts'
import type { MutableMeta, TopologyContext } from './context.ts'
import { messageOf, RuntimeError } from './errors.ts'
import { renderLetter } from './letters.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'
import type { RuntimeTopics } from './topics.ts'
import type { RenderContext, StoreSpec, Topology } from './topology.ts'

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
}

export interface Rendering {
  readonly topics: RuntimeTopics
  /** `offset` = the last record folded. */
  readonly place: Readonly<MutableMeta>
  readonly metrics: RuntimeMetrics
}

/** Renders the dirty keys of one topology. A key that cannot be rendered is a dead letter; the others go out. */
export function renderKeys(
  topology: Topology,
  context: TopologyContext,
  { topics, place, metrics }: Rendering,
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
  }
  for (const key of context.dirtyKeys) {
    try {
      for (const { key: resultKey, value } of topology.render(key, view))
        results.push({ topic: topics.results, partition, key: resultKey, value })
    } catch (error) {
      if (error instanceof RuntimeError) throw error
      results.push(renderLetter(topics, place, `${topology.name}/${key}`, messageOf(error)))
      metrics.count(METRICS.deadLetters, { reason: 'render_failed' })
    }
  }
}
