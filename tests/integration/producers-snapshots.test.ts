/** States are snapshots of streams: loading one costs the same whatever its length, and one of older code is folded anew. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { openPool } from '../../producers/event-store/database.ts'
import { readShared } from '../../producers/event-store/store.ts'
import { describeStack } from '../support/stack.ts'
import { prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

describeStack('snapshots of aggregates', ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'], (stack) => {
  let service: Service
  let tenant: Tenant
  beforeAll(async () => {
    await prepareStore(stack)
    service = await Service.open(stack)
    tenant = await Tenant.open(service, 'snapshots')
  })
  afterAll(() => service.close())

  const owner = async (sql: string): Promise<void> => {
    const client = new pg.Client(stack.databaseOwnerUrl)
    await client.connect()
    try {
      await client.query(`begin; set local app.current_tenant = '${tenant.id}'`)
      await client.query(sql)
      await client.query('commit')
    } finally {
      await client.end()
    }
  }
  const stateOf = async (id: string) =>
    (
      await rowsOf<{ version: string; state: Record<string, unknown>; state_version: number }>(
        stack.databaseUrl,
        tenant.id,
        'select version, state, state_version from finance.aggregates where aggregate_id = $1',
        [id],
      )
    )[0]

  it('folds a state of older code anew from its events, with what a replay gives, and stores it with the next one', async () => {
    await tenant.invoice('80.00', { id: 'old', status: 'DRAFT', invoiceDate: '2026-08-05' })
    const approved = await tenant.post('/v1/invoices/old/approve', { approvedDate: '2026-08-06' })
    expect(approved.status).toBe(202)
    const before = await stateOf('old')
    await owner(
      `update finance.aggregates set state_version = 0, state = '{"status":"DRAFT","of":"older code"}' where aggregate_id = 'old'`,
    )
    // A draft could not be moved like this; what the events say can.
    expect((await tenant.post('/v1/invoices/old/approve', {})).body.code).toBe('invoice_not_draft')
    expect((await tenant.post('/v1/invoices/old/due-date', { dueDate: '2026-12-31' })).status).toBe(202)
    const after = await stateOf('old')
    expect(after?.state_version).toBe(before?.state_version)
    expect(after?.state).toEqual({ ...before?.state, dueDate: 20_818 })
  })

  it('loads an aggregate of 10,002 events as it loads one of two: the same rows, no event read', async () => {
    await tenant.post('/v1/customers', { id: 'long', name: 'Customer 0' })
    for (let batch = 0; batch < 20; batch++) {
      const items = Array.from({ length: 500 }, (_, i) => ({
        type: 'customer.update',
        id: 'long',
        key: `long-${batch}-${i}`,
        body: { name: `Customer ${batch * 500 + i + 1}` },
      }))
      const answer = await tenant.post('/v1/import-batches', { importId: 'long', items })
      expect(answer.status).toBe(200)
    }
    expect((await tenant.post('/v1/customers/long/update', { name: 'The last' })).body.version).toBe(10_002)
    const pool = openPool({ url: stack.databaseUrl, connectionsMax: 1, applicationName: 'test' }, () => {})
    const client = await pool.connect()
    try {
      await client.query(`begin; set local app.current_tenant = '${tenant.id}'`)
      const asked: string[] = []
      const counting = {
        query: async (config: pg.QueryConfig) => {
          asked.push(config.text)
          return client.query(config)
        },
      } as unknown as pg.PoolClient
      const load = async (id: string) => {
        asked.length = 0
        const { aggregates } = await readShared(counting, tenant.id, {
          aggregates: [{ type: 'customer', id }],
          numbers: [],
          keys: [],
        })
        return { aggregates, asked: [...asked] }
      }
      const [long, short] = [await load('long'), await load('c')]
      expect(long.aggregates[0]).toMatchObject({ version: 10_002, state: { name: 'The last' } })
      expect(long.asked).toEqual(short.asked)
      expect(long.asked.join('')).not.toContain('event_store')
    } finally {
      await client.query('rollback')
      client.release()
      await pool.end()
    }
  }, 60_000)
})
