/**
 * The log of events -> finance_audit.trail in Postgres, one lane per partition.
 * A1: the rows of a chunk, the heads of their chains and the position of the partition are one transaction: an event is
 *     in the trail once, whatever was killed when. The position in the store is what counts; commits to Kafka only show
 *     the lag.
 * A2: of each tenant only the records of its own partition are taken: a record that came by another one is forwarded
 *     there by the processors, and comes again. Of what every partition receives, partition 0 has it for all. Ticks are
 *     no deeds of anybody and are left out, as is what is no event: its bytes are in the log and among the dead letters.
 * A3: two writers of one partition (an old owner that does not know yet) wait for each other at the position's row; the
 *     second finds it moved and begins anew.
 */
import type pg from 'pg'
import { NikashError } from '../../platform/errors.ts'
import type { Admin, Consumer, InputRecord } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import type { Chunk, LaneWriter, Opening } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import { type ChainHead, NO_HEAD, rowAfter, type TrailRow } from './chain.ts'

const STAGE = 'audit'
const COMMIT_EVERY_MS = 1_000

export interface AuditLaneOptions {
  readonly pool: pg.Pool
  readonly codec: RecordCodec
  readonly admin: Admin
  readonly consumer: Pick<Consumer, 'commit'>
  readonly topic: string
  readonly partition: number
  readonly partitions: number
  readonly metrics: SinkMetrics
}

interface NewRow extends TrailRow {
  readonly tenantId: string
}

/** A2. */
export function isAudited(event: FinanceEvent, record: InputRecord, partitions: number): boolean {
  if (event.type === 'Tick') return false
  const { tenantId } = event.data
  if (record.key?.toString() !== tenantId) return false
  return record.partition === (tenantId === BROADCAST_KEY ? 0 : partitionOf(tenantId, partitions))
}

export class AuditLane implements LaneWriter {
  readonly #options: AuditLaneOptions
  #topicId = ''
  #next = 0
  #committedAt = 0
  /** Offset that the group shows. */
  #shown = -1

  constructor(options: AuditLaneOptions) {
    this.#options = options
  }

  async open(): Promise<Opening> {
    const { admin, topic, partition, pool } = this.#options
    const [[description], [bounds]] = await Promise.all([
      admin.describeTopics([topic]),
      admin.bounds(topic, [partition]),
    ])
    if (!description || !bounds) throw new Error(`the broker does not describe ${topic}-${partition}`)
    this.#topicId = description.topicId
    const { rows } = await pool.query<{ next_offset: string }>(
      'select next_offset from finance_audit.positions where topic_id = $1 and partition = $2',
      [this.#topicId, partition],
    )
    const known = rows[0]
    this.#next = known === undefined ? bounds.low : Number(known.next_offset)
    if (this.#next < bounds.low || this.#next > bounds.high) {
      throw new NikashError(
        'audit_position_out_of_range',
        `the audit trail goes on at offset ${this.#next} of ${topic}-${partition}, the log holds ${bounds.low} to ` +
          `${bounds.high}: records that the trail lacks are gone, or the trail is of another log. Nothing was written.`,
        { recover: 'stop' },
      )
    }
    return { from: this.#next }
  }

  async write(chunk: Chunk): Promise<void> {
    const { pool, metrics } = this.#options
    const events = await this.#events(chunk.records)
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query(`begin; set local app.current_tenant = '*'`)
      await this.#takePosition(client, chunk.next)
      const rows = await this.#chain(client, events)
      await insert(client, rows)
      await client.query('commit')
      this.#next = chunk.next
      metrics.rows.inc({ stage: STAGE, table: 'trail' }, rows.length)
    } catch (error) {
      await client.query('rollback').catch((cause: unknown) => {
        broken = cause instanceof Error ? cause : new Error(String(cause))
      })
      throw error
    } finally {
      client.release(broken)
    }
    if (performance.now() - this.#committedAt >= COMMIT_EVERY_MS) await this.#show(chunk.next)
  }

  /** Nothing waits: the group shows where it stands, however short ago it last did. */
  async idle(next: number): Promise<void> {
    await this.#show(next)
  }

  async #events(records: readonly InputRecord[]) {
    const { codec, partitions } = this.#options
    const found: { readonly event: FinanceEvent; readonly record: InputRecord }[] = []
    for (const record of records) {
      const wanted = codec.wants(record.value)
      if (wanted !== undefined) await codec.prepare(wanted)
      const event = codec.decodeEvent(record.value)
      if (event.ok && isAudited(event, record, partitions)) found.push({ event, record })
    }
    return found
  }

  /** A1, A3: the row is locked until the commit, and must stand where this lane left it. */
  async #takePosition(client: pg.PoolClient, next: number): Promise<void> {
    const { partition } = this.#options
    const { rowCount } = await client.query(
      `insert into finance_audit.positions as p (topic_id, partition, next_offset) values ($1, $2, $3)
       on conflict (topic_id, partition) do update set next_offset = excluded.next_offset where p.next_offset = $4`,
      [this.#topicId, partition, next, this.#next],
    )
    if (rowCount === 1) return
    throw new NikashError(
      'audit_position_moved',
      `another process wrote the audit trail of partition ${partition} since offset ${this.#next}`,
      { recover: 'rebuild-task' },
    )
  }

  async #chain(
    client: pg.PoolClient,
    events: readonly { readonly event: FinanceEvent; readonly record: InputRecord }[],
  ): Promise<readonly NewRow[]> {
    const tenants = [...new Set(events.map(({ event }) => event.data.tenantId))]
    const { rows } = await client.query<{ tenant_id: string; seq: string; hash: string }>(
      'select tenant_id, seq, hash from finance_audit.heads where tenant_id = any($1)',
      [tenants],
    )
    const heads = new Map<string, ChainHead>(
      rows.map(({ tenant_id, seq, hash }) => [tenant_id, { seq: Number(seq), hash }]),
    )
    return events.map(({ event, record }) => {
      const { tenantId } = event.data
      const row = rowAfter(heads.get(tenantId) ?? NO_HEAD, event, { topicId: this.#topicId, record })
      heads.set(tenantId, row)
      return { ...row, tenantId }
    })
  }

  /** For `lag` alone (A1). */
  async #show(next: number): Promise<void> {
    if (next === this.#shown) return
    this.#committedAt = performance.now()
    const { consumer, topic, partition } = this.#options
    await consumer.commit([{ topic, partition, offset: next, metadata: '' }])
    this.#shown = next
  }
}

async function insert(client: pg.PoolClient, rows: readonly NewRow[]): Promise<void> {
  if (rows.length === 0) return
  const newest = new Map(rows.map((row) => [row.tenantId, row]))
  const heads = [...newest.values()]
  await client.query(
    `with t as (
       insert into finance_audit.trail (tenant_id, seq, entry, hash)
       select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[])
     )
     insert into finance_audit.heads as h (tenant_id, seq, hash)
     select * from unnest($5::text[], $6::bigint[], $7::text[])
     on conflict (tenant_id) do update set seq = excluded.seq, hash = excluded.hash`,
    [
      rows.map((row) => row.tenantId),
      rows.map((row) => row.seq),
      rows.map((row) => row.entry),
      rows.map((row) => row.hash),
      heads.map((row) => row.tenantId),
      heads.map((row) => row.seq),
      heads.map((row) => row.hash),
    ],
  )
}
