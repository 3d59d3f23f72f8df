/** The tables and views as strangers meet them: over HTTP, by the writer and by an analyst of one tenant. */
import { createHmac } from 'node:crypto'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { openStore, type Store } from '../../sinks/clickhouse/client.ts'
import {
  INTERNAL_TABLES,
  type OpenItemRow,
  openItemsSql,
  TENANT_TABLES,
  VIEWS,
} from '../../sinks/clickhouse/contract.ts'
import { factRow } from '../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../sinks/clickhouse/migrate.ts'
import { freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'
import { alertRule } from '../unit/domain/alert-events.ts'
import {
  account,
  billed,
  paidOut,
  posted,
  product,
  stocked,
  targeted,
  vendor,
} from '../unit/sinks/support/book-events.ts'
import { created, credited, received, registered, spent } from '../unit/sinks/support/events.ts'
import { quietLog } from '../unit/sinks/support/harness.ts'

describeStack(
  'ClickHouse tables over HTTP',
  ['clickhouseUrl', 'clickhouseUser', 'clickhousePassword', 'clickhouseAnalystSecret'],
  (stack) => {
    const tenants = [freshTenant('chone'), freshTenant('chtwo')] as const
    const canary = (tenant: string) => `canary-of-${tenant}`
    let store: Store

    const rowsOf = (tenant: string) => {
      const events: FinanceEvent[] = [
        registered({ name: canary(tenant) }),
        created('i1', { date: '2026-01-10', total: '100', customer: canary(tenant) }),
        received('p1', { date: '2026-01-20', amount: '30', to: { i1: '20' }, customer: canary(tenant) }),
        spent('e1', '2026-01-21', '5'),
        credited('n1', { date: '2026-01-22', total: '10', to: { i1: '5' }, customer: canary(tenant) }),
        account('1000'),
        posted('j1', { on: '2026-01-10', sides: { '1000': '100', '3000': '-100' }, party: canary(tenant) }),
        billed('b1', { on: '2026-01-10', total: '50' }),
        paidOut('v1', '2026-01-11', '50', { b1: '20' }),
        vendor('v1', { name: canary(tenant) }),
        product('x', { name: canary(tenant) }),
        stocked('x', 'm1', { on: '2026-01-10', movement: 'RECEIPT', quantity: '2', value: '10' }),
        targeted('t1', '7', false, 1),
        alertRule('slow-payers', { measure: 'dso', threshold: '60' }),
      ]
      const record = { topic: 'e', partition: 0, timestamp: 0, key: null, value: null, headers: {} }
      return events.map((event, offset) => ({
        ...factRow(event, { ...record, offset }, 1),
        tenant_id: tenant,
        description: canary(tenant),
      }))
    }

    beforeAll(async () => {
      store = openStore({
        url: stack.clickhouseUrl,
        username: stack.clickhouseUser,
        password: stack.clickhousePassword,
      })
      await migrate(store, quietLog)
      for (const tenant of tenants) {
        await store.insert({ table: 'finance.event_log', rows: rowsOf(tenant), token: `test:${tenant}` })
      }
    })
    afterAll(() => store.close())

    it('has nothing left to migrate', async () => {
      expect((await migrate(store, quietLog)).applied).toEqual([])
    })

    it('does not write a block again whose token it has seen', async () => {
      const [tenant] = tenants
      await store.insert({ table: 'finance.event_log', rows: rowsOf(tenant), token: `test:${tenant}` })
      const counted = await store.query(
        'SELECT count() AS n FROM finance.event_log WHERE tenant_id = {tenant:String}',
        { tenant },
      )
      expect(counted).toEqual([{ n: rowsOf(tenant).length }])
    })

    it('answers the as-of query with parameters', async () => {
      const items = await store.query<OpenItemRow>(openItemsSql, { tenant: tenants[0], asOf: '2026-01-20' })
      expect(items).toMatchObject([
        { invoice_id: 'i1', open_amount: '80', open_base: '80', due_date: '2026-01-10' },
      ])
    })

    it('gives an analyst every view, with rows of the own tenant and not a byte of another', async () => {
      const [own, other] = tenants
      const user = `analyst_${own}`
      const analyst = createClient({
        url: stack.clickhouseUrl,
        username: user,
        password: createHmac('sha256', stack.clickhouseAnalystSecret).update(user).digest('hex'),
        database: 'finance',
      })
      try {
        for (const name of [...VIEWS, ...TENANT_TABLES]) {
          const text = await (
            await analyst.query({ query: `SELECT * FROM ${name}`, format: 'JSONEachRow' })
          ).text()
          expect({ name, leak: text.includes(canary(other)) || text.includes(other) }).toEqual({
            name,
            leak: false,
          })
          const foreign = {
            query: `SELECT count() AS n FROM ${name} WHERE tenant_id != '${own}'`,
            format: 'JSONEachRow',
          } as const
          expect(await (await analyst.query(foreign)).json()).toEqual([{ n: expect.anything() }])
          const [counted] = await (await analyst.query(foreign)).json<{ n: string | number }>()
          expect({ name, foreign: Number(counted?.n) }).toEqual({ name, foreign: 0 })
        }
        // Every view of things that the tenant has shows them.
        for (const name of VIEWS.filter((view) => /^(fct|dim|rpt|account)_/.test(view))) {
          const [counted] = await (
            await analyst.query({ query: `SELECT count() AS n FROM ${name}`, format: 'JSONEachRow' })
          ).json<{ n: string | number }>()
          const customers = name === 'dim_customers'
          expect({ name, some: Number(counted?.n) > 0 }).toEqual({ name, some: !customers })
        }
        const mine = await (
          await analyst.query({ query: 'SELECT * FROM fct_invoices', format: 'JSONEachRow' })
        ).text()
        expect(mine).toContain(canary(own))
      } finally {
        await analyst.close()
      }
    }, 60_000)

    it('keeps its own tables from analysts', async () => {
      const rows = await store.query<{ table: string }>(
        "SELECT DISTINCT table FROM system.columns WHERE database = 'finance' AND name = 'tenant_id'",
      )
      expect(
        rows
          .map((row) => row.table)
          .filter((table) => (INTERNAL_TABLES as readonly string[]).includes(table)),
      ).toEqual([])
    })
  },
)
