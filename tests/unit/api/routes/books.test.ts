/** Reads of the books, over ClickHouse's engine: figures worked by hand from `EVENTS`, and two tenants apart. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { RATE_SCALE, parseDecimal } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import type { FinanceEvent, InvoiceLine } from '../../../../schemas/generated/records.ts'
import {
  account,
  billed,
  CHART,
  deactivated,
  drafted,
  paidOut,
  posted,
  product,
  reconciled,
  renamed,
  stocked,
  targeted,
  undone,
  vendor,
} from '../../sinks/support/book-events.ts'
import {
  approved,
  created,
  credited,
  event,
  money,
  received,
  registered,
  spent,
  T,
} from '../../sinks/support/events.ts'
import { type Body, type ChdbApi, openChdbApi } from '../support/chdb-api.ts'

// The engine works in this process, and the machine may be busy.
jest.setTimeout(60_000)

const OTHER = 'bolt'
const CANARY = 'CANARY-7f3a'

const of = (one: FinanceEvent): FinanceEvent =>
  ({ ...one, data: { ...one.data, tenantId: OTHER } }) as FinanceEvent

const bill = billed('b1', { on: '2026-02-01', total: '115', vds: '15' })
/** 3 x 33.35 = 100.05, less 10.01, SD 20 % of 90.04, VAT 15 % of 108.05. */
const soldLine: InvoiceLine = {
  description: 'Chairs',
  quantity: money('3'),
  unitPrice: money('33.35'),
  netAmount: money('90.04'),
  vatCode: 'standard',
  vatRate: parseDecimal('0.15', RATE_SCALE),
  vatAmount: money('16.21'),
  discount: money('10.01'),
  sdRate: parseDecimal('0.2', RATE_SCALE),
  sdAmount: money('18.01'),
  vatPerUnit: 0n,
  productId: 'chair',
  unit: 'PCS',
  accountId: '4000',
}
const shownLine = {
  description: 'Chairs',
  productId: 'chair',
  quantity: '3',
  unit: 'PCS',
  unitPrice: '33.35',
  discount: { amount: '10.01', currency: 'BDT' },
  netAmount: { amount: '90.04', currency: 'BDT' },
  sdRate: '0.2',
  sdAmount: { amount: '18.01', currency: 'BDT' },
  vatCode: 'standard',
  vatRate: '0.15',
  vatAmount: { amount: '16.21', currency: 'BDT' },
  category: null,
  department: null,
  accountId: '4000',
}
const inParts = {
  date: '2026-02-20',
  due: '2026-04-20',
  total: '124.26',
  parts: { '2026-03-20': '100', '2026-04-20': '24.26' },
}
const draft = created('i2', { ...inParts, status: 'DRAFT' })
const note = credited('n1', { date: '2026-02-21', total: '124.26', vat: '16.21' })
const EVENTS: FinanceEvent[] = [
  registered(),
  {
    ...draft,
    data: { ...draft.data, lines: [soldLine, { ...soldLine, description: 'More', productId: null }] },
  },
  approved('i2', { ...inParts, on: '2026-02-21' }),
  { ...note, data: { ...note.data, lines: [soldLine] } },
  ...Object.keys(CHART).map(account),
  renamed('1000', 'Cash in hand'),
  deactivated('1900'),
  posted('j1', { on: '2026-01-01', kind: 'OPENING', sides: { '1000': '1000', '3000': '-1000' } }),
  posted('j2', {
    on: '2026-01-10',
    kind: 'DOCUMENT',
    source: ['invoice', 'i1'],
    sides: { '1100': '115', '2100': '-15', '4000': '-100' },
  }),
  posted('j3', { on: '2026-01-20', kind: 'DOCUMENT', sides: { '1000': '115', '1100': '-115' } }),
  posted('j4', { on: '2026-02-05', sides: { '5000': '40.01', '1000': '-40.01' } }),
  posted('j6', { on: '2026-02-10', sides: { '5000': '9', '1000': '-9' } }),
  posted('j7', { on: '2026-02-12', kind: 'REVERSAL', reverses: 'j6', sides: { '5000': '-9', '1000': '9' } }),
  undone('j6', 'j7', '2026-02-12'),
  drafted('j8', { on: '2026-02-14', sides: { '5000': '3', '1000': '-3' } }),
  vendor('v1', { rating: 4, certificates: ['ISO 9001'] }),
  vendor('v2', { active: false }),
  product('rice', { salePrice: money('65.5'), reorderLevel: money('10') }),
  product('oil'),
  {
    ...bill,
    data: {
      ...bill.data,
      instalments: [
        { dueDate: parseDay('2026-02-20'), amount: money('50') },
        { dueDate: parseDay('2026-03-20'), amount: money('65') },
      ],
      lines: [
        {
          description: 'Paper',
          quantity: money('2.5'),
          unitPrice: money('40'),
          netAmount: money('100'),
          vatCode: 'standard',
          vatRate: parseDecimal('0.15', RATE_SCALE),
          vatAmount: money('15'),
          discount: 0n,
          sdRate: 0n,
          sdAmount: 0n,
          vatPerUnit: 0n,
          productId: 'paper',
          unit: 'REAM',
          category: 'office',
          department: '',
          accountId: null,
          vatCreditable: true,
          stocked: true,
        },
      ],
    },
  },
  billed('b2', { on: '2026-02-03', total: '7', status: 'DRAFT' }),
  paidOut('out', '2026-02-10', '60', { b1: '60' }),
  reconciled('out', '2026-02-11'),
  received('in', { date: '2026-02-09', amount: '115', to: { i1: '115' } }),
  created('i1', { date: '2026-01-10', total: '115' }),
  spent('e1', '2026-02-05', '40.01'),
  stocked('rice', 'm1', { on: '2026-02-01', movement: 'RECEIPT', quantity: '10', value: '500', batch: 'x' }),
  stocked('rice', 'm2', { on: '2026-02-02', movement: 'ISSUE', quantity: '-4', value: '-200' }),
  stocked('rice', 'm3', { on: '2026-02-03', movement: 'TRANSFER', quantity: '2', value: '0', to: 'shop' }),
  targeted('t1', '1200', false, 1),
  of(account('1000')),
  of(posted('x1', { on: '2026-01-02', sides: { '1000': '77', '3000': '-77' } })),
  of(vendor('x', { name: CANARY })),
  of(product('x', { name: CANARY })),
  of(billed('x', { on: '2026-01-02', total: '8' })),
  of(paidOut('x', '2026-01-02', '8')),
  of(stocked('x', 'x', { on: '2026-01-02', movement: 'RECEIPT', quantity: '1', value: '1' })),
  of(targeted('x', '8', false, 1)),
  of(event('CustomerCreated', 'x', { customerNumber: CANARY, name: CANARY })),
]

