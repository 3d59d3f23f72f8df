/** The engine's metrics in the process's registry: the one list of their helps and labels. */
import type { Counter, Gauge, Histogram } from '@prometheus-io/client'
import { type Metrics, PIPELINE_AGE } from '../../platform/metrics.ts'
import { type Labels, METRICS, type RuntimeMetrics } from './metrics.ts'

const COUNTERS: readonly (readonly [name: string, help: string, labels: readonly string[]])[] = [
  [METRICS.records, 'Records folded, by outcome.', ['outcome']],
  [METRICS.deadLetters, 'Records sent to a dead letter topic, by reason.', ['reason']],
  [METRICS.aborts, 'Commits that failed, by reason.', ['reason']],
  [METRICS.foldSeconds, 'Time spent folding.', []],
  [METRICS.commits, 'Transactions that were committed.', []],
  [METRICS.checkpoints, 'Checkpoints that were committed.', []],
  [METRICS.checkpointCells, 'Cells written to checkpoints.', []],
  [METRICS.checkpointBytes, 'Bytes written to checkpoints.', []],
  [METRICS.notes, 'What topologies count.', ['topology', 'what', 'detail']],
]

const GAUGES: readonly (readonly [name: string, help: string, labels: readonly string[]])[] = [
  [METRICS.lag, 'Records between what is committed and the end of the partition.', ['partition']],
  [METRICS.lagSeconds, 'Age of the oldest record that is not committed; 0 = none.', ['partition']],
  [METRICS.checkpointAt, 'When the newest checkpoint of the partition was committed.', ['partition']],
  [METRICS.tasks, 'Tasks of this process, by state.', ['state']],
  [METRICS.logTime, 'Log time of the partition.', ['partition']],
  [METRICS.tenantsStopped, 'Tenants whose events are left out, by state.', ['state']],
  [METRICS.tenantFailures, 'Handler failures in a row, of tenants with ten or more.', ['tenant']],
]

const HISTOGRAMS: readonly (readonly [
  name: string,
  help: string,
  labels: readonly string[],
  buckets?: readonly number[],
])[] = [
  // Stages kafka (oldest record of a batch when it is here) and processor (of a commit when its results are visible).
  [METRICS.age, PIPELINE_AGE.help, PIPELINE_AGE.labels, PIPELINE_AGE.buckets],
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
    forget: (name, labels) => gauges.get(name)?.remove(labels),
    observe: (name, seconds, labels) => histograms.get(name)?.observe(labels ?? none, seconds),
  }
}
