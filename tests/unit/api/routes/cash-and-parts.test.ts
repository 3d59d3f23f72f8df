/** The outlook on cash, breakdowns and the dashboard over ClickHouse's engine: documents worked by hand. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { EventRecords, FinanceEvent } from '../../../../schemas/generated/records.ts'
import { parseDecimal, RATE_SCALE } from '../../../../schemas/values/amount.ts'
import {
  billed,
  billCancelled,
  billForgiven,
  billMoved,
  paidOut,
  product,
} from '../../sinks/support/book-events.ts'
import { chartEvents, entryEvent } from '../../sinks/support/chart-events.ts'
import {
  cancelled,
  created,
  credited,
  type InvoiceFields,
  money,
  received,
  registered,
  spent,
  T,
  unspent,
  writtenOff,
} from '../../sinks/support/events.ts'
import { type Body, type ChdbApi, openChdbApi } from '../support/chdb-api.ts'

// The engine works in this process, and the machine may be busy.
jest.setTimeout(60_000)

const CUT = 'cut'
const of = (one: FinanceEvent): FinanceEvent =>
  ({ ...one, data: { ...one.data, tenantId: CUT } }) as FinanceEvent

const settled = (id: string, customer: string, due: string, paid: string): FinanceEvent[] => [
  created(id, { date: '2026-01-01', due, total: '10', customer }),
  received(`p-${id}`, { date: paid, amount: '10', customer, to: { [id]: '10' } }),
]

/** As of 2026-03-01; the ledger has cash alone. */
const OUTLOOK: FinanceEvent[] = [
  registered(),
  ...chartEvents(),
  entryEvent({ id: 'cash', on: '2026-01-01', kind: 'OPENING', sides: { '1110': '1000', '3100': '-1000' } }),
  // c1: 5, 10 and 0 days late; c3: 2 days early and 4 late.
  ...settled('s1', 'c1', '2026-01-10', '2026-01-15'),
  ...settled('s2', 'c1', '2026-01-20', '2026-01-30'),
  ...settled('s3', 'c1', '2026-02-01', '2026-02-01'),
  ...settled('s4', 'c3', '2026-01-20', '2026-01-18'),
  ...settled('s5', 'c3', '2026-01-10', '2026-01-14'),
  // Given up, and cancelled: nobody paid late.
  created('s6', { date: '2026-01-01', total: '10', customer: 'c1' }),
  writtenOff('s6', '2026-02-20', '10'),
  // Paid in part, late, and in dispute: not settled, and not expected.
  created('s8', { date: '2026-01-01', due: '2026-01-10', total: '10', customer: 'c1', disputed: true }),
  received('p-s8', { date: '2026-02-20', amount: '4', customer: 'c1', to: { s8: '4' } }),
  created('s7', { date: '2026-01-01', total: '10', customer: 'c1' }),
  cancelled('s7', '2026-02-20'),
  created('i1', { date: '2026-02-10', due: '2026-03-10', total: '500', customer: 'c1' }),
  created('i2', { date: '2026-02-10', due: '2026-03-01', total: '300', customer: 'c2' }),
  created('i3', { date: '2026-01-05', due: '2026-02-01', total: '200', customer: 'c3' }),
  created('i4', { date: '2026-01-05', due: '2026-03-05', total: '100', customer: 'c3', disputed: true }),
  created('i5', {
    date: '2026-02-01',
    total: '60',
    customer: 'c9',
    parts: { '2026-03-20': '40', '2026-08-01': '20' },
  }),
  received('left', { date: '2026-02-20', amount: '50', customer: 'c1' }),
  billed('b1', { on: '2026-02-05', total: '2115', vds: '15' }),
  billForgiven('b1', '300', '2026-02-20'),
  billed('b2', { on: '2026-01-10', total: '100' }),
  billed('b3', { on: '2026-02-10', total: '77' }),
  billCancelled('b3', '2026-02-25'),
  billed('b4', { on: '2026-02-10', total: '8' }),
  billMoved('b4', '2026-04-20', '2026-02-26'),
  billed('b5', { on: '2026-02-10', total: '8', status: 'DRAFT' }),
  paidOut('out', '2026-02-12', '40'),
]

