/** The engine's metrics in the process's registry: the one list of their helps and labels. */
import type { Counter, Gauge, Histogram } from '@prometheus-io/client'
import type { Metrics } from '../../platform/metrics.ts'
import { type Labels, METRICS, type RuntimeMetrics } from './metrics.ts'

const COUNTERS: readonly (readonly [name: string, help: string, labels: readonly string[]])[] = [
  [METRICS.records, 'Records folded, by outcome.', ['outcome']],
  [METRICS.deadLetters, 'Records sent to a dead letter topic, by reason.', ['reason']],
  [METRICS.aborts, 'Commits that failed, by reason.', ['reason']],
  [METRICS.foldSeconds, 'Time spent folding.', []],
  [METRICS.checkpointCells, 'Cells written to checkpoints.', []],
  [METRICS.notes, 'What topologies count.', ['topology', 'what', 'detail']],
]

const GAUGES: readonly (readonly [name: string, help: string, labels: readonly string[]])[] = [
  [METRICS.lag, 'Records between what is folded and the end of the partition.', ['partition']],
  [METRICS.tasks, 'Tasks of this process, by state.', ['state']],
  [METRICS.logTime, 'Log time of the partition.', ['partition']],
]

const HISTOGRAMS: readonly (readonly [
  name: string,
  help: string,
  labels: readonly string[],
  buckets?: readonly number[],
])[] = [
  [
    METRICS.age,
    'Age of the oldest record of a commit, from its append to the log until its results are visible.',
    ['stage'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
  ],
  [METRICS.commitSeconds, 'Duration of a commit, from its cut to its confirmation.', []],
  [METRICS.checkpointSeconds, 'Duration of encoding a checkpoint, between other work.', []],
  [METRICS.restoreSeconds, 'Duration of a restore.', []],
]

export function prometheusMetrics(metrics: Metrics): RuntimeMetrics {
  const counters = new Map<string, Counter<string>>(
    COUNTERS.map(([name, help, labels]) => [name, metrics.counter<string>(name, help, labels)]),
  )
  const gauges = new Map<string, Gauge<string>>(
    GAUGES.map(([name, help, labels]) => [name, metrics.gauge<string>(name, help, labels)]),
  )
  const histograms = new Map<string, Histogram<string>>(
    HISTOGRAMS.map(([name, help, labels, buckets]) => [
      name,
      metrics.histogram<string>(name, help, labels, buckets),
    ]),
  )
  const none: Labels = {}
  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc(labels ?? none, by),
    gauge: (name, value, labels) => gauges.get(name)?.set(labels ?? none, value),
    observe: (name, seconds, labels) => histograms.get(name)?.observe(labels ?? none, seconds),
  }
}
