/** 007 on a database of before: masters say the same, out of payloads as the code of then wrote them; and it stops where one has none. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { migrate, statementsOf } from '../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { quietLog } from './support/harness.ts'

const BEFORE = ['001-event-log', '002-history', '004-corrections', '005-receivables', '006-books']
const FOLDER = new URL('../../../sinks/clickhouse/migrations/', import.meta.url)

let store: ChdbStore
beforeEach(async () => {
  store = openChdb()
  await store.command('CREATE DATABASE IF NOT EXISTS finance')
  await store.command(
    "CREATE TABLE finance.schema_migrations (name String, applied_at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY name",
  )
  for (const name of BEFORE) {
    const text = readFileSync(new URL(`${name}.sql`, FOLDER), 'utf8')
    for (const statement of statementsOf(text)) await store.command(statement)
    await store.command(`INSERT INTO finance.schema_migrations VALUES ('${name}', 0)`)
  }
})
afterEach(() => store.close())

let offset = 0
const row = (entity: string, id: string, type: string, columns: object, payload: object | '') => ({
  tenant_id: 'acme',
  event_id: `e${offset}`,
  event_type: type,
  entity,
  aggregate_id: id,
  payload: payload === '' ? '' : JSON.stringify({ tenantId: 'acme', ...payload }),
  ...columns,
  _epoch: 1,
  _partition: 0,
  _offset: offset++,
})
const put = (rows: object[]) =>
  store.insert({ table: 'finance.event_log', rows: rows as never, token: String(offset) })
const columnsOf = async () =>
  (
    await store.query<{ name: string }>(
      "SELECT name FROM system.columns WHERE database = 'finance' AND table = 'event_log'",
    )
  ).map(({ name }) => name)

describe('007, masters out of their payloads', () => {
  it('says what the columns said, with the defaults of fields that old events lack', async () => {
    await put([
      // As before customers had addresses and checks of identity.
      row(
        'customer',
        'c1',
        'CustomerCreated',
        { name: 'Padma', name_bn: 'পদ্মা', payment_terms_days: 30, credit_limit: '12345678901234.5678' },
        {
          name: 'Padma',
          nameBn: 'পদ্মা',
          paymentTermsDays: 30,
          creditLimit: '12345678901234.5678',
          email: null,
        },
      ),
      row(
        'vendor',
        'v1',
        'VendorCreated',
        { tin: '1', rating: 4, certificates: ['ISO "9001"'], withholds_vat: true },
        { tin: '1', rating: 4, certificates: ['ISO "9001"'], withholdsVat: true, bankName: null },
      ),
      row(
        'product',
        'p1',
        'ProductCreated',
        { sale_price: '0.0001', vat_code: 'zero' },
        { salePrice: '0.0001', vatCode: 'zero' },
      ),
      row(
        'account',
        'a1',
        'AccountCreated',
        { cash_flow: 'CASH', control: 'customers', account_class: 'ASSET' },
        { cashFlow: 'CASH', control: 'customers' },
      ),
      row('account', 'a1', 'AccountDeactivated', { is_active: false }, { reason: 'old' }),
      row(
        'target',
        't1',
        'TargetSet',
        { measure: 'dso', slice: 'x', is_withdrawn: true },
        { measure: 'dso', slice: 'x', withdrawn: true },
      ),
      row('tenant', 'acme', 'TenantRegistered', { fiscal_year_start: '07-01' }, { fiscalYearStart: '07-01' }),
    ])
    await migrate(store, quietLog)
    const one = async (columns: string, view: string) =>
      (await store.query(`SELECT ${columns} FROM finance.${view}`))[0]
    expect(
      await one(
        'name, name_bn, payment_terms_days, toString(credit_limit) AS most, email, kyc_status, toString(loyalty_points) AS points, is_active',
        'dim_customers',
      ),
    ).toEqual({
      name: 'Padma',
      name_bn: 'পদ্মা',
      payment_terms_days: 30,
      most: '12345678901234.5678',
      email: '',
      kyc_status: 'UNKNOWN',
      points: '0',
      is_active: true,
    })
    expect(
      await one('tin, rating, certificates, withholds_vat, withholds_tax, bank_name', 'dim_vendors'),
    ).toEqual({
      tin: '1',
      rating: 4,
      certificates: ['ISO "9001"'],
      withholds_vat: true,
      withholds_tax: false,
      bank_name: '',
    })
    expect(await one('toString(sale_price) AS price, vat_code', 'dim_products')).toEqual({
      price: '0.0001',
      vat_code: 'zero',
    })
    expect(await one('cash_flow, control, account_type, is_active', 'dim_accounts')).toEqual({
      cash_flow: 'CASH',
      control: 'customers',
      account_type: 'ASSET',
      is_active: false,
    })
    expect(await one('measure, slice, is_withdrawn', 'fct_targets')).toEqual({
      measure: 'dso',
      slice: 'x',
      is_withdrawn: true,
    })
    expect(await one('fiscal_year_start', 'dim_tenants')).toEqual({ fiscal_year_start: '07-01' })
    const columns = await columnsOf()
    for (const gone of ['email', 'bank_account', 'measure']) expect(columns).not.toContain(gone)
  })

  it('stops before a master that has no payload, and nothing is lost', async () => {
    await put([row('customer', 'c1', 'CustomerCreated', { email: 'a@b.c' }, '')])
    await expect(migrate(store, quietLog)).rejects.toThrow(/masters without a payload/)
    expect(await columnsOf()).toContain('email')
  })
})