let api: ChdbApi
beforeAll(async () => {
  api = await openChdbApi(EVENTS, '2026-03-01T06:00:00Z')
})
afterAll(() => api.close())

const get = (path: string, tenant = T) => api.get(path, tenant)
const data = async (path: string) => (await get(path))['data'] as Body[]
const text = (value: unknown) => (value as { amount: string }).amount

describe('the trial balance', () => {
  it('of today has every account, and both sides have one sum', async () => {
    const body = await get('/v1/reports/trial-balance')
    expect(body).toMatchObject({ asOf: '2026-03-01', currency: 'BDT', balanced: true })
    expect(
      (body['data'] as Body[]).map((row) => [
        row['code'],
        row['name'],
        text(row['debitBalance']),
        text(row['creditBalance']),
        text(row['balance']),
      ]),
    ).toEqual([
      ['1000', 'Cash in hand', '1074.99', '0.00', '1074.99'],
      ['1100', 'Receivables', '0.00', '0.00', '0.00'],
      ['1900', 'Unused', '0.00', '0.00', '0.00'],
      ['2000', 'Payables', '0.00', '0.00', '0.00'],
      ['2100', 'Output VAT', '0.00', '15.00', '15.00'],
      ['3000', 'Capital', '0.00', '1000.00', '1000.00'],
      ['4000', 'Sales', '0.00', '100.00', '100.00'],
      ['5000', 'Rent', '40.01', '0.00', '40.01'],
    ])
    expect(body['totals']).toEqual({
      totalDebit: { amount: '1288.01', currency: 'BDT' },
      totalCredit: { amount: '1288.01', currency: 'BDT' },
      debitBalance: { amount: '1115.00', currency: 'BDT' },
      creditBalance: { amount: '1115.00', currency: 'BDT' },
    })
    expect((body['data'] as Body[])[2]).toMatchObject({ active: false })
  })

  it('of a past day is that of its entries, also under the path of earlier clients', async () => {
    for (const path of ['/v1/reports/trial-balance', '/finance/reports/trial-balance']) {
      const body = await get(`${path}?asOf=2026-01-10`)
      const balances = (body['data'] as Body[]).map((row) => [row['code'], text(row['balance'])])
      expect(Object.fromEntries(balances.filter(([, amount]) => amount !== '0.00'))).toEqual({
        '1000': '1000.00',
        '1100': '115.00',
        '2100': '15.00',
        '3000': '1000.00',
        '4000': '100.00',
      })
    }
  })

  it('is remembered while nothing is new', async () => {
    await get('/v1/reports/trial-balance?asOf=2026-01-11')
    api.asked.length = 0
    await get('/v1/reports/trial-balance?asOf=2026-01-11')
    expect(api.asked).not.toContain('accounts')
  })
})