type Sale = readonly [product: string | null, net: string]
const sold = (id: string, lines: readonly Sale[], fields: InvoiceFields & { readonly category?: string }) => {
  const one = created(id, fields)
  const line = (productId: string | null, net: string): EventRecords['InvoiceCreated']['lines'][number] => ({
    description: '',
    quantity: money('1'),
    unitPrice: money(net),
    netAmount: money(net),
    vatCode: 'none',
    vatRate: 0n,
    vatAmount: 0n,
    discount: 0n,
    sdRate: 0n,
    sdAmount: 0n,
    vatPerUnit: 0n,
    productId,
    unit: '',
    accountId: null,
  })
  return of({
    ...one,
    data: { ...one.data, category: fields.category ?? 'sales', lines: lines.map(([p, net]) => line(p, net)) },
  })
}

const rate = (text: string) => parseDecimal(text, RATE_SCALE)
const spentOn = (id: string, net: string, more: Partial<EventRecords['ExpenseApproved']>) => {
  const one = spent(id, '2026-02-10', net)
  return of({ ...one, data: { ...one.data, ...more } })
}

/** Window 30d as of 2026-03-01: from 2026-01-31. */
const PARTS: FinanceEvent[] = [
  of(registered()),
  of(product('rice')),
  of(product('oil')),
  sold(
    'a',
    [
      ['rice', '100'],
      ['oil', '50.5'],
      ['rice', '20'],
    ],
    { date: '2026-02-01', total: '170.5', customer: 'x' },
  ),
  // Three lines of 0.33 at 1.5: 0.495, 0.99, 1.485 up to each: 0.50, 0.49 and 0.50 of 1.49 rounded as a whole.
  sold(
    'f',
    [
      ['rice', '0.33'],
      ['oil', '0.33'],
      [null, '0.33'],
    ],
    {
      date: '2026-02-02',
      total: '0.99',
      customer: 'y',
      currency: 'USD',
      rate: rate('1.5'),
      category: 'export',
    },
  ),
  // Without lines.
  sold('bare', [], { date: '2026-02-03', total: '30', customer: 'z', category: '' }),
  sold('old', [['rice', '1000']], { date: '2026-01-30', total: '1000', customer: 'x' }),
  // Before the window, cancelled inside of it.
  sold('void', [['oil', '7']], { date: '2026-01-15', total: '7', customer: 'y' }),
  of(cancelled('void', '2026-02-04')),
  of(credited('n', { date: '2026-02-06', total: '5', customer: 'x' })),
  of(received('paid', { date: '2026-02-07', amount: '165.5', customer: 'x', to: { a: '165.5' } })),
  of(received('rest', { date: '2026-02-07', amount: '5', customer: 'x', to: { a: '5' } })),
  spentOn('e1', '40', { category: 'rent', department: 'HQ', vendorId: 'v1', vendorName: 'Vendor 1' }),
  spentOn('e2', '2.5', { category: 'tea', department: 'HQ' }),
  spentOn('e3', '9', { category: 'rent', vendorId: 'v2', vendorName: 'Vendor 2' }),
  spentOn('e4', '1', { category: 'tea' }),
  of(unspent('e4', '2026-02-11')),
]

let api: ChdbApi
beforeAll(async () => {
  api = await openChdbApi([...OUTLOOK, ...PARTS], '2026-03-01T06:00:00Z')
})
afterAll(() => api.close())

const amount = (value: unknown) => (value as { amount: string } | null)?.amount

