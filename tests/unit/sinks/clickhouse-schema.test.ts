import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { INTERNAL_TABLES, TENANT_TABLES, VIEWS } from '../../../sinks/clickhouse/contract.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate, statementsOf } from '../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import {
  allocated,
  approved,
  cancelled,
  created,
  credited,
  disputes,
  event,
  failed,
  money,
  noteAllocated,
  noteCancelled,
  received,
  registered,
  reversed,
  spent,
  unspent,
  writtenOff,
} from './support/events.ts'
import { quietLog } from './support/harness.ts'

let store: ChdbStore
beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
  const events = [
    registered(),
    event('CustomerCreated', 'c1', {
      customerNumber: 'C-1',
      name: 'Padma',
      nameBn: 'পদ্মা',
      currency: 'BDT',
      paymentTermsDays: 30,
      creditLimit: money('100'),
      email: null,
      phone: null,
      country: 'BD',
      aggregateVersion: 1,
    }),
    event('CustomerUpdated', 'c1', {
      customerNumber: 'C-1',
      name: "Padma 'Oil' Ltd",
      nameBn: null,
      currency: 'BDT',
      paymentTermsDays: null,
      creditLimit: null,
      email: 'a@b.c',
      phone: null,
      country: 'BD',
      aggregateVersion: 2,
    }),
    created('draft', { date: '2026-01-01', total: '10', status: 'DRAFT' }),
    created('open', { date: '2026-01-01', total: '10' }),
    created('part', { date: '2026-01-01', total: '10', status: 'DRAFT' }),
    approved('part', { date: '2026-01-02', total: '11', on: '2026-01-03' }),
    created('paid', { date: '2026-01-01', total: '10' }),
    created('void', { date: '2026-01-01', total: '10' }),
    cancelled('void', '2026-02-01'),
    created('bounced', { date: '2026-01-01', total: '10' }),
    received('p1', { date: '2026-01-05', amount: '14', to: { part: '4', paid: '6' } }),
    allocated('p1', '2026-01-07', { paid: '4' }),
    received('p2', { date: '2026-01-05', amount: '10', to: { bounced: '10' } }),
    failed('p2', '2026-01-06'),
    received('p3', { date: '2026-01-05', amount: '10', to: { bounced: '10' } }),
    reversed('p3', '2026-01-06'),
    spent('e1', '2026-01-09', '70'),
  ]
  const record = { topic: 'e', partition: 3, timestamp: 0, key: null, value: null, headers: {} }
  await store.insert({
    table: 'finance.event_log',
    rows: events.map((one, offset) => factRow(one, { ...record, offset }, 1)),
    token: 'all',
  })
})
afterAll(() => store.close())

describe('ClickHouse schema', () => {
  it('is the same after the migrations ran again', async () => {
    const names = () =>
      store.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = 'finance' ORDER BY name",
      )
    const before = await names()
    expect(await migrate(store, quietLog)).toEqual({
      applied: [],
      pending: ['003-access', '011b-alerts-access'],
    })
    expect(await names()).toEqual(before)
  })

  it('has exactly the tables and views of its contract', async () => {
    const rows = await store.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = 'finance'",
    )
    expect(rows.map((row) => row.name).sort()).toEqual(
      [...TENANT_TABLES, ...INTERNAL_TABLES, ...VIEWS].sort(),
    )
  })

  it('says something about every table and every column', async () => {
    const silent = await store.query(
      "SELECT table, name FROM system.columns WHERE database = 'finance' AND comment = '' UNION ALL SELECT name, '' FROM system.tables WHERE database = 'finance' AND comment = ''",
    )
    expect(silent).toEqual([])
  })

  it('keeps lines in Decimal(18, 4), sums in (38, 4), ratios in (38, 8): no amount is a float', async () => {
    const types = await store.query<{ type: string }>(
      "SELECT DISTINCT type FROM system.columns WHERE database = 'finance' AND (type LIKE '%Float%' OR type LIKE '%Decimal%') ORDER BY type",
    )
    expect(types.map((row) => row.type)).toEqual([
      'Array(Decimal(18, 4))',
      'Decimal(18, 4)',
      'Decimal(18, 8)',
      'Decimal(38, 4)',
      'Nullable(Decimal(18, 4))',
      'Nullable(Decimal(38, 4))',
      'Nullable(Decimal(38, 8))',
    ])
  })

  it('puts tenant_id first in the order of every table with rows of tenants, remembers tokens, and has lineage', async () => {
    for (const table of TENANT_TABLES) {
      const [row] = await store.query<{
        sorting_key: string
        create_table_query: string
        partition_key: string
      }>(
        `SELECT sorting_key, partition_key, create_table_query FROM system.tables WHERE database = 'finance' AND name = '${table}'`,
      )
      expect(row?.sorting_key).toMatch(/^tenant_id, /)
      expect(row?.partition_key).toBe('')
      expect(row?.create_table_query).toMatch(/non_replicated_deduplication_window = \d{4,}/)
      const columns = await store.query<{ name: string }>(
        `SELECT name FROM system.columns WHERE database = 'finance' AND table = '${table}' AND name IN ('_epoch', '_partition', '_offset', '_revision')`,
      )
      expect(columns.length).toBe(4)
    }
  })

  it('gives every view that analysts read a tenant_id', async () => {
    const rows = await store.query<{ table: string }>(
      "SELECT table FROM system.columns WHERE database = 'finance' AND name = 'tenant_id'",
    )
    const withTenant = rows.map((row) => row.table)
    expect(VIEWS.filter((view) => !withTenant.includes(view))).toEqual([])
  })

  it('reads migration files as statements, comments left out', () => {
    expect(statementsOf("-- a; b\nCREATE TABLE x (a Int8 COMMENT 'p; q');\n\n-- c\nDROP TABLE y;\n")).toEqual(
      ["CREATE TABLE x (a Int8 COMMENT 'p; q')", 'DROP TABLE y'],
    )
  })
})