describe('the general ledger', () => {
  it('of an account: opening, lines with running balances, closing', async () => {
    const body = await get('/v1/reports/general-ledger?accountId=1000&from=2026-01-20&to=2026-02-28')
    expect(
      (body['accounts'] as Body[]).map((one) => [
        one['code'],
        text(one['opening']),
        text(one['debit']),
        text(one['credit']),
        text(one['closing']),
      ]),
    ).toEqual([['1000', '1000.00', '124.00', '49.01', '1074.99']])
    expect(
      (body['data'] as Body[]).map((row) => [
        row['date'],
        row['journalId'],
        text(row['debit']),
        text(row['credit']),
        text(row['balance']),
      ]),
    ).toEqual([
      ['2026-01-20', 'j3', '115.00', '0.00', '1115.00'],
      ['2026-02-05', 'j4', '0.00', '40.01', '1074.99'],
      ['2026-02-10', 'j6', '0.00', '9.00', '1065.99'],
      ['2026-02-12', 'j7', '9.00', '0.00', '1074.99'],
    ])
    expect(body).toMatchObject({ asOf: '2026-02-28', from: '2026-01-20', page: { hasMore: false } })
  })

  it('is the same in pages of any size, and every closing is the balance of the trial balance', async () => {
    const range = 'from=2026-01-01&to=2026-02-28'
    const whole = await get(`/v1/reports/general-ledger?${range}`)
    expect(whole['data']).toHaveLength(13)
    for (const limit of [1, 2, 5]) {
      const found: unknown[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: Body = await get(
          `/v1/reports/general-ledger?${range}&limit=${limit}${cursor && `&cursor=${cursor}`}`,
        )
        found.push(...(page['data'] as Body[]))
        cursor = (page['page'] as { nextCursor: string | null }).nextCursor
      }
      expect(found).toEqual(whole['data'])
    }
    const trial = await data('/v1/reports/trial-balance?asOf=2026-02-28')
    const lines = whole['data'] as Body[]
    for (const one of whole['accounts'] as Body[]) {
      const row = trial.find((of) => of['accountId'] === one['accountId'])
      const last = lines.findLast((line) => line['accountId'] === one['accountId'])
      expect([one['code'], one['closing']]).toEqual([one['code'], row?.['balance']])
      expect([one['code'], last?.['balance'] ?? { amount: '0.00', currency: 'BDT' }]).toEqual([
        one['code'],
        one['closing'],
      ])
    }
  })

  it.each([
    ['from=2026-02-02&to=2026-02-01', 400, 'range_invalid'],
    ['cursor=abc', 400, 'cursor_invalid'],
    ['accountId=a%20b', 400, 'query_invalid'],
    ['asOf=2026-01-01', 400, 'query_invalid'],
  ])('refuses %s', async (query, status, code) => {
    const response = await api.ask(`/v1/reports/general-ledger?${query}`, T)
    expect([response.status, ((await response.json()) as Body)['code']]).toEqual([status, code])
  })
})

describe('journal entries', () => {
  it('have their lines, drafts too, and say what they post or reverse', async () => {
    const entries = await data('/v1/journal-entries')
    expect(entries.map(({ id, status }) => [id, status])).toEqual([
      ['j8', 'DRAFT'],
      ['j7', 'POSTED'],
      ['j6', 'REVERSED'],
      ['j4', 'POSTED'],
      ['j3', 'POSTED'],
      ['j2', 'POSTED'],
      ['j1', 'POSTED'],
    ])
    expect(await get('/finance/journal-entries/j2')).toMatchObject({
      id: 'j2',
      kind: 'DOCUMENT',
      source: { type: 'invoice', id: 'i1' },
      total: { amount: '115.00', currency: 'BDT' },
      lines: [
        { line: 1, accountCode: '1100', debit: { amount: '115.00' }, partyType: 'customer', partyId: 'c1' },
        { line: 2, accountCode: '2100', credit: { amount: '15.00' }, taxCode: 'standard', partyId: null },
        { line: 3, accountCode: '4000', credit: { amount: '100.00' } },
      ],
    })
    expect(await get('/v1/journal-entries/j6')).toMatchObject({
      reversedById: 'j7',
      reversedOn: '2026-02-12',
    })
    expect((await data('/v1/journal-entries?sourceId=i1')).map(({ id }) => id)).toEqual(['j2'])
    expect((await data('/v1/journal-entries?status=DRAFT')).map(({ id }) => id)).toEqual(['j8'])
    expect((await data('/v1/journal-entries?from=2026-02-10&to=2026-02-12')).map(({ id }) => id)).toEqual([
      'j7',
      'j6',
    ])
  })

  it('ask for the lines of a page once', async () => {
    await get('/v1/journal-entries')
    api.asked.length = 0
    await get('/v1/journal-entries')
    expect(api.asked.filter((name) => name === 'journal_lines')).toHaveLength(1)
  })
})