describe('the outlook on cash', () => {
  it('dates what is open by pay-lag and due date, and finds the first day below zero', async () => {
    const { outlook } = (await api.get('/v1/cash-flow', T)) as { outlook: Body }
    const weeks = outlook['weeks'] as (Body & { items: Body[] })[]
    expect(
      weeks.flatMap(({ week, items }) =>
        items.map((one) => [
          week,
          one['id'],
          one['expected'],
          amount(one['amount']),
          one['lagDays'],
          one['overdue'],
        ]),
      ),
    ).toEqual([
      [1, 'i3', '2026-03-02', '200.00', 4, true],
      [1, 'b2', '2026-03-02', '60.00', 0, true],
      [1, 'i2', '2026-03-05', '300.00', 4, false],
      [1, 'b1', '2026-03-07', '1800.00', 0, false],
      [2, 'i1', '2026-03-15', '450.00', 5, false],
      [4, 'i5', '2026-03-24', '40.00', 4, false],
      [8, 'b4', '2026-04-20', '8.00', 0, false],
    ])
    expect(
      weeks
        .slice(0, 3)
        .map((one) => ['opening', 'cashIn', 'cashOut', 'closing'].map((name) => amount(one[name]))),
    ).toEqual([
      ['1000.00', '500.00', '1860.00', '-360.00'],
      ['-360.00', '450.00', '0.00', '90.00'],
      ['90.00', '0.00', '0.00', '90.00'],
    ])
    expect(outlook).toMatchObject({
      asOf: '2026-03-01',
      daysToShortage: 6,
      shortageOn: '2026-03-07',
      usualLagDays: 4,
      overdueIn: { amount: '200.00' },
      overdueOut: { amount: '60.00' },
      notExpected: { amount: '106.00' },
      laterIn: { amount: '20.00' },
      laterOut: { amount: '0.00' },
    })
    expect(
      (outlook['projected'] as Body[]).map((one) => [one['days'], one['date'], amount(one['balance'])]),
    ).toEqual([
      [30, '2026-03-31', '130.00'],
      [60, '2026-04-30', '122.00'],
      [90, '2026-05-30', '122.00'],
    ])
  })

  it('lists the documents of a week in pages', async () => {
    const found: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Body = await api.get(
        `/v1/cash-flow/items?week=1&limit=1${cursor && `&cursor=${cursor}`}`,
        T,
      )
      found.push(...(page['data'] as Body[]).map(({ id }) => id))
      cursor = (page['page'] as { nextCursor: string | null }).nextCursor
    }
    expect(found).toEqual(['i3', 'b2', 'i2', 'b1'])
    for (const query of ['', 'week=0', 'week=14', 'week=1&cursor=abc'])
      expect((await api.ask(`/v1/cash-flow/items?${query}`, T)).status).toBe(400)
  })

  it('of an earlier day knows what was open then', async () => {
    const { outlook } = (await api.get('/v1/cash-flow?to=2026-01-12', T)) as { outlook: Body }
    expect(outlook).toMatchObject({ asOf: '2026-01-12', usualLagDays: null, cash: { amount: '1000.00' } })
    const items = (outlook['weeks'] as { items: Body[] }[]).flatMap((week) => week.items)
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(['s1', 's2', 'b2', 'i3', 's7']))
    expect(items.map(({ id }) => id)).not.toContain('i1')
  })
})

describe('a breakdown', () => {
  const breakdown = async (path: string) => {
    const body = await api.get(`/v1/kpis/${path}`, CUT)
    const { others } = body as { others: Body }
    return {
      parts: (body['parts'] as Body[]).map((one) => [
        one['key'],
        one['name'],
        amount(one['amount']),
        one['share'],
      ]),
      others: [others['count'], amount(others['amount'])],
      total: amount(body['total']),
    }
  }
  const kpi = async (name: string) => {
    const { kpis } = (await api.get('/v1/kpis', CUT)) as { kpis: Record<string, Body> }
    return kpis[name]?.['value']
  }

  it('of net revenue by customer, cancellations and credit notes taken off', async () => {
    expect(await breakdown('netRevenue/breakdown?by=customer')).toEqual({
      parts: [
        ['x', 'Customer x', '165.50', '87.33'],
        ['z', 'Customer z', '30.00', '15.83'],
        ['y', 'Customer y', '-5.51', null],
      ].map(([key, name, sum]) => [key, name, sum, expect.any(String)]),
      others: [0, '0.00'],
      total: '189.99',
    })
  })

  it('by product splits a document by its lines, to the poisha; documents without lines have none', async () => {
    expect(await breakdown('netRevenue/breakdown?by=product')).toEqual({
      parts: [
        ['rice', 'Product rice', '120.50'],
        ['oil', 'Product oil', '43.99'],
        [null, null, '25.50'],
      ].map((part) => [...part, expect.any(String)]),
      others: [0, '0.00'],
      total: '189.99',
    })
  })

  it('has the others as one, and all of it is the KPI', async () => {
    expect(await breakdown('netRevenue/breakdown?by=category&limit=1')).toEqual({
      parts: [['sales', 'sales', '158.50', '83.43']],
      others: [2, '31.49'],
      total: '189.99',
    })
    for (const [name, by] of [
      ['netRevenue', ['customer', 'product', 'category']],
      ['totalRevenue', ['customer', 'product', 'category']],
      ['totalExpenses', ['category', 'department', 'vendor']],
    ] as const) {
      for (const one of by)
        expect([name, one, (await breakdown(`${name}/breakdown?by=${one}&limit=1`)).total]).toEqual([
          name,
          one,
          await kpi(name),
        ])
    }
  })

  it('of revenue collected has paid invoices alone, of expenses what was approved and not taken back', async () => {
    expect((await breakdown('totalRevenue/breakdown?by=customer')).parts).toEqual([
      ['x', 'Customer x', '170.50', '100.00'],
    ])
    expect((await breakdown('totalExpenses/breakdown?by=department')).parts).toEqual([
      ['HQ', 'HQ', '42.50', '82.52'],
      [null, null, '9.00', '17.48'],
    ])
    expect((await breakdown('totalExpenses/breakdown?by=vendor&limit=1')).parts).toEqual([
      ['v1', 'Vendor 1', '40.00', '77.67'],
    ])
    expect((await breakdown('totalExpenses/breakdown?by=category')).parts).toEqual([
      ['rent', 'rent', '49.00', '95.15'],
      ['tea', 'tea', '2.50', '4.85'],
    ])
  })

  it.each([
    ['nothing/breakdown?by=customer', 404, 'kpi_unknown', /nothing/],
    ['dso/breakdown?by=customer', 400, 'query_invalid', /totalRevenue, netRevenue, totalExpenses/],
    ['netRevenue/breakdown?by=vendor', 400, 'query_invalid', /customer, product, category/],
    ['totalExpenses/breakdown?by=product', 400, 'query_invalid', /category, department, vendor/],
    ['netRevenue/breakdown', 400, 'query_invalid', /by/],
    ['netRevenue/breakdown?by=customer&limit=0', 400, 'query_invalid', /limit/],
  ])('refuses %s', async (path, status, code, detail) => {
    const response = await api.ask(`/v1/kpis/${path}`, CUT)
    const body = (await response.json()) as Body
    expect([response.status, body['code']]).toEqual([status, code])
    expect(body['detail']).toMatch(detail)
  })
})

