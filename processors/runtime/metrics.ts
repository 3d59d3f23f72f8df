/** What the engine asks of a metrics library. Names and labels are listed here, so that panels and rules can be checked. */
export type Labels = Readonly<Record<string, string>>

export interface RuntimeMetrics {
  count(name: string, labels?: Labels, by?: number): void
  gauge(name: string, value: number, labels?: Labels): void
  /** The gauge has no such value any more: another process has the partition. */
  forget?(name: string, labels: Labels): void
  observe(name: string, seconds: number, labels?: Labels): void
}

export const NO_METRICS: RuntimeMetrics = { count() {}, gauge() {}, observe() {} }

export const METRICS = {
  /** Records folded, by outcome (applied, duplicate, refused, rerouted, ...). */
  records: 'processor_records_total',
  deadLetters: 'dlq_records_total',
  /** Stage kafka: of the oldest record of a batch, when it came here; processor: of a commit, when it is visible. */
  age: 'pipeline_event_age_seconds',
  /** From what is committed to the end (lag-watch.ts); seconds = age of the oldest record in between. */
  lag: 'consumer_lag_records',
  lagSeconds: 'consumer_lag_seconds',
  aborts: 'txn_abort_total',
  commits: 'processor_commits_total',
  commitSeconds: 'processor_commit_seconds',
  foldSeconds: 'processor_fold_seconds_total',
  checkpointSeconds: 'processor_checkpoint_seconds',
  checkpoints: 'processor_checkpoints_total',
  checkpointCells: 'processor_checkpoint_cells_total',
  checkpointBytes: 'processor_checkpoint_bytes_total',
  /** When the newest checkpoint of the partition was committed. */
  checkpointAt: 'processor_checkpoint_timestamp_seconds',
  restoreSeconds: 'processor_restore_seconds',
  tasks: 'processor_tasks',
  /** What topologies count; labels: topology, what, detail. */
  notes: 'processor_notes_total',
  logTime: 'processor_log_time_timestamp_seconds',
  /** Tenants whose events are left out; state="stopped" or "rebuilding". */
  tenantsStopped: 'processor_tenants_stopped',
  /** Handler failures in a row, of tenants with at least ten. */
  tenantFailures: 'processor_tenant_failures',
} as const