describe('documents and masters', () => {
  it('bills have their lines, what is owed and what is open', async () => {
    expect(await get('/v1/bills/b1')).toMatchObject({
      billNumber: 'B-b1',
      total: { amount: '115.00' },
      vdsWithheld: { amount: '15.00' },
      payable: { amount: '100.00' },
      paid: { amount: '60.00' },
      open: { amount: '40.00' },
      status: 'PARTIALLY_PAID',
      instalments: [
        { dueDate: '2026-02-20', amount: { amount: '50.00', currency: 'BDT' } },
        { dueDate: '2026-03-20', amount: { amount: '65.00', currency: 'BDT' } },
      ],
      lines: [
        {
          description: 'Paper',
          quantity: '2.5',
          unitPrice: '40',
          netAmount: { amount: '100.00', currency: 'BDT' },
          vatRate: '0.15',
          vatAmount: { amount: '15.00', currency: 'BDT' },
          category: 'office',
          department: null,
        },
      ],
    })
    expect((await data('/v1/bills?status=DRAFT')).map(({ id, lines }) => [id, lines])).toEqual([['b2', []]])
  })

  it('invoices have their lines, also after their approval, and their instalments', async () => {
    const invoice = await get('/v1/invoices/i2')
    expect(invoice).toMatchObject({
      status: 'APPROVED',
      instalments: [
        { dueDate: '2026-03-20', amount: { amount: '100.00', currency: 'BDT' } },
        { dueDate: '2026-04-20', amount: { amount: '24.26', currency: 'BDT' } },
      ],
    })
    expect(invoice['lines']).toEqual([shownLine, { ...shownLine, description: 'More', productId: null }])
    expect(await get('/v1/invoices/i1')).toMatchObject({ lines: [], instalments: [] })
  })

  it('credit notes have their lines', async () => {
    expect((await get('/v1/credit-notes/n1'))['lines']).toEqual([shownLine])
  })

  it('ask for the lines of a page of documents once', async () => {
    api.asked.length = 0
    expect((await data('/v1/invoices')).map(({ id, lines }) => [id, (lines as Body[]).length])).toEqual([
      ['i2', 2],
      ['i1', 0],
    ])
    expect(api.asked.filter((name) => name === 'lines_invoice')).toHaveLength(1)
  })

  it('payments are of one direction in a list, and of any by id', async () => {
    expect((await data('/v1/payments')).map(({ id, direction }) => [id, direction])).toEqual([['in', 'in']])
    expect(await data('/v1/payments?direction=out')).toMatchObject([
      {
        id: 'out',
        direction: 'out',
        vendorId: 'v1',
        customerId: null,
        status: 'SENT',
        amount: { amount: '60.00' },
        allocated: { amount: '60.00' },
        reconciledOn: '2026-02-11',
      },
    ])
    expect(await data('/v1/payments?direction=out&vendorId=v2')).toEqual([])
    expect(await data('/v1/payments?direction=in&vendorId=v1')).toEqual([])
    expect(await get('/finance/payments/out')).toMatchObject({ direction: 'out' })
    expect(await get('/v1/payments/in')).toMatchObject({ direction: 'in', customerId: 'c1' })
    const cursor = Buffer.from('{"b":"x","k":["a","b"]}').toString('base64url')
    expect((await api.ask(`/v1/payments?direction=out&cursor=${cursor}`, T)).status).toBe(400)
  })

  it('masters are in order of their codes, and can be asked for by what names them', async () => {
    expect((await data('/v1/vendors')).map(({ id, active }) => [id, active])).toEqual([
      ['v1', true],
      ['v2', false],
    ])
    expect((await data('/v1/vendors?active=true')).map(({ id }) => id)).toEqual(['v1'])
    expect(await get('/v1/vendors/v1')).toMatchObject({ rating: 4, certificates: ['ISO 9001'], bin: null })
    expect((await data('/v1/products')).map(({ sku, salePrice }) => [sku, salePrice])).toEqual([
      ['SKU-oil', null],
      ['SKU-rice', '65.5'],
    ])
    expect((await data('/v1/products?sku=SKU-rice')).map(({ id }) => id)).toEqual(['rice'])
    expect((await data('/finance/chart-of-accounts?accountClass=LIABILITY')).map(({ code }) => code)).toEqual(
      ['2000', '2100'],
    )
    const pages = await get('/v1/accounts?limit=3')
    const { nextCursor } = pages['page'] as { nextCursor: string }
    expect((await data(`/v1/accounts?limit=3&cursor=${nextCursor}`)).map(({ code }) => code)).toEqual([
      '2000',
      '2100',
      '3000',
    ])
    expect((await data('/v1/targets')).map(({ id, amount, slice }) => [id, amount, slice])).toEqual([
      ['t1', '1200', 'category:Rice'],
    ])
  })

  it('stock is there as of any day, by warehouse and batch', async () => {
    expect(await get('/v1/stock/rice?asOf=2026-02-02')).toMatchObject({
      quantity: '6',
      value: { amount: '300.00', currency: 'BDT' },
      unitCost: '50',
      reorderLevel: '10',
      lastMovedOn: '2026-02-02',
      places: [
        { warehouse: 'main', batch: null, quantity: '-4' },
        { warehouse: 'main', batch: 'x', quantity: '10' },
      ],
    })
    const all = await get('/v1/stock?limit=1')
    expect(all).toMatchObject({ asOf: '2026-03-01', data: [{ productId: 'oil', quantity: '0', places: [] }] })
    const { nextCursor } = all['page'] as { nextCursor: string }
    const [rice] = await data(`/v1/stock?limit=1&cursor=${nextCursor}`)
    expect(rice).toMatchObject({ productId: 'rice', quantity: '6' })
    expect(
      ((rice?.['places'] ?? []) as Body[]).map(({ warehouse, quantity }) => [warehouse, quantity]),
    ).toContainEqual(['shop', '2'])
    expect(
      (await data('/v1/stock-movements?productId=rice')).map(({ id, quantity, value }) => [
        id,
        quantity,
        text(value),
      ]),
    ).toEqual([
      ['m3', '2', '0.00'],
      ['m2', '-4', '-200.00'],
      ['m1', '10', '500.00'],
    ])
    expect(await get('/v1/stock-movements/m3')).toMatchObject({ toWarehouse: 'shop', movement: 'TRANSFER' })
  })
})

