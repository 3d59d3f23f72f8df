/**
 * Owns how a stored event becomes Kafka records: Avro value, key, partition, CloudEvents headers (binary mode). Avro is
 * made here and not when the command is stored, so that commands depend on neither the registry nor Kafka, the store
 * stays readable in SQL, and publishing anew after a loss goes the same way.
 * R1: key = tenant id, partition = murmur2 of it. R2: what belongs to all tenants goes to every partition.
 */
import type { OutputRecord } from '../../platform/kafka/port.ts'
import {
  type AnyRecords,
  EVENT_TYPES,
  type EventRecords,
  type EventType,
  NAMESPACE,
} from '../../schemas/generated/records.ts'
import { BROADCAST_KEY, PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { upcast } from '../event-store/upcast.ts'
import type { Envelope } from '../kernel/events.ts'

export interface OutboxRow {
  readonly position: number
  readonly tenantId: string
  readonly aggregateType: string
  readonly aggregateId: string
  readonly version: number
  readonly eventId: string
  readonly eventType: string
  readonly schemaVersion: number
  readonly data: unknown
  readonly metadata: Readonly<Record<string, string | null>>
  readonly occurredAtMs: number
  readonly recordedAtMs: number
  readonly insertedAtMs: number
}

export interface Encoder {
  encode<T extends EventType>(type: T, value: AnyRecords[T]): Buffer
}

const known: ReadonlySet<string> = new Set(EVENT_TYPES)

/** A row that can't be published: a bug of ours, so nothing of its tenant is sent past it. */
export class UnpublishableRow extends Error {
  override readonly name = 'UnpublishableRow'
  readonly row: OutboxRow

  constructor(row: OutboxRow, cause: unknown) {
    super(`${row.eventType} at position ${row.position} can't be encoded`, { cause })
    this.row = row
  }
}

export interface Published {
  readonly type: EventType
  readonly envelope: Envelope
  readonly payload: object
  readonly traceparent?: string | null
}

/** Events of one transaction have one instant, and its text costs as much as the rest of the headers. */
let lastTime: { readonly ms: number; readonly text: string } = { ms: Number.NaN, text: '' }
function timeText(ms: number): string {
  if (lastTime.ms !== ms) lastTime = { ms, text: new Date(ms).toISOString() }
  return lastTime.text
}

/** One record for a tenant's event, one per partition for an event of all tenants. */
export function recordsOf(
  { type, envelope, payload, traceparent }: Published,
  encoder: Encoder,
): readonly OutputRecord[] {
  const value = encoder.encode(type, { ...envelope, ...payload } as EventRecords[EventType])
  const { tenantId } = envelope
  const headers = {
    'content-type': 'application/avro',
    ce_specversion: '1.0',
    ce_id: envelope.eventId,
    ce_source: `nikash/${envelope.aggregateType}`,
    ce_type: `${NAMESPACE}.${type}`,
    ce_subject: envelope.aggregateId,
    ce_time: timeText(envelope.occurredAt),
    ...(traceparent ? { traceparent } : {}),
  }
  const record = { topic: TOPICS.events, key: tenantId, value, headers }
  if (tenantId !== BROADCAST_KEY) return [{ ...record, partition: partitionOf(tenantId, PARTITIONS) }]
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ ...record, partition }))
}

export function recordsOfRow(row: OutboxRow, encoder: Encoder): readonly OutputRecord[] {
  try {
    const { type, data: payload } = upcast(
      { type: row.eventType, schemaVersion: row.schemaVersion, data: row.data, metadata: row.metadata },
      known,
    )
    const envelope: Envelope = {
      eventId: row.eventId,
      tenantId: row.tenantId,
      aggregateType: row.aggregateType,
      aggregateId: row.aggregateId,
      aggregateVersion: row.version,
      schemaVersion: row.schemaVersion,
      occurredAt: row.occurredAtMs,
      recordedAt: row.recordedAtMs,
      actor: row.metadata['actor'] ?? '',
      correlationId: row.metadata['correlationId'] ?? null,
      causationId: row.metadata['causationId'] ?? null,
    }
    const traceparent = row.metadata['traceparent'] ?? null
    return recordsOf({ type, envelope, payload, traceparent }, encoder)
  } catch (cause) {
    throw new UnpublishableRow(row, cause)
  }
}
