/** Metrics of the sinks; `stage` is redis, facts or history. */
import type { Counter, Histogram } from '@prometheus-io/client'
import type { Metrics } from '../../platform/metrics.ts'

export interface SinkMetrics {
  readonly age: Histogram<'stage'>
  readonly records: Counter<'stage'>
  readonly rows: Counter<'stage' | 'table'>
  readonly dropped: Counter<'stage' | 'reason'>
  readonly retries: Counter<'stage'>
  readonly rebuilds: Counter<'stage'>
}

export const sinkMetrics = (metrics: Metrics): SinkMetrics => ({
  age: metrics.histogram(
    'pipeline_event_age_seconds',
    'Age of the newest record of a chunk, from its append to the log until it is in the store.',
    ['stage'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
  ),
  records: metrics.counter('sink_records_total', 'Records worked off.', ['stage']),
  rows: metrics.counter('sink_rows_total', 'Rows or values written.', ['stage', 'table']),
  dropped: metrics.counter('sink_dropped_total', 'Records that were not written, by reason.', [
    'stage',
    'reason',
  ]),
  retries: metrics.counter('sink_retries_total', 'Steps that failed and were tried again.', ['stage']),
  rebuilds: metrics.counter('sink_rebuilds_total', 'Partitions that were written anew from the start.', [
    'stage',
  ]),
})
