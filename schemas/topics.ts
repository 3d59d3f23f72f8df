/**
 * The topic catalogue: every topic of ours, with the settings it is created with. Topics are created from here and
 * never by the broker. T1: the partition count is fixed for a topic's life; a broker that disagrees with this file
 * refuses to start (growing = copying to a .v2).
 */
export const PARTITIONS = 10

export const TOPICS = {
  events: 'finance.events.v1',
  results: 'finance.results.v1',
  history: 'finance.history.v1',
  alerts: 'finance.alerts.v1',
  late: 'finance.late.v1',
  checkpoints: 'finance.checkpoints.v1',
} as const

/** Key and tenantId of records that every partition receives (ticks, reference data). Never a tenant's id. */
export const BROADCAST_KEY = '~'

export const dlqOf = (topic: string): string => `${topic}.dlq`

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
  readonly doc: string
}

const forever = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' }
const appendTime = { 'message.timestamp.type': 'LogAppendTime' }
/** Producers send up to 1 MiB by default; the log leaves room for a header of a re-routed record, a DLQ for its own. */
const eventRoom = { 'max.message.bytes': String(1024 * 1024 + 16 * 1024) }
const letterRoom = { 'max.message.bytes': String(1024 * 1024 + 128 * 1024) }
const month = { 'cleanup.policy': 'delete', 'retention.ms': String(30 * 86_400_000) }
const compacted = { 'cleanup.policy': 'compact' }

const spec = (name: string, config: Record<string, string>, doc: string): TopicSpec => ({
  name,
  partitions: PARTITIONS,
  config,
  doc,
})

/** Headers of a record on a .dlq topic: where the bytes came from and why they were refused. */
export const DLQ_HEADERS = {
  topic: 'nikash-dlq-topic',
  partition: 'nikash-dlq-partition',
  offset: 'nikash-dlq-offset',
  code: 'nikash-dlq-code',
  message: 'nikash-dlq-message',
  schemaId: 'nikash-dlq-schema-id',
} as const

/** Code of a record on finance.late.v1 whose event counted all the same; `late` = it did not count. */
export const LATE_COUNTED = 'late_counted'

/** More headers of a record on finance.late.v1 whose event counted: why, which window's final was out, how late. */
export const LATE_HEADERS = {
  reason: 'nikash-late-reason',
  window: 'nikash-late-window',
  lateMs: 'nikash-late-ms',
} as const

/** Header on a record that a task moved to the partition of its key; value = the partition it came from. */
export const REROUTED_HEADER = 'nikash-rerouted'

export const CATALOGUE: readonly TopicSpec[] = [
  spec(
    TOPICS.events,
    { ...forever, ...appendTime, ...eventRoom },
    'All finance events, the log of record. Key: tenant id.',
  ),
  spec(TOPICS.results, compacted, 'Newest results. Key: tenant|family|slice. Partition: that of the input.'),
  spec(TOPICS.history, forever, 'Snapshots, day closes and their corrections. Key: tenant id.'),
  spec(TOPICS.alerts, forever, 'Alerts. Key: tenant id.'),
  spec(
    TOPICS.late,
    { ...month, ...letterRoom },
    'Events that came after a final (they count) or too late to tell whether they had come before. Key: tenant id.',
  ),
  spec(
    TOPICS.checkpoints,
    { ...compacted, 'segment.bytes': String(32 * 1024 * 1024), 'min.cleanable.dirty.ratio': '0.1' },
    'State of the processors by cells. Internal.',
  ),
  spec(
    dlqOf(TOPICS.events),
    { ...forever, ...appendTime, ...letterRoom },
    'Records of finance.events.v1 that could not be applied, bytes unchanged.',
  ),
  spec(
    dlqOf(TOPICS.results),
    { ...forever, ...letterRoom },
    'Records of finance.results.v1 that a sink could not read.',
  ),
  spec(
    dlqOf(TOPICS.history),
    { ...forever, ...letterRoom },
    'Records of finance.history.v1 that a sink could not read.',
  ),
  spec(
    dlqOf(TOPICS.alerts),
    { ...forever, ...letterRoom },
    'Records of finance.alerts.v1 that a sink could not read.',
  ),
]
