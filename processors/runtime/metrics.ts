/** What the engine asks of a metrics library. Names and labels are listed here, so that panels and rules can be checked. */
export type Labels = Readonly<Record<string, string>>

export interface RuntimeMetrics {
  count(name: string, labels?: Labels, by?: number): void
  gauge(name: string, value: number, labels?: Labels): void
  observe(name: string, seconds: number, labels?: Labels): void
}

export const NO_METRICS: RuntimeMetrics = { count() {}, gauge() {}, observe() {} }

export const METRICS = {
  /** Records folded, by outcome (applied, duplicate, refused, rerouted, ...). */
  records: 'processor_records_total',
  deadLetters: 'dlq_records_total',
  /** Age of the oldest record of a commit when it became visible; stage="processor". */
  age: 'pipeline_event_age_seconds',
  lag: 'consumer_lag_records',
  aborts: 'txn_abort_total',
  commitSeconds: 'processor_commit_seconds',
  foldSeconds: 'processor_fold_seconds_total',
  checkpointSeconds: 'processor_checkpoint_seconds',
  checkpointCells: 'processor_checkpoint_cells_total',
  restoreSeconds: 'processor_restore_seconds',
  tasks: 'processor_tasks',
  /** What topologies count; labels: topology, what, detail. */
  notes: 'processor_notes_total',
  logTime: 'processor_log_time_timestamp_seconds',
} as const