describe('GET /finance/dashboard', () => {
  it('has all of its parts from the books of a company', async () => {
    const body = await api.get('/finance/dashboard?from=2026-02-01&to=2026-03-01', T)
    expect(body).toMatchObject({
      revenue: { net: { amount: '850.00' }, byCustomer: { total: { amount: '850.00' } } },
      cashFlow: {
        inflow: { amount: '0.00' },
        outflow: { amount: '0.00' },
        opening: { amount: '1000.00' },
        closing: { amount: '1000.00' },
        forecast: { amount: '130.00' },
      },
      workingCapital: {
        payables: { amount: '0.00' },
        inventory: { amount: '0.00' },
        net: { amount: '0.00' },
      },
      predictions: {
        // 1,230 net in the 60 days of the history.
        revenueNext30Days: { amount: '615.00' },
        cashFlowNext30Days: { amount: '-870.00' },
        projectedBalance: { amount: '130.00' },
        daysToShortage: 6,
      },
      unavailable: {},
    })
    const { predictions } = body as { predictions: Record<string, Body[]> }
    expect(predictions['riskAlerts']?.map(({ code }) => code)).toEqual(['CASH_SHORTAGE', 'CONCENTRATION'])
    expect(predictions['opportunities']?.map(({ code, amount: sum }) => [code, amount(sum)])).toEqual([
      ['COLLECT', '200.00'],
      ['PAY_LATER', '1860.00'],
    ])
  })

  it('says why a company without a ledger has no figures of it', async () => {
    const body = await api.get('/finance/dashboard?from=2026-02-01&to=2026-03-01', CUT)
    expect(body).toMatchObject({
      revenue: { byProduct: { parts: [{ key: 'rice' }, { key: 'oil' }, { key: null }] } },
      expenses: {
        total: { amount: '51.50' },
        byVendor: { parts: [{ key: 'v1' }, { key: 'v2' }, { key: null }] },
      },
      cashFlow: { inflow: { amount: '170.50' }, outflow: null, closing: null },
      workingCapital: { payables: null, net: null, trend: null },
      predictions: { cashFlowNext30Days: null, daysToShortage: null, opportunities: [] },
    })
    const nulls = body['unavailable'] as Record<string, string>
    for (const name of ['cashFlow.outflow', 'workingCapital.trend', 'predictions.daysToShortage'])
      expect(nulls[name]).toMatch(/journal entries/)
  })
})
