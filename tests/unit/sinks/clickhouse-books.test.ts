/** Purchases, stock, masters and targets in ClickHouse: every figure here is worked by hand from `EVENTS`. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { EVENT_TYPES } from '../../../schemas/generated/records.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { stockPlacesSql, stockSql } from '../../../sinks/clickhouse/contract.ts'
import { entityOf, factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import {
  billApproved,
  billCancelled,
  billDisputed,
  billed,
  billForgiven,
  billMoved,
  paidOut,
  paidOutAllocated,
  paidOutFailed,
  paidOutReversed,
  product,
  reconciled,
  stocked,
  targeted,
  vendor,
} from './support/book-events.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { event, money, received, registered, T } from './support/events.ts'
import {
  homeOf,
  makeBroker,
  openCodec,
  produceEvents,
  quietLog,
  type RunningSink,
  startSink,
  until,
} from './support/harness.ts'

const record = { topic: 'e', partition: 3, timestamp: 0, key: null, value: null, headers: {} }

const EVENTS = [
  registered(),
  billed('open', { on: '2026-01-05', total: '115', vds: '15', tds: '2.5' }),
  billed('draft', { on: '2026-01-05', total: '9', status: 'DRAFT', disputed: true }),
  billed('part', { on: '2026-01-05', total: '10', status: 'DRAFT' }),
  billApproved('part', { on: '2026-01-06', total: '100', approvedOn: '2026-01-07' }),
  billed('paid', { on: '2026-01-05', total: '50' }),
  billed('forgiven', { on: '2026-01-05', total: '50' }),
  billForgiven('forgiven', '20', '2026-03-01'),
  billed('void', { on: '2026-01-05', total: '50' }),
  billCancelled('void', '2026-02-01'),
  billed('moved', { on: '2026-01-05', total: '7', disputed: true }),
  billMoved('moved', '2026-06-30', '2026-01-20'),
  billDisputed('moved', false, '2026-01-21', 3),
  paidOut('v1', '2026-01-10', '120', { part: '40', paid: '30' }),
  paidOutAllocated('v1', '2026-01-12', { paid: '20' }),
  reconciled('v1', '2026-01-13', 3),
  paidOut('v2', '2026-01-10', '30', { forgiven: '30' }),
  paidOut('v3', '2026-01-10', '7', { moved: '7' }),
  paidOutReversed('v3', '2026-01-11'),
  paidOut('v4', '2026-01-10', '7', { moved: '7' }),
  paidOutFailed('v4', '2026-01-11'),
  // Money in: neither direction shows the other's payments.
  received('in', { date: '2026-01-10', amount: '5' }),
  reconciled('in', '2026-01-14'),

  product('rice', { reorderLevel: money('10'), nameBn: 'চাল', salePrice: money('65.5') }),
  product('oil', {}),
  product('advice', { kind: 'service', stocked: false }),
  stocked('rice', 'm1', { on: '2026-01-01', movement: 'RECEIPT', quantity: '10', value: '500', batch: 'b1' }),
  stocked('rice', 'm2', { on: '2026-01-03', movement: 'RECEIPT', quantity: '5', value: '275' }),
  stocked('rice', 'm3', { on: '2026-01-05', movement: 'ISSUE', quantity: '-6', value: '-310', batch: 'b1' }),
  stocked('rice', 'm4', {
    on: '2026-01-06',
    movement: 'TRANSFER',
    quantity: '4',
    value: '0',
    to: 'shop',
    batch: 'b1',
  }),
  stocked('lost', 'm5', { on: '2026-01-07', movement: 'RECEIPT', quantity: '1.5', value: '3' }),
  stocked('lost', 'm6', { on: '2026-01-08', movement: 'ADJUSTMENT', quantity: '-1.5', value: '-3' }),

  vendor('v1', { bankAccount: '0011', rating: 3, certificates: ['ISO 9001'], withholdsVat: true }),
  event('VendorUpdated', 'v1', {
    aggregateType: 'vendor',
    aggregateVersion: 2,
    vendorNumber: 'V-v1',
    name: "Meghna 'Paper'",
    tin: '123456789012',
    bankAccount: null,
    rating: null,
    certificates: [],
    active: false,
  }),
  targeted('t1', '1000', false, 1),
  targeted('t1', '1200', false, 2),
  targeted('t2', '5', true, 1),
  event('CustomerCreated', 'c9', {
    customerNumber: 'C-9',
    name: 'Nine',
    bin: '1234567890123',
    district: 'Dhaka',
    kycStatus: 'VERIFIED',
    loyaltyPoints: 7,
  }),
  event('FiscalYearClosed', 'ledger', {
    aggregateType: 'ledger',
    fiscalYear: '2024-25',
    from: parseDay('2024-07-01'),
    to: parseDay('2025-06-30'),
    netIncome: money('12.5'),
  }),
]

let store: ChdbStore
let sink: RunningSink | undefined
beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
  await store.insert({
    table: 'finance.event_log',
    rows: EVENTS.map((one, offset) => factRow(one, { ...record, offset }, 1)),
    token: 'all',
  })
})
afterEach(() => sink?.kill())
afterAll(() => store.close())

const rows = (sql: string, parameters: Record<string, unknown> = {}) =>
  store.query<Record<string, unknown>>(sql, parameters)

describe('bills', () => {
  it('stand once each with their status and what is open', async () => {
    expect(
      await rows(`SELECT bill_id AS id, status, toString(total) AS total, toString(payable_amount) AS payable,
  toString(paid_amount) AS paid, toString(written_off_amount) AS given_up, toString(open_amount) AS open
FROM finance.fct_bills ORDER BY id`),
    ).toEqual([
      { id: 'draft', status: 'DRAFT', total: '9', payable: '9', paid: '0', given_up: '0', open: '0' },
      {
        id: 'forgiven',
        status: 'WRITTEN_OFF',
        total: '50',
        payable: '50',
        paid: '30',
        given_up: '20',
        open: '0',
      },
      { id: 'moved', status: 'APPROVED', total: '7', payable: '7', paid: '0', given_up: '0', open: '7' },
      {
        id: 'open',
        status: 'APPROVED',
        total: '115',
        payable: '97.5',
        paid: '0',
        given_up: '0',
        open: '97.5',
      },
      { id: 'paid', status: 'PAID', total: '50', payable: '50', paid: '50', given_up: '0', open: '0' },
      {
        id: 'part',
        status: 'PARTIALLY_PAID',
        total: '100',
        payable: '100',
        paid: '40',
        given_up: '0',
        open: '60',
      },
      { id: 'void', status: 'CANCELLED', total: '50', payable: '50', paid: '0', given_up: '0', open: '0' },
    ])
  })

  it('take their newest document, due date and dispute', async () => {
    expect(
      await rows(
        `SELECT bill_id AS id, bill_date, due_date, is_disputed AS disputed, approved_on, cancelled_on, vendor_invoice_number AS theirs
FROM finance.fct_bills WHERE bill_id IN ('draft', 'moved', 'part', 'void') ORDER BY id`,
      ),
    ).toEqual([
      {
        id: 'draft',
        bill_date: '2026-01-05',
        due_date: '2026-02-04',
        disputed: true,
        approved_on: null,
        cancelled_on: null,
        theirs: 'V-draft',
      },
      expect.objectContaining({ id: 'moved', due_date: '2026-06-30', disputed: false }),
      expect.objectContaining({ id: 'part', bill_date: '2026-01-06', approved_on: '2026-01-07' }),
      expect.objectContaining({ id: 'void', cancelled_on: '2026-02-01' }),
    ])
  })
})

describe('payments to vendors', () => {
  it('stand once each with their status, apart from money that came in', async () => {
    expect(
      await rows(`SELECT payment_id AS id, status, toString(amount) AS amount, toString(allocated_amount) AS allocated,
  reversed_on, failed_on, reconciled_on FROM finance.fct_vendor_payments ORDER BY id`),
    ).toEqual([
      {
        id: 'v1',
        status: 'SENT',
        amount: '120',
        allocated: '90',
        reversed_on: null,
        failed_on: null,
        reconciled_on: '2026-01-13',
      },
      expect.objectContaining({ id: 'v2', status: 'SENT', reconciled_on: null }),
      expect.objectContaining({ id: 'v3', status: 'REVERSED', reversed_on: '2026-01-11' }),
      expect.objectContaining({ id: 'v4', status: 'FAILED', failed_on: '2026-01-11' }),
    ])
    expect(
      await rows('SELECT payment_id AS id, status, reconciled_on FROM finance.fct_payments ORDER BY id'),
    ).toEqual([{ id: 'in', status: 'RECEIVED', reconciled_on: '2026-01-14' }])
    expect(
      await rows(
        "SELECT bill_id AS id, allocated_on AS day, toString(amount) AS amount FROM finance.fct_vendor_payment_allocations WHERE payment_id = 'v1' ORDER BY day, id",
      ),
    ).toEqual([
      { id: 'paid', day: '2026-01-10', amount: '30' },
      { id: 'part', day: '2026-01-10', amount: '40' },
      { id: 'paid', day: '2026-01-12', amount: '20' },
    ])
  })

  it('share the versions of their aggregate with a reconciliation, which does not say the direction', async () => {
    const codec = await openCodec()
    const broker = makeBroker()
    await store.command("INSERT INTO finance.topic_epochs VALUES ('other', 'x', 1)")
    sink = await startSink(broker, store, codec)
    const home = homeOf('vp')
    const of = <E extends { data: object }>(one: E): E => ({ ...one, data: { ...one.data, tenantId: 'vp' } })
    const events = [of(paidOut('s1', '2026-01-10', '7')), of(reconciled('s1', '2026-01-11', 2))]
    const done = (offset: number) =>
      until(`offset ${offset}`, () => {
        const { offset: at, metadata } = broker.committed('nikash-sink-facts', TOPICS.events, home)
        return at >= offset && metadata === ''
      })
    produceEvents(broker, codec, events)
    await done(2)
    // Each in a chunk of its own: both are known, and so is that the second version is taken.
    const again = [...events, of(paidOutReversed('s1', '2026-01-12', 2))]
    for (const [i, one] of again.entries()) {
      produceEvents(broker, codec, [one])
      await done(3 + i)
    }
    expect(
      await rows("SELECT event_type FROM finance.fct_events WHERE tenant_id = 'vp' ORDER BY _offset"),
    ).toEqual([{ event_type: 'VendorPaymentSent' }, { event_type: 'PaymentReconciled' }])
  })
})

describe('stock', () => {
  it('of a day is the sum of the movements up to it; a transfer moves no value', async () => {
    const onDay = async (asOf: string) =>
      (await rows(`${stockSql} ORDER BY product_id`, { tenant: T, asOf })).map((row) =>
        ['product_id', 'quantity', 'value', 'unit_cost', 'last_moved_on'].map((name) => row[name]),
      )
    expect(await onDay('2025-12-31')).toEqual([
      ['oil', '0', '0', null, null],
      ['rice', '0', '0', null, null],
    ])
    expect(await onDay('2026-01-04')).toEqual([
      ['oil', '0', '0', null, null],
      ['rice', '15', '775', '51.6666', '2026-01-03'],
    ])
    // A product without a master is there once it moved, also when it is all gone; a service never is.
    expect(await onDay('2026-01-31')).toEqual([
      ['lost', '0', '0', null, '2026-01-08'],
      ['oil', '0', '0', null, null],
      ['rice', '9', '465', '51.6666', '2026-01-06'],
    ])
  })

  it('of today is what the view says, with what is to be ordered again', async () => {
    expect(
      await rows(
        `SELECT product_id AS id, sku, category, toString(quantity) AS quantity, toString(reorder_level) AS level,
  is_below_reorder AS below FROM finance.rpt_stock_on_hand ORDER BY id`,
      ),
    ).toEqual([
      { id: 'lost', sku: 'SKU-lost', category: '', quantity: '0', level: null, below: false },
      { id: 'oil', sku: 'SKU-oil', category: 'Rice', quantity: '0', level: null, below: false },
      { id: 'rice', sku: 'SKU-rice', category: 'Rice', quantity: '9', level: '10', below: true },
    ])
  })

  it('lies in warehouses by batch', async () => {
    const places = await rows(stockPlacesSql, { tenant: T, asOf: '2026-01-31', ids: ['rice', 'lost'] })
    expect(places).toEqual([
      { product_id: 'rice', warehouse: 'main', batch: '', quantity: '5' },
      { product_id: 'rice', warehouse: 'shop', batch: 'b1', quantity: '4' },
    ])
    expect(
      await rows(
        `SELECT warehouse, batch, toString(quantity) AS units FROM finance.rpt_stock_by_warehouse
WHERE product_id = 'rice' AND quantity != 0 ORDER BY warehouse, batch`,
      ),
    ).toEqual([
      { warehouse: 'main', batch: '', units: '5' },
      { warehouse: 'shop', batch: 'b1', units: '4' },
    ])
  })

  it('has every movement as it was', async () => {
    expect(
      await rows(
        "SELECT movement_id AS id, product_id AS product, movement, toString(quantity) AS quantity, toString(value) AS value, to_warehouse AS dest FROM finance.fct_stock_movements WHERE product_id = 'rice' ORDER BY id",
      ),
    ).toEqual([
      { id: 'm1', product: 'rice', movement: 'RECEIPT', quantity: '10', value: '500', dest: '' },
      { id: 'm2', product: 'rice', movement: 'RECEIPT', quantity: '5', value: '275', dest: '' },
      { id: 'm3', product: 'rice', movement: 'ISSUE', quantity: '-6', value: '-310', dest: '' },
      { id: 'm4', product: 'rice', movement: 'TRANSFER', quantity: '4', value: '0', dest: 'shop' },
    ])
  })
})

describe('masters and targets', () => {
  it('stand as their newest event says, cleared fields cleared', async () => {
    expect(
      await rows(
        'SELECT name, bank_account, rating, certificates, withholds_vat, is_active AS active FROM finance.dim_vendors',
      ),
    ).toEqual([
      {
        name: "Meghna 'Paper'",
        bank_account: '',
        rating: null,
        certificates: [],
        withholds_vat: false,
        active: false,
      },
    ])
    expect(
      await rows(
        "SELECT sku, name_bn, toString(sale_price) AS price, kind, is_stocked AS stocked FROM finance.dim_products WHERE product_id != 'oil' ORDER BY sku",
      ),
    ).toEqual([
      { sku: 'SKU-advice', name_bn: '', price: null, kind: 'service', stocked: false },
      { sku: 'SKU-rice', name_bn: 'চাল', price: '65.5', kind: 'goods', stocked: true },
    ])
    expect(
      await rows(
        'SELECT bin, district, kyc_status, loyalty_points AS points, is_active AS active, segment FROM finance.dim_customers',
      ),
    ).toEqual([
      {
        bin: '1234567890123',
        district: 'Dhaka',
        kyc_status: 'VERIFIED',
        points: 7,
        active: true,
        segment: '',
      },
    ])
    expect(
      await rows(
        'SELECT target_id AS id, measure, slice, from_date, to_date, toString(amount) AS amount, unit, is_withdrawn AS gone FROM finance.fct_targets ORDER BY id',
      ),
    ).toEqual([
      {
        id: 't1',
        measure: 'netRevenue',
        slice: 'category:Rice',
        from_date: '2026-07-01',
        to_date: '2027-06-30',
        amount: '1200',
        unit: 'currency',
        gone: false,
      },
      expect.objectContaining({ id: 't2', amount: '5', gone: true }),
    ])
  })
})

describe('docs/analysts.md', () => {
  it('shows SQL that the engine takes, over every kind of view', async () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/analysts.md'), 'utf8')
    const queries = [...page.matchAll(/--data-binary "([^"]+)"/g)].map(([, sql = '']) => sql)
    expect(queries.length).toBeGreaterThanOrEqual(10)
    await store.command('USE finance')
    for (const sql of queries) {
      const asked = rows(sql.replace(/ FORMAT TSV$/, ''))
      await expect(asked.then(() => sql)).resolves.toBe(sql)
    }
  })
})

describe('the mapping', () => {
  it('gives arrays that are read as pairs one length in every row', async () => {
    const broken = await rows(`SELECT event_type FROM finance.event_log
WHERE length(allocation_invoice_ids) != length(allocation_amounts)
  OR length(allocation_bill_ids) != length(allocation_bill_amounts)`)
    expect(broken).toEqual([])
    const [counted] = await rows(
      'SELECT count() AS n FROM finance.event_log WHERE notEmpty(allocation_bill_amounts)',
    )
    expect(counted).toEqual({ n: 5 })
  })

  it('writes only columns that the table has', async () => {
    const columns = new Set(
      (await rows("SELECT name FROM system.columns WHERE database = 'finance' AND table = 'event_log'")).map(
        (row) => row['name'],
      ),
    )
    for (const one of EVENTS) {
      const own = Object.keys(factRow(one, { ...record, offset: 0 }, 1))
      expect([one.type, own.filter((name) => !columns.has(name))]).toEqual([one.type, []])
    }
  })

  it('has every event that says something of a tenant', () => {
    const none = EVENT_TYPES.filter((type) => entityOf(type) === null)
    const forEverybody = [
      'FxRateSet',
      'TaxRateSet',
      'TenantProcessingStopped',
      'TenantRebuildRequested',
      'Tick',
    ]
    expect(none.filter((type) => !forEverybody.includes(type))).toEqual([])
  })
})