describe('views of current state', () => {
  const rows = (sql: string) => store.query(sql)

  it('shows each invoice once with its status and what is paid', async () => {
    expect(
      await rows(
        'SELECT invoice_id, status, toString(paid_amount) AS paid, toString(open_amount) AS open FROM finance.fct_invoices ORDER BY invoice_id',
      ),
    ).toEqual([
      { invoice_id: 'bounced', status: 'APPROVED', paid: '0', open: '10' },
      { invoice_id: 'draft', status: 'DRAFT', paid: '0', open: '0' },
      { invoice_id: 'open', status: 'APPROVED', paid: '0', open: '10' },
      { invoice_id: 'paid', status: 'PAID', paid: '10', open: '0' },
      { invoice_id: 'part', status: 'PARTIALLY_PAID', paid: '4', open: '7' },
      { invoice_id: 'void', status: 'CANCELLED', paid: '0', open: '0' },
    ])
  })

  it('sums paid invoices by day and customer, under both names', async () => {
    for (const view of ['revenue_summary', 'revenue_summary_mv']) {
      expect(
        await rows(
          `SELECT invoice_count, toString(subtotal) AS subtotal, toString(total) AS total, toString(avg_invoice_value) AS average FROM finance.${view}`,
        ),
      ).toEqual([{ invoice_count: 1, subtotal: expect.any(String), total: '10', average: '10' }])
    }
    expect(
      await rows('SELECT count() AS n, sum(amount) > 0 AS some FROM finance.invoice_revenue_mv'),
    ).toEqual([{ n: 6, some: 1 }])
  })

  it('takes the newest document of an invoice, and says where the newest event is', async () => {
    expect(
      await rows(
        "SELECT toString(total) AS total, invoice_date, approved_on, cancelled_on, _partition, _offset FROM finance.fct_invoices WHERE invoice_id = 'part'",
      ),
    ).toEqual([
      {
        total: '11',
        invoice_date: '2026-01-02',
        approved_on: '2026-01-03',
        cancelled_on: null,
        _partition: 3,
        _offset: 11,
      },
    ])
  })

  it('shows each payment once with its status', async () => {
    expect(
      await rows(
        'SELECT payment_id, status, toString(allocated_amount) AS allocated, reversed_on, failed_on FROM finance.fct_payments ORDER BY payment_id',
      ),
    ).toEqual([
      { payment_id: 'p1', status: 'RECEIVED', allocated: '14', reversed_on: null, failed_on: null },
      { payment_id: 'p2', status: 'FAILED', allocated: '10', reversed_on: null, failed_on: '2026-01-06' },
      { payment_id: 'p3', status: 'REVERSED', allocated: '10', reversed_on: '2026-01-06', failed_on: null },
    ])
    expect(
      await rows(
        "SELECT invoice_id, allocated_on FROM finance.fct_payment_allocations WHERE payment_id = 'p1' ORDER BY allocated_on, invoice_id",
      ),
    ).toEqual([
      { invoice_id: 'paid', allocated_on: '2026-01-05' },
      { invoice_id: 'part', allocated_on: '2026-01-05' },
      { invoice_id: 'paid', allocated_on: '2026-01-07' },
    ])
  })

  it('shows customers with what their newest event says, cleared fields cleared', async () => {
    expect(
      await rows('SELECT name, name_bn, payment_terms_days, credit_limit, email FROM finance.dim_customers'),
    ).toEqual([
      { name: "Padma 'Oil' Ltd", name_bn: '', payment_terms_days: null, credit_limit: null, email: 'a@b.c' },
    ])
  })

  it("shows today's aging, open invoices and figures from the same facts", async () => {
    expect(
      await rows(
        'SELECT toString(sum(due_over_90)) AS due, toString(sum(unapplied)) AS credit, toString(sum(total)) AS total FROM finance.rpt_receivables_aging',
      ),
    ).toEqual([{ due: '27', credit: '0', total: '27' }])
    expect(
      await rows(
        'SELECT toString(sum(open_base)) AS open, min(days_past_due) > 90 AS late FROM finance.rpt_open_invoices',
      ),
    ).toEqual([{ open: '27', late: 1 }])
    expect(
      await rows(
        'SELECT toString(sum(receivables)) AS ar, toString(sum(expenses)) AS spent FROM finance.rpt_daily_figures',
      ),
    ).toEqual([{ ar: '27', spent: '70' }])
  })
})

