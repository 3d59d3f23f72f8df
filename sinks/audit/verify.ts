/**
 * Checks the audit trail: every chain by itself, and, where the log is given, every row against the log's own bytes.
 * V1: memory is bounded: rows are read in pages, one tenant after the other. V2: a finding names tenant, row and what is
 * wrong; the check changes nothing. V3: the log is read up to where the trail stood when the check began.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { ChainCheck, type ChainHead, type TrailRow } from './chain.ts'
import { isAudited } from './writer.ts'

const PAGE_ROWS = 2_000

export interface Finding {
  readonly tenantId: string
  readonly seq: number
  readonly what: string
}

export interface Verdict {
  readonly tenants: number
  readonly rows: number
  /** Records of the log that were looked up; undefined = the log was not asked for. */
  readonly logRecords?: number
  readonly findings: readonly Finding[]
}

export interface LogToCompare {
  readonly kafka: KafkaPort
  readonly admin: Admin
  readonly codec: RecordCodec
  readonly topic: string
}

/** `client` is a session of a member of nikash_auditor. */
export async function verifyTrail(
  client: pg.ClientBase,
  options: { readonly tenantId?: string; readonly log?: LogToCompare } = {},
): Promise<Verdict> {
  // One snapshot, so that rows that come meanwhile are not taken for breaks.
  await client.query(`begin isolation level repeatable read read only; set local app.current_tenant = '*'`)
  try {
    const { tenantId, log } = options
    const tenants = await tenantsOf(client, tenantId)
    const findings: Finding[] = []
    let rows = 0
    for (const tenant of tenants) {
      const check = await verifyChain(client, tenant)
      rows += check.rows
      findings.push(...check.breaks.map((one) => ({ tenantId: tenant, ...one })))
    }
    if (log === undefined) return { tenants: tenants.length, rows, findings }
    const logRecords = await compareWithLog(client, log, tenantId, findings)
    return { tenants: tenants.length, rows, logRecords, findings }
  } finally {
    await client.query('rollback')
  }
}

async function tenantsOf(client: pg.ClientBase, tenantId: string | undefined): Promise<readonly string[]> {
  const { rows } = await client.query<{ tenant_id: string }>(
    `select tenant_id from finance_audit.heads where $1::text is null or tenant_id = $1
     union select tenant_id from finance_audit.trail where seq = 1 and ($1::text is null or tenant_id = $1)
     order by 1`,
    [tenantId ?? null],
  )
  return rows.map((row) => row.tenant_id)
}

async function verifyChain(client: pg.ClientBase, tenantId: string): Promise<ChainCheck> {
  const check = new ChainCheck(tenantId)
  for (let after = 0; ; ) {
    const { rows } = await client.query<{ seq: string; entry: string; hash: string }>(
      `select seq, entry, hash from finance_audit.trail where tenant_id = $1 and seq > $2 order by seq limit ${PAGE_ROWS}`,
      [tenantId, after],
    )
    for (const row of rows) check.row({ ...row, seq: Number(row.seq) } satisfies TrailRow)
    after = Number(rows.at(-1)?.seq ?? 0)
    if (rows.length < PAGE_ROWS) break
  }
  const { rows } = await client.query<{ seq: string; hash: string }>(
    'select seq, hash from finance_audit.heads where tenant_id = $1',
    [tenantId],
  )
  const head = rows[0]
  check.end(head === undefined ? undefined : ({ seq: Number(head.seq), hash: head.hash } satisfies ChainHead))
  return check
}

/** V3. Every audited record of the log must be the next row of its tenant, with the hash of its bytes. */
async function compareWithLog(
  client: pg.ClientBase,
  { kafka, admin, codec, topic }: LogToCompare,
  tenantId: string | undefined,
  findings: Finding[],
): Promise<number> {
  const [described] = await admin.describeTopics([topic])
  if (described === undefined) throw new Error(`the broker does not describe topic ${topic}`)
  const { partitions, topicId } = described
  let looked = 0
  for (let partition = 0; partition < partitions; partition++) {
    const { rows } = await client.query<{ next_offset: string }>(
      'select next_offset from finance_audit.positions where topic_id = $1 and partition = $2',
      [topicId, partition],
    )
    const to = Number(rows[0]?.next_offset ?? 0)
    if (to === 0) continue
    for await (const batch of kafka.readPartition({ topic, partition, from: 0, to })) {
      const expected: { offset: number; tenantId: string; sha: string }[] = []
      for (const record of batch.records) {
        const wanted = codec.wants(record.value)
        if (wanted !== undefined) await codec.prepare(wanted)
        const event = codec.decodeEvent(record.value)
        if (!event.ok || !isAudited(event, record, partitions)) continue
        if (tenantId !== undefined && event.data.tenantId !== tenantId) continue
        const sha = createHash('sha256')
          .update(record.value ?? Buffer.alloc(0))
          .digest('hex')
        expected.push({ offset: record.offset, tenantId: event.data.tenantId, sha })
      }
      looked += expected.length
      findings.push(...(await missingOf(client, topicId, partition, expected)))
    }
  }
  return looked
}

async function missingOf(
  client: pg.ClientBase,
  topicId: string,
  partition: number,
  expected: readonly { readonly offset: number; readonly tenantId: string; readonly sha: string }[],
): Promise<Finding[]> {
  if (expected.length === 0) return []
  const { rows } = await client.query<{
    tenant_id: string
    log_offset: string
    seq: string | null
    sha: string
  }>(
    `select e.tenant_id, e.log_offset, t.seq, t.entry::jsonb ->> 'valueSha256' as sha
     from unnest($1::text[], $2::bigint[]) as e(tenant_id, log_offset)
     left join finance_audit.trail t on t.tenant_id = e.tenant_id and t.topic_id = $3
       and t.log_partition = $4 and t.log_offset = e.log_offset`,
    [expected.map((one) => one.tenantId), expected.map((one) => one.offset), topicId, partition],
  )
  const byOffset = new Map(rows.map((row) => [Number(row.log_offset), row]))
  return expected.flatMap(({ offset, tenantId, sha }) => {
    const row = byOffset.get(offset)
    const at = `offset ${offset} of partition ${partition}`
    if (row?.seq == null) return [{ tenantId, seq: 0, what: `the event at ${at} is not in the trail` }]
    if (row.sha === sha) return []
    return [{ tenantId, seq: Number(row.seq), what: `its bytes are not those of the log at ${at}` }]
  })
}
