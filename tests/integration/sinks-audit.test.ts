/** The audit sink into a real Postgres: each event once through kills and doubts, and what the verifier finds. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { createMetrics } from '../../platform/metrics.ts'
import { MemoryKafka } from '../../platform/kafka/memory/port.ts'
import type { Admin } from '../../platform/kafka/port.ts'
import { migrate } from '../../producers/migrate.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { AuditSink } from '../../sinks/audit/sink.ts'
import { verifyTrail } from '../../sinks/audit/verify.ts'
import { sinkMetrics } from '../../sinks/runtime/metrics.ts'
import { freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'
import { created } from '../unit/sinks/support/events.ts'
import {
  LIMITS,
  makeBroker,
  openCodec,
  produceEvents,
  quietLog,
  until,
} from '../unit/sinks/support/harness.ts'

describeStack('the audit sink', ['databaseOwnerUrl', 'databaseAuditorUrl', 'databaseReaderUrl'], (stack) => {
  const tenant = freshTenant('audit')
  const other = freshTenant('audit2')
  // The broker in memory counts its topics from 1; the store is shared with other runs.
  const topicId = `topic-of-${tenant}`
  const broker = makeBroker(2)
  const sinks: AuditSink[] = []
  let codec: RecordCodec
  let owner: pg.Client
  let auditor: pg.Client

  const start = async () => {
    const kafka = new MemoryKafka(broker)
    const found = await kafka.admin()
    const admin: Admin = {
      createTopics: (specs) => found.createTopics(specs),
      describeTopics: async (names) =>
        (await found.describeTopics(names)).map((one) => ({ ...one, topicId })),
      listTopics: () => found.listTopics(),
      committed: (...asked) => found.committed(...asked),
      bounds: (...asked) => found.bounds(...asked),
      close: () => found.close(),
    }
    const sink = new AuditSink({
      kafka,
      admin,
      codec,
      databaseUrl: stack.databaseAuditorUrl,
      metrics: sinkMetrics(createMetrics('test')),
      log: quietLog,
      limits: { ...LIMITS, chunkRecordsMax: 7 },
      onFatal: (error) => {
        throw error
      },
    })
    await sink.start()
    sinks.push(sink)
    return { sink, kafka, admin }
  }
  const produce = (from: number, count: number) =>
    produceEvents(
      broker,
      codec,
      Array.from({ length: count }, (_, i) => {
        const { data, ...rest } = created(`i${from + i}`, { date: '2026-01-10', total: `${from + i + 1}` })
        return { ...rest, data: { ...data, tenantId: i % 3 === 0 ? other : tenant } } as never
      }),
    )
  const countOf = async (id: string): Promise<number> => {
    await auditor.query(`begin; set local app.current_tenant = '*'`)
    const { rows } = await auditor.query<{ n: string }>(
      'select count(*) as n from finance_audit.trail where tenant_id = $1',
      [id],
    )
    await auditor.query('rollback')
    return Number(rows[0]?.n)
  }
  const whole = (total: number) =>
    until(`${total} rows`, async () => (await countOf(tenant)) + (await countOf(other)) >= total, 10_000)
  const verify = (tenantId: string) => verifyTrail(auditor, { tenantId })

  beforeAll(async () => {
    await migrate(stack.databaseOwnerUrl)
    codec = await openCodec()
    owner = new pg.Client(stack.databaseOwnerUrl)
    auditor = new pg.Client(stack.databaseAuditorUrl)
    await Promise.all([owner.connect(), auditor.connect()])
  })
  afterAll(async () => {
    await Promise.all(sinks.map((sink) => sink.stop().catch(() => undefined)))
    await Promise.all([owner.end(), auditor.end()])
  })

  it('has each event once, in order, through kills in mid-work', async () => {
    produce(0, 300)
    for (const least of [20, 90]) {
      const { kafka } = await start()
      await until('it is at work', async () => (await countOf(tenant)) > least)
      kafka.kill()
      broker.expire(kafka)
      // A killed process stops nothing any more.
      sinks.pop()
      produce(1_000 * least, 30)
    }
    const { admin } = await start()
    await whole(360)
    // What `lag` reads: the group stands at the end, however little came last.
    await until('the group shows where it stands', async () => {
      const [ends, shown] = [
        await admin.bounds(TOPICS.events, [0, 1]),
        await admin.committed('nikash-sink-audit', TOPICS.events, [0, 1]),
      ]
      return ends.every(({ high }, p) => high === 0 || shown[p]?.offset === high)
    })
    // Both are looked at a little later: nothing comes twice.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([await countOf(tenant), await countOf(other)]).toEqual([240, 120])
    expect(await verify(tenant)).toEqual({ tenants: 1, rows: 240, findings: [] })
    expect(await verify(other)).toEqual({ tenants: 1, rows: 120, findings: [] })
  }, 60_000)

  it('is what SQL alone makes of the entries', async () => {
    await auditor.query(`begin; set local app.current_tenant = '*'`)
    const { rows } = await auditor.query<{ rows: string; right: string }>(
      `select count(*) as rows, count(*) filter (where hash = encode(sha256(convert_to(before || E'\\n' || entry, 'UTF8')), 'hex')) as right
       from (select hash, entry, coalesce(lag(hash) over (order by seq), '') as before
             from finance_audit.trail where tenant_id = $1) t`,
      [tenant],
    )
    await auditor.query('rollback')
    expect(rows).toEqual([{ rows: '240', right: '240' }])
  })

  it('agrees with the log, and says which event of the log it lacks', async () => {
    const { kafka, admin } = await start()
    const log = { kafka, admin, codec, topic: TOPICS.events }
    expect(await verifyTrail(auditor, { tenantId: tenant, log })).toMatchObject({
      logRecords: 240,
      findings: [],
    })
  }, 20_000)

  it('refuses changes to everybody, the owner of the tables included', async () => {
    const change = `update finance_audit.trail set entry = entry where tenant_id = '${tenant}'`
    await expect(auditor.query(change)).rejects.toThrow(/permission denied/)
    await expect(auditor.query(`delete from finance_audit.trail`)).rejects.toThrow(/permission denied/)
    // Row security hides the rows from the owner; truncating meets the trigger.
    expect((await owner.query(change)).rowCount).toBe(0)
    await expect(owner.query('truncate finance_audit.trail')).rejects.toThrow(/append-only/)
  })

  it('shows a reader the rows of its own tenant, with what was there before each change', async () => {
    const reader = new pg.Client(stack.databaseReaderUrl)
    await reader.connect()
    try {
      expect((await reader.query('select 1 from finance_audit.trail')).rowCount).toBe(0)
      await reader.query(`begin; set local app.current_tenant = '${other}'`)
      const { rows } = await reader.query<{ tenant_id: string; n: string }>(
        'select tenant_id, count(*) as n from finance_audit.changes group by 1',
      )
      expect(rows).toEqual([{ tenant_id: other, n: '120' }])
      await reader.query('rollback')
    } finally {
      await reader.end()
    }
  })

  // Somebody with all rights, who turns every guard off and leaves no other trace.
  const tamper = async (sql: string) => {
    await owner.query(
      'alter table finance_audit.trail disable trigger user; alter table finance_audit.trail no force row level security',
    )
    try {
      expect((await owner.query(sql)).rowCount).toBeGreaterThan(0)
    } finally {
      await owner.query(
        'alter table finance_audit.trail enable trigger user; alter table finance_audit.trail force row level security',
      )
    }
  }

  it('finds a changed row, and a removed one, and names them', async () => {
    await tamper(
      `update finance_audit.trail set entry = replace(entry, 'user:test', 'user:nobody') where tenant_id = '${tenant}' and seq = 17`,
    )
    await tamper(`delete from finance_audit.trail where tenant_id = '${tenant}' and seq = 101`)
    await tamper(`delete from finance_audit.trail where tenant_id = '${tenant}' and seq > 238`)
    expect((await verify(tenant)).findings).toEqual([
      { tenantId: tenant, seq: 17, what: 'does not follow from the row before it' },
      { tenantId: tenant, seq: 102, what: 'row 101 is missing' },
      { tenantId: tenant, seq: 240, what: 'rows 239 to 240 are missing' },
    ])
    expect((await verify(other)).findings).toEqual([])
  })

  it('finds a row that was slipped in with hashes that are right', async () => {
    await tamper(
      `insert into finance_audit.trail (tenant_id, seq, entry, hash)
       select tenant_id, seq + 1, e, encode(sha256(convert_to(hash || E'\\n' || e, 'UTF8')), 'hex')
       from finance_audit.trail, lateral (select replace(replace(entry, '"seq":' || seq, '"seq":' || seq + 1), '"offset":', '"offset":9') as e) x
       where tenant_id = '${other}' and seq = 120`,
    )
    expect((await verify(other)).findings).toEqual([
      { tenantId: other, seq: 121, what: 'the chain ended at 120: rows were added behind it' },
    ])
  })
})