describe('views of what settles an invoice', () => {
  const record = { topic: 'e', partition: 3, timestamp: 0, key: null, value: null, headers: {} }
  beforeAll(async () => {
    const events = [
      created('s1', { date: '2026-01-01', total: '100', sd: '10', disputed: true }),
      received('q1', { date: '2026-01-05', amount: '30', vds: '8', tds: '2', to: { s1: '40' } }),
      credited('n1', { date: '2026-01-06', total: '25', vat: '5', corrects: 's1', to: { s1: '20' } }),
      noteAllocated('n1', '2026-01-07', { s1: '5' }),
      writtenOff('s1', '2026-01-08', '35'),
      disputes('s1', false, '2026-01-09', 3),
      disputes('s1', true, '2026-01-03', 4),
      created('s2', { date: '2026-01-01', total: '50', parts: { '2026-02-28': '30', '2026-01-31': '20' } }),
      writtenOff('s2', '2026-01-08', '80'),
      received('q2', { date: '2026-01-05', amount: '45', to: { s2: '45' } }),
      created('s3', { date: '2026-01-01', total: '50' }),
      credited('n2', { date: '2026-01-06', total: '50', to: { s3: '50' } }),
      noteCancelled('n2', '2026-01-20'),
      spent('x1', '2026-01-09', '7'),
      unspent('x1', '2026-01-10'),
      unspent('x2', '2026-01-10'),
    ]
    const rows = events.map((one, offset) => {
      const row = factRow(one, { ...record, offset: 100 + offset }, 1)
      return { ...row, tenant_id: 'settled' }
    })
    await store.insert({ table: 'finance.event_log', rows, token: 'settled' })
  })
  const rows = (sql: string) => store.query(sql)

  it('says what paid, credited and gave up how much of an invoice, and calls it paid when nothing is open', async () => {
    expect(
      await rows(`SELECT invoice_id, status, toString(paid_amount) AS paid, toString(credited_amount) AS credited,
        toString(written_off_amount) AS lost, toString(open_amount) AS open, is_disputed, toString(sd_amount) AS sd
        FROM finance.fct_invoices WHERE tenant_id = 'settled' ORDER BY invoice_id`),
    ).toEqual([
      {
        invoice_id: 's1',
        status: 'PAID',
        paid: '40',
        credited: '25',
        lost: '35',
        open: '0',
        is_disputed: false,
        sd: '10',
      },
      // A write-off of more than is left takes what is left.
      {
        invoice_id: 's2',
        status: 'PAID',
        paid: '45',
        credited: '0',
        lost: '5',
        open: '0',
        is_disputed: false,
        sd: '0',
      },
      {
        invoice_id: 's3',
        status: 'APPROVED',
        paid: '0',
        credited: '0',
        lost: '0',
        open: '50',
        is_disputed: false,
        sd: '0',
      },
    ])
    expect(
      await rows(`SELECT instalment_due_dates AS days, arrayMap(x -> toString(x), instalment_amounts) AS parts
        FROM finance.fct_invoices WHERE tenant_id = 'settled' AND invoice_id = 's2'`),
    ).toEqual([{ days: ['2026-01-31', '2026-02-28'], parts: ['20', '30'] }])
  })

  it('shows each credit note once, with what it settles', async () => {
    expect(
      await rows(`SELECT credit_note_id, credit_note_number, invoice_id, status, toString(subtotal) AS net,
        toString(vat_amount) AS vat, toString(total) AS total, toString(allocated_amount) AS allocated, cancelled_on
        FROM finance.fct_credit_notes WHERE tenant_id = 'settled' ORDER BY credit_note_id`),
    ).toEqual([
      {
        credit_note_id: 'n1',
        credit_note_number: 'C-n1',
        invoice_id: 's1',
        status: 'ISSUED',
        net: '20',
        vat: '5',
        total: '25',
        allocated: '25',
        cancelled_on: null,
      },
      {
        credit_note_id: 'n2',
        credit_note_number: 'C-n2',
        invoice_id: '',
        status: 'CANCELLED',
        net: '50',
        vat: '0',
        total: '50',
        allocated: '50',
        cancelled_on: '2026-01-20',
      },
    ])
    expect(
      await rows(`SELECT credit_note_id, invoice_id, allocated_on, toString(amount) AS amount
        FROM finance.fct_credit_note_allocations WHERE tenant_id = 'settled' ORDER BY allocated_on, credit_note_id`),
    ).toEqual([
      { credit_note_id: 'n1', invoice_id: 's1', allocated_on: '2026-01-06', amount: '20' },
      { credit_note_id: 'n2', invoice_id: 's3', allocated_on: '2026-01-06', amount: '50' },
      { credit_note_id: 'n1', invoice_id: 's1', allocated_on: '2026-01-07', amount: '5' },
    ])
    expect(
      await rows(
        `SELECT payment_id FROM finance.fct_payment_allocations WHERE tenant_id = 'settled' ORDER BY payment_id`,
      ),
    ).toEqual([{ payment_id: 'q1' }, { payment_id: 'q2' }])
  })

  it('shows taxes withheld beside the money, and cancelled expenses that have a document', async () => {
    expect(
      await rows(`SELECT payment_id, toString(amount) AS amount, toString(vds_withheld) AS vds, toString(tds_withheld) AS tds
        FROM finance.fct_payments WHERE tenant_id = 'settled' ORDER BY payment_id`),
    ).toEqual([
      { payment_id: 'q1', amount: '30', vds: '8', tds: '2' },
      { payment_id: 'q2', amount: '45', vds: '0', tds: '0' },
    ])
    expect(
      await rows(
        `SELECT expense_id, status, approved_on, cancelled_on FROM finance.fct_expenses WHERE tenant_id = 'settled'`,
      ),
    ).toEqual([
      { expense_id: 'x1', status: 'CANCELLED', approved_on: '2026-01-09', cancelled_on: '2026-01-10' },
    ])
  })
})

