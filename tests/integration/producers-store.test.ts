/** The store by itself: row security by raw SQL, append-only events, and states that are the fold of their events. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { inTransaction, openPool } from '../../producers/event-store/database.ts'
import { purgeAnswers } from '../../producers/event-store/idempotency.ts'
import { fromJson } from '../../producers/event-store/json.ts'
import type { AggregateType } from '../../producers/kernel/events.ts'
import { upcast } from '../../producers/event-store/upcast.ts'
import { Session } from '../../producers/kernel/session.ts'
import { EVENT_TYPES } from '../../schemas/generated/records.ts'
import { formatDecimal } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { describeStack } from '../support/stack.ts'
import { prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

const TABLES = [
  'event_store',
  'outbox',
  'aggregates',
  'business_numbers',
  'counters',
  'allocations',
  'idempotency_keys',
  'journal_lines',
] as const

describeStack(
  'the event store',
  ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret'],
  (stack) => {
    let service: Service
    let a: Tenant
    let b: Tenant
    beforeAll(async () => {
      await prepareStore(stack)
      service = await Service.open(stack)
      a = await Tenant.open(service, 'rls-a')
      b = await Tenant.open(service, 'rls-b')
      for (const tenant of [a, b]) {
        await tenant.invoice('100.00', { id: 'i' })
        await tenant.payment('60.00', { allocations: [{ invoiceId: 'i', amount: '60.00' }] })
      }
    })
    afterAll(() => service.close())

    it.each(TABLES.filter((table) => table !== 'outbox'))(
      'shows a session of %s nothing but its tenant',
      async (table) => {
        for (const url of table === 'idempotency_keys'
          ? [stack.databaseUrl]
          : [stack.databaseUrl, stack.databaseReaderUrl]) {
          const seen = (tenant: string | undefined) =>
            rowsOf<{ tenant_id: string }>(url, tenant, `select distinct tenant_id from finance.${table}`)
          expect(await seen(a.id)).toEqual([{ tenant_id: a.id }])
          expect(await seen(undefined)).toEqual([])
          const sql = `select 1 from finance.${table} where tenant_id = $1`
          expect(await rowsOf(url, a.id, sql, [b.id])).toEqual([])
        }
      },
    )

    it.each([
      'tenants',
      'customers',
      'invoices',
      'payments',
      'credit_notes',
      'vendors',
      'bills',
      'vendor_payments',
      'expenses',
      'chart_of_accounts',
      'journal_entries',
      'account_balances',
    ])('guards the view %s too', async (view) => {
      const sql = `select distinct tenant_id from finance.${view}`
      expect(await rowsOf(stack.databaseReaderUrl, undefined, sql)).toEqual([])
      const seen = await rowsOf<{ tenant_id: string }>(stack.databaseReaderUrl, b.id, sql)
      expect(seen.filter((row) => row.tenant_id !== b.id)).toEqual([])
    })

    it('lets the service forget answers of its keys after a week, and no younger ones', async () => {
      const keys = () =>
        rowsOf<{ key: string }>(
          stack.databaseUrl,
          a.id,
          "select key from finance.idempotency_keys where key like 'age-%' order by key",
        )
      const pool = openPool(
        { url: stack.databaseUrl, connectionsMax: 1, applicationName: 'nikash-test-purge' },
        () => undefined,
      )
      try {
        await inTransaction(pool, a.id, async (client) => {
          for (const days of [6, 8, 30]) {
            await client.query(
              `insert into finance.idempotency_keys (tenant_id, key, fingerprint, status, response, created_at)
               values ($1, 'age-' || $2::text, '', 201, '{}', now() - make_interval(days => $2::int))`,
              [a.id, days],
            )
          }
        })
        expect(await keys()).toHaveLength(3)
        await inTransaction(pool, a.id, (client) => purgeAnswers(client, a.id))
        expect(await keys()).toEqual([{ key: 'age-6' }])
      } finally {
        await pool.end()
      }
    })

    it('binds its owner as well', async () => {
      expect(
        await rowsOf(stack.databaseOwnerUrl, undefined, 'select 1 from finance.event_store limit 1'),
      ).toEqual([])
    })

    it('opens nothing but the outbox, its events and tenants to the relay', async () => {
      const seen = async (table: string) =>
        (await rowsOf(stack.databaseUrl, '*' as string, `select 1 from finance.${table} limit 1`)).length
      expect([
        await seen('business_numbers'),
        await seen('allocations'),
        await seen('idempotency_keys'),
        await seen('counters'),
      ]).toEqual([0, 0, 0, 0])
      const types = await rowsOf<{ aggregate_type: string }>(
        stack.databaseUrl,
        '*',
        'select distinct aggregate_type from finance.aggregates',
      )
      expect(types).toEqual([{ aggregate_type: 'tenant' }])
    })

    it.each([
      [
        'another tenant',
        "insert into finance.counters values ('TENANT-B', 'invoice', 'x', 1)",
        /row-level security/,
      ],
      ['an event changed', "update finance.event_store set event_type = 'x'", /permission denied/],
      ['an event removed', 'delete from finance.event_store', /permission denied/],
      ['all events removed', 'truncate finance.event_store', /permission denied/],
      ['a state removed', 'delete from finance.aggregates', /permission denied/],
      ['a journal line changed', 'update finance.journal_lines set debit = 1', /permission denied/],
      ['a journal line removed', 'delete from finance.journal_lines', /permission denied/],
    ])('refuses the writer %s', async (_what, sql, error) => {
      await expect(rowsOf(stack.databaseUrl, a.id, sql.replace('TENANT-B', b.id))).rejects.toThrow(error)
    })

    it('refuses the owner a change of events', async () => {
      await expect(
        rowsOf(stack.databaseOwnerUrl, a.id, "update finance.event_store set event_type = 'x'"),
      ).rejects.toThrow(/append-only/)
      await expect(rowsOf(stack.databaseOwnerUrl, a.id, 'truncate finance.event_store')).rejects.toThrow(
        /append-only/,
      )
    })

    it('refuses a version that is there', async () => {
      const copy = `insert into finance.event_store (tenant_id, aggregate_type, aggregate_id, version, event_id, event_type,
      schema_version, event_data, metadata, occurred_at, recorded_at) select tenant_id, aggregate_type, aggregate_id, version,
      gen_random_uuid(), event_type, schema_version, event_data, metadata, occurred_at, recorded_at from finance.event_store limit 1`
      await expect(rowsOf(stack.databaseUrl, a.id, copy)).rejects.toThrow(/idx_event_aggregate/)
    })

    it('holds states and allocations that a replay of the events gives again', async () => {
      const tenant = await Tenant.open(service, 'replay')
      const ok = async (answer: ReturnType<Tenant['post']>) =>
        expect([201, 202]).toContain((await answer).status)
      await ok(tenant.invoice('100.00', { id: 'i1', invoiceDate: '2026-08-01' }))
      await ok(
        tenant.invoice('80.00', {
          id: 'i2',
          status: 'DRAFT',
          invoiceDate: '2026-08-05',
          lines: [{ unitPrice: '80.00', vatCode: 'standard' }],
        }),
      )
      await ok(tenant.post('/v1/invoices/i2/approve', { approvedDate: '2026-08-06' }))
      await ok(
        tenant.payment('150.00', {
          id: 'p1',
          paymentDate: '2026-08-10',
          allocations: [{ invoiceId: 'i1', amount: '40.00' }],
        }),
      )
      await ok(
        tenant.post('/v1/payments/p1/allocate', {
          allocationDate: '2026-08-12',
          allocations: [
            { invoiceId: 'i2', amount: '92.00' },
            { invoiceId: 'i1', amount: '10.00' },
          ],
        }),
      )
      await ok(tenant.post('/v1/invoices/i1/cancel', { cancelledDate: '2026-08-20' }))
      await ok(tenant.payment('5.00', { id: 'p2', paymentDate: '2026-08-11' }))
      await ok(tenant.post('/v1/payments/p2/fail', {}))
      await ok(tenant.post('/v1/payments/p1/reverse', { reversalDate: '2026-08-15' }))
      await ok(tenant.post('/v1/invoices/i2/due-date', { dueDate: '2026-12-31' }))
      await ok(
        tenant.post('/v1/expenses', { id: 'e', category: 'rent', netAmount: '9.00', status: 'APPROVED' }),
      )
      await ok(tenant.post('/v1/customers/c/update', { name: 'Rahim & Sons', nameBn: 'রহিম অ্যান্ড সন্স' }))

      const stored = await rowsOf<{
        type: AggregateType
        id: string
        event_type: string
        data: unknown
        metadata: Record<string, string>
      }>(
        stack.databaseUrl,
        tenant.id,
        'select aggregate_type as type, aggregate_id as id, event_type, event_data as data, metadata from finance.event_store order by position',
      )
      const replay = new Session(tenant.id, 0)
      replay.adoptCounters(
        ['invoice', 'payment', 'expense', 'mushak'].map((kind) => ({
          kind: kind as 'invoice',
          period: '2026-27',
          value: 0,
        })),
      )
      const known = new Set<string>()
      for (const { type, id, event_type, data, metadata } of stored) {
        if (!known.has(`${type} ${id}`)) replay.adoptAggregates([{ type, id }], [])
        known.add(`${type} ${id}`)
        replay.append(
          0,
          { type, id },
          [upcast({ type: event_type, schemaVersion: 1, data, metadata }, new Set(EVENT_TYPES))],
          '',
        )
      }
      const states = await rowsOf<{ type: AggregateType; id: string; version: string; state: unknown }>(
        stack.databaseUrl,
        tenant.id,
        'select aggregate_type as type, aggregate_id as id, version, state from finance.aggregates',
      )
      expect(states).toHaveLength(known.size)
      for (const { type, id, version, state } of states) {
        const again = replay.aggregate(type, id)
        expect([type, id, String(again?.version), again?.state]).toEqual([type, id, version, fromJson(state)])
      }
      const allocations = await rowsOf<Record<string, string>>(
        stack.databaseUrl,
        tenant.id,
        'select source_id, source_version, target_id, amount, from_day::text, to_day::text from finance.allocations order by 1, 2, 3',
      )
      const rebuilt = [...replay.changedAllocations.values()]
        .toSorted((x, y) => x.sourceVersion - y.sourceVersion || (x.targetId < y.targetId ? -1 : 1))
        .map((one) => [
          one.sourceId,
          String(one.sourceVersion),
          one.targetId,
          formatDecimal(one.amount, 4),
          formatDay(one.fromDay),
          one.toDay === null ? null : formatDay(one.toDay),
        ])
      expect(allocations.map((row) => Object.values(row))).toEqual(rebuilt)
      expect(rebuilt).toEqual([
        ['p1', '1', 'i1', '40.0000', '2026-08-10', '2026-08-15'],
        ['p1', '2', 'i1', '10.0000', '2026-08-12', '2026-08-15'],
        ['p1', '2', 'i2', '92.0000', '2026-08-12', '2026-08-15'],
      ])
    })
  },
)