describe('every read of the books', () => {
  const LISTS = [
    'vendors',
    'products',
    'accounts',
    'bills',
    'payments?direction=out',
    'journal-entries',
    'stock',
    'stock-movements',
    'targets',
    'reports/trial-balance',
    'reports/general-ledger?from=2026-01-01&to=2026-12-31',
    'customers',
  ]

  it.each(LISTS)('/v1/%s has an ETag, and shows nothing of another tenant', async (path) => {
    const first = await api.ask(`/v1/${path}`, T)
    const body = await first.text()
    expect([path, first.status, body.includes(CANARY) || body.includes('77.00')]).toEqual([path, 200, false])
    const again = await api.ask(`/v1/${path}`, T, { 'if-none-match': first.headers.get('etag') ?? '' })
    expect([path, again.status]).toEqual([path, 304])
    const theirs = await (await api.ask(`/v1/${path}`, OTHER)).text()
    expect([path, theirs === body]).toEqual([path, false])
  })

  it.each(LISTS.filter((path) => !path.startsWith('reports')))(
    'one of /v1/%s that is another tenant’s is not there',
    async (path) => {
      const [bare] = path.split('?')
      const id = bare === 'journal-entries' ? 'x1' : bare === 'accounts' ? '1000' : 'x'
      expect([path, (await api.ask(`/v1/${bare}/${id}`, OTHER)).status]).toEqual([path, 200])
      const response = await api.ask(`/v1/${bare}/${id}`, 'third')
      expect([path, response.status, ((await response.json()) as Body)['code']]).toEqual([
        path,
        404,
        'resource_unknown',
      ])
    },
  )

  it('of a tenant without books is empty, not an error', async () => {
    for (const path of LISTS) {
      const body = (await (await api.ask(`/v1/${path}`, 'nobody')).json()) as Body
      expect([path, body['data']]).toEqual([path, []])
    }
  })
})