describe('facts mapping', () => {
  const record = { topic: 'e', partition: 0, offset: 0, timestamp: 0, key: null, value: null, headers: {} }

  it('moves days and instants that a column cannot hold to its bounds and keeps them in the payload', async () => {
    const far = created('far', { date: '2026-01-01', total: '1' })
    const data = {
      ...far.data,
      dueDate: parseDay('9999-12-31'),
      occurredAt: Date.parse('0001-01-01T00:00:00Z'),
    }
    const row = factRow({ ...far, data }, record, 1)
    expect(row['due_date']).toBe('2299-12-31')
    expect(JSON.parse(String(row['payload']))).toMatchObject({ dueDate: '9999-12-31' })
    await expect(
      store.insert({ table: 'finance.event_log', rows: [row], token: 'far' }),
    ).resolves.toBeUndefined()
  })

  it('keeps the largest amounts and odd texts exactly', async () => {
    const big = created('big', { date: '2026-01-01', total: '99999999999999.9999', customer: 'Ünïcode-চন্দ্র' })
    const data = { ...big.data, reference: "quote ' backslash \\ newline \n tab \t null \0 end" }
    await store.insert({
      table: 'finance.event_log',
      rows: [factRow({ ...big, data }, record, 1)],
      token: 'big',
    })
    expect(
      await store.query(
        "SELECT toString(total) AS total, reference, customer_id FROM finance.fct_invoices WHERE invoice_id = 'big'",
      ),
    ).toEqual([{ total: '99999999999999.9999', reference: data.reference, customer_id: 'Ünïcode-চন্দ্র' }])
  })
})
