/** Metrics of the sinks; `stage` is redis, facts, history or audit. */
import type { Counter } from '@prometheus-io/client'
import { type Metrics, pipelineAge, type PipelineStage } from '../../platform/metrics.ts'

export interface SinkMetrics {
  /** Of the newest record of a chunk, when it is in the store. */
  age(stage: string, seconds: number): void
  readonly records: Counter<'stage'>
  readonly rows: Counter<'stage' | 'table'>
  readonly dropped: Counter<'stage' | 'reason'>
  readonly retries: Counter<'stage'>
  readonly rebuilds: Counter<'stage'>
}

/** The pipeline knows stores; that ClickHouse has several writers is the sink's business. */
const pipelineStage = (stage: string): PipelineStage =>
  stage === 'redis' || stage === 'audit' ? stage : 'clickhouse'

const ageOf = (metrics: Metrics): SinkMetrics['age'] => {
  const observe = pipelineAge(metrics)
  return (stage, seconds) => observe(pipelineStage(stage), seconds)
}

export const sinkMetrics = (metrics: Metrics): SinkMetrics => ({
  age: ageOf(metrics),
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
