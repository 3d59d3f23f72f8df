/**
 * Reads over a real ClickHouse and a real Redis: figures of a small company computed by hand, the same numbers by every
 * way to them, and two tenants that never see a byte of each other.
 */
import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import { Redis } from 'ioredis'
import type { Operation } from '../../../api/http/operation.ts'
import { operationsOf } from '../../../api/routes/index.ts'
import type { Services } from '../../../api/services.ts'
import { describeStack } from '../../support/stack.ts'
import { allocated, amount, day, expense, FactsWriter, invoice, payment, rate } from './facts.ts'
import { FiguresWriter } from './figures-writer.ts'
import { PrivateRedis } from './private-redis.ts'
import { startTestApi, type TestApi } from './test-api.ts'

// The box may be busy: a test waits for what it expects, and this is only the end of its patience.
jest.setTimeout(60_000)

const CANARY = 'CANARY-7f3a'
const run = Date.now().toString(36)
const ACME = `acme-${run}`
const BOLT = `bolt-${run}`

type Body = Record<string, unknown>

describeStack('reads', ['clickhouseUrl', 'clickhouseUser', 'clickhousePassword'], (stack) => {
  let redis: PrivateRedis
  let client: Redis
  let figures: FiguresWriter
  let facts: FactsWriter
  let api: TestApi
  let acme: string
  let bolt: string

  beforeAll(async () => {
    const clickhouse = {
      url: stack.clickhouseUrl,
      user: stack.clickhouseUser,
      password: stack.clickhousePassword,
    }
    redis = await PrivateRedis.start()
    client = new Redis(redis.url)
    figures = new FiguresWriter(client)
    api = await startTestApi({
      redisUrl: redis.url,
      clickhouse,
      env: { NIKASH_ENV: 'local', COMMANDS_URL: 'http://127.0.0.1:9' },
    })
    acme = await api.token(ACME)
    bolt = await api.token(BOLT, { role: 'writer' })
    facts = new FactsWriter(clickhouse)
    await company(facts)
    await neighbour(facts)
  }, 60_000)

  afterAll(async () => {
    await api?.close()
    await facts?.close()
    client?.disconnect()
    await redis?.stop()
  })

  const get = async (path: string, token = acme): Promise<Body> => {
    const response = await api.get(path, token)
    const body = (await response.json()) as Body
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`)
    documented(path, body)
    return body
  }

  const aging = async (query: string) => {
    const body = await get(`/v1/receivables/aging?${query}`)
    return summary(body)
  }

  // Worked by hand from the events in `company`; see the table of effective dates in ARCHITECTURE.md.
  it.each([
    ['asOf=2026-01-09', [0, 0, 0, 0, 0], 0, 0],
    ['asOf=2026-01-31', [1650, 0, 0, 0, 0], 0, 1650],
    ['asOf=2026-02-09', [2256.21, 500, 0, 0, 0], -200, 2556.21],
    ['asOf=2026-02-10', [2006.21, 750, 0, 0, 0], -200, 2556.21],
    ['asOf=2026-02-15', [800, 750, 0, 0, 0], -200, 1350],
    ['asOf=2026-03-01', [0, 2256.21, 0, 0, 0], 0, 2256.21],
    ['asOf=2026-03-01&basis=posting', [0, 1206.21, 1050, 0, 0], 0, 2256.21],
    ['asOf=2026-05-11', [0, 0, 0, 1506.21, 750], 0, 2256.21],
    ['asOf=2030-01-01', [0, 0, 0, 0, 2256.21], 0, 2256.21],
  ])('aging %s', async (query, buckets, unapplied, total) => {
    expect(await aging(query)).toEqual({ buckets, unapplied, total })
  })

  it('aging with edges of its own, and with credits in the bucket of their own date', async () => {
    expect(await aging('asOf=2026-02-15&buckets=5,10')).toEqual({
      buckets: [800, 0, 750, 0],
      unapplied: -200,
      total: 1350,
    })
    const own = await aging('asOf=2026-02-15&ageCredits=own-date')
    expect(own).toEqual({ buckets: [800, 550, 0, 0, 0], unapplied: 0, total: 1350 })
  })

  it('aging by customer and by currency sums to the whole, in pages', async () => {
    const first = await get('/v1/receivables/aging?asOf=2026-02-09&groupBy=customer&limit=1')
    const groups = first['groups'] as Body[]
    expect(groups.map(({ key, name }) => [key, name])).toEqual([['c2', 'Customer c2']])
    expect(summary(groups[0] ?? {})).toEqual({ buckets: [1506.21, 0, 0, 0, 0], unapplied: 0, total: 1506.21 })
    const { nextCursor } = first['page'] as { nextCursor: string }
    const second = await get(
      `/v1/receivables/aging?asOf=2026-02-09&groupBy=customer&limit=1&cursor=${nextCursor}`,
    )
    const rest = second['groups'] as Body[]
    expect(summary(rest[0] ?? {})).toEqual({ buckets: [750, 500, 0, 0, 0], unapplied: -200, total: 1050 })
    expect(second['page']).toEqual({ nextCursor: null, hasMore: false })
    const byCurrency = (await get('/v1/receivables/aging?asOf=2026-02-09&groupBy=currency'))[
      'groups'
    ] as Body[]
    expect(byCurrency.map((group) => [group['key'], summary(group).total])).toEqual([
      ['BDT', 1350],
      ['USD', 10.01],
    ])
  })

  it('open items of a bucket sum to the bucket, page by page, on both bases', async () => {
    for (const basis of ['due', 'posting']) {
      const whole = await get(`/v1/receivables/aging?asOf=2026-03-01&basis=${basis}`)
      for (const { label, amount: bucket } of whole['buckets'] as {
        label: string
        amount: { amount: string }
      }[]) {
        let sum = 0
        let cursor: string | null = ''
        while (cursor !== null) {
          const query: string = `asOf=2026-03-01&basis=${basis}&bucket=${encodeURIComponent(label)}&limit=1${cursor && `&cursor=${cursor}`}`
          const page = await get(`/v1/receivables/open?${query}`)
          for (const item of page['data'] as { openBase: { amount: string }; bucket: string }[]) {
            expect(item.bucket).toBe(label)
            sum += Number(item.openBase.amount)
          }
          cursor = (page['page'] as { nextCursor: string | null }).nextCursor
        }
        expect([basis, label, sum.toFixed(2)]).toEqual([basis, label, bucket.amount])
      }
    }
    const ofOne = await get('/v1/receivables/open?asOf=2026-02-09&customerId=c1')
    expect(
      (ofOne['data'] as Body[]).map((item) => [item['invoiceId'], item['age'], item['dueDate']]),
    ).toEqual([
      ['i2', 9, '2026-01-31'],
      ['i1', 0, '2026-02-09'],
    ])
  })

  it('KPIs of a past day, from the facts by the shared rule', async () => {
    const body = await get('/v1/kpis?window=mtd&asOf=2026-02-28')
    const kpis = body['kpis'] as Record<string, { value: string | null; reason?: string }>
    expect(body).toMatchObject({
      from: '2026-02-01',
      to: '2026-02-28',
      source: 'clickhouse',
      currency: 'BDT',
      partial: false,
    })
    expect(
      Object.fromEntries(Object.entries(kpis).map(([name, { value, reason }]) => [name, value ?? reason])),
    ).toMatchObject({
      netRevenue: '1206.21',
      totalRevenue: '0.00',
      totalExpenses: '250.00',
      netProfit: '-250.00',
      netIncome: '956.21',
      cashReceived: '600.00',
      receivables: '2256.21',
      dso: '45.33782675',
      averageTransactionValue: '1206.21000000',
      profitMargin: 'zero_denominator',
    })
  })

  it.each([
    ['netRevenue', 'invoiced', '1206.21', ['i3', 'i5', 'i5']],
    ['cashReceived', 'receipts', '600.00', ['p1', 'p2', 'p2']],
    ['totalExpenses', 'approvedExpenses', '250.00', ['e1']],
    ['totalRevenue', 'paidInvoices', '0.00', []],
    ['dso', 'openingReceivables', '1650.00', ['i1', 'i2']],
    ['dso', 'closingReceivables', '2256.21', ['i1', 'i2', 'i3']],
    ['dso', 'sales', '1206.21', ['i3', 'i5', 'i5']],
    ['revenueGrowthRate', 'previousNetRevenue', '1500.00', ['i1', 'i2']],
  ])('%s explains its input %s: %s', async (name, input, value, ids) => {
    const body = await get(`/v1/kpis/${name}/explain?window=mtd&asOf=2026-02-28&input=${input}`)
    expect(body).toMatchObject({ input, sum: { amount: value, currency: 'BDT' }, rowCount: ids.length })
    const data = body['data'] as { id: string; amount: { amount: string } }[]
    expect(data.map(({ id }) => id).sort()).toEqual(ids)
    const summed = data.reduce((sum, row) => sum + amount(row.amount.amount), 0n)
    expect(summed).toBe(amount(value))
    expect((body['inputs'] as Body[]).find((one) => one['name'] === input)?.['value']).toBe(value)
  })

  it('daily movements have every day of the range', async () => {
    const body = await get('/v1/daily?from=2026-02-01&to=2026-02-28')
    const data = body['data'] as Record<string, { amount: string }>[]
    expect(data).toHaveLength(28)
    const moved = data
      .filter((one) => Number(one['cashIn']?.amount) !== 0)
      .map((one) => [one['date'], one['cashIn']?.amount])
    expect(moved).toEqual([
      ['2026-02-08', '600.00'],
      ['2026-02-12', '1206.21'],
      ['2026-02-26', '-1206.21'],
    ])
  })

  it('documents stand as the events left them', async () => {
    const invoices = (await get('/v1/invoices?limit=10'))['data'] as Body[]
    const state = Object.fromEntries(
      invoices.map((one) => [one['id'], [one['status'], (one['open'] as Body)['amount'], one['dueDate']]]),
    )
    expect(state).toEqual({
      i1: ['PARTIALLY_PAID', '750.00', '2026-02-09'],
      i2: ['PARTIALLY_PAID', '300.00', '2026-02-28'],
      i3: ['APPROVED', '10.01', '2026-02-15'],
      i4: ['DRAFT', '0.00', '2026-03-01'],
      i5: ['CANCELLED', '0.00', '2026-03-07'],
    })
    const drafts = (await get('/finance/invoices?status=DRAFT'))['data'] as Body[]
    expect(drafts.map(({ id }) => id)).toEqual(['i4'])
    const payments = (await get('/v1/payments'))['data'] as Body[]
    expect(payments.map(({ id, status }) => [id, status])).toEqual([
      ['p3', 'FAILED'],
      ['p2', 'REVERSED'],
      ['p1', 'RECEIVED'],
    ])
    const expenses = (await get('/v1/expenses?from=2026-02-01&to=2026-02-03'))['data'] as Body[]
    expect(expenses.map(({ id, status }) => [id, status])).toEqual([['e1', 'APPROVED']])
    expect(await get('/v1/customers/c1')).toMatchObject({
      id: 'c1',
      name: 'Padma Textiles',
      nameBn: 'পদ্মা টেক্সটাইল',
      creditLimit: '50000.00',
    })
    expect(await get('/v1/tenant')).toMatchObject({
      tenantId: ACME,
      name: 'Acme',
      zone: 'Asia/Dhaka',
      fiscalYearStart: '07-01',
      registered: true,
    })
  })

  it('the ledger is the same by every way to it, and a new entry is in the next answer', async () => {
    facts
      .add(ACME, 'JournalEntryPosted', 'j1', journal('2026-02-01', 'opening', '1000.01'))
      .add(ACME, 'JournalEntryPosted', 'j2', journal('2026-02-03', 'more', '0.99'))
    await facts.write()
    const trial = async (asOf: string) => {
      const body = await get(`/v1/reports/trial-balance?asOf=${asOf}`)
      const rows = body['data'] as { code: string; balance: { amount: string } }[]
      expect(body['balanced']).toBe(true)
      return rows.map((row) => [row.code, row.balance.amount])
    }
    expect(await trial('2026-02-02')).toEqual([
      ['1000', '1000.01'],
      ['3000', '1000.01'],
    ])
    expect(await trial('2026-02-28')).toEqual([
      ['1000', '1001.00'],
      ['3000', '1001.00'],
    ])
    const pages: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Body = await get(
        `/v1/reports/general-ledger?from=2026-02-01&to=2026-02-28&limit=1${cursor && `&cursor=${cursor}`}`,
      )
      const lines = page['data'] as { accountId: string; balance: { amount: string } }[]
      pages.push(...lines.map((line) => [line.accountId, line.balance.amount]))
      cursor = (page['page'] as { nextCursor: string | null }).nextCursor
    }
    expect(pages).toEqual([
      ['1000', '1000.01'],
      ['1000', '1001.00'],
      ['3000', '1000.01'],
      ['3000', '1001.00'],
    ])
    const entry = await get('/finance/journal-entries/j2')
    expect((entry['lines'] as Body[]).map((line) => (line['debit'] as Body)['amount'])).toEqual([
      '0.99',
      '0.00',
    ])
    expect((await get('/v1/accounts'))['data']).toEqual([])
  })

  it('a list is the same in pages of any size', async () => {
    const whole = (await get('/v1/invoices'))['data'] as Body[]
    for (const limit of [1, 2, 3]) {
      const found: unknown[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: Body = await get(`/v1/invoices?limit=${limit}${cursor && `&cursor=${cursor}`}`)
        found.push(...(page['data'] as Body[]))
        cursor = (page['page'] as { nextCursor: string | null }).nextCursor
      }
      expect(found).toEqual(whole)
    }
  })

  it('the history of a KPI has the close of a day, else its newest figure', async () => {
    const point = (
      kind: string,
      on: string,
      at: string,
      value: string | null,
      revision = 1,
    ): Record<string, unknown> => ({
      tenant_id: ACME,
      kind,
      measure: 'dso',
      window: '30d',
      as_of: on,
      log_time: Date.parse(at),
      from_date: on,
      to_date: on,
      value,
      unit: 'days',
      reason: value === null ? 'zero_denominator' : '',
      previous: null,
      change: null,
      inputs: {},
      currency: 'BDT',
      is_partial: false,
      _epoch: 1,
      _partition: 0,
      _offset: Date.parse(at) % 1_000_000,
      _revision: revision,
    })
    await facts.history([
      point('SNAPSHOT', '2026-02-01', '2026-02-01T04:00:00Z', '10'),
      point('SNAPSHOT', '2026-02-01', '2026-02-01T05:15:00Z', '11.5'),
      point('CLOSE', '2026-02-01', '2026-02-01T18:00:00Z', '12.25'),
      point('SNAPSHOT', '2026-02-02', '2026-02-02T04:00:00Z', '13'),
      point('CLOSE', '2026-03-01', '2026-03-01T18:00:00Z', null),
      // The 1st of February was corrected twice, the second time while it was already the 3rd.
      point('CORRECTION', '2026-02-01', '2026-02-02T05:00:00Z', '12.5', 2),
      point('CORRECTION', '2026-02-01', '2026-02-03T05:00:00Z', '12.75', 3),
    ])
    const values = async (grain: string) => {
      const body = await get(`/v1/kpis/dso/history?from=2026-01-15&to=2026-03-31&grain=${grain}`)
      return (body['data'] as Body[]).map((one) => [one['asOf'], one['value'] ?? one['reason']])
    }
    expect(await values('day')).toEqual([
      ['2026-02-01', '12.75000000'],
      ['2026-02-02', '13.00000000'],
      ['2026-03-01', 'zero_denominator'],
    ])
    expect(await values('month')).toEqual([
      ['2026-02-02', '13.00000000'],
      ['2026-03-01', 'zero_denominator'],
    ])
    // What an hour showed is no longer told where it was corrected, and a correction says nothing of its own hour.
    expect(await values('hour')).toHaveLength(4)
  })

  it('today comes from the live figures when they are whole, and from the facts when they are not', async () => {
    const tenant = `live-${run}`
    const token = await api.token(tenant)
    await figures.kpi(tenant, { dso: '41.20000000' })
    await figures.aging(tenant, { total: '100.00', c9: '100.00' })
    const source = async (path: string) => (await get(path, token))['source']
    expect([await source('/v1/kpis'), await source('/v1/receivables/aging')]).toEqual([
      'clickhouse',
      'clickhouse',
    ])
    await figures.sync(tenant)
    const kpis = await get('/v1/kpis', token)
    expect(kpis).toMatchObject({
      source: 'redis',
      asOf: '2026-03-01',
      kpis: { dso: { value: '41.20000000' } },
    })
    expect(kpis['watermark']).toMatch(/Z$/)
    const live = await get('/v1/receivables/aging?groupBy=customer&basis=posting', token)
    expect(live).toMatchObject({ source: 'redis', groups: [{ key: 'c9', name: 'Customer c9' }] })
    expect(summary(live)).toEqual({ buckets: [0, 100, 0, 0, 0], unapplied: 0, total: 100 })
    expect(await source('/v1/kpis?asOf=2026-03-01')).toBe('redis')
    expect(await source('/v1/kpis?asOf=2026-02-28')).toBe('clickhouse')
    expect(await source('/v1/receivables/aging?asOf=2026-02-28')).toBe('clickhouse')
    expect(await get('/v1/tenant', token)).toMatchObject({ today: '2026-03-01', registered: false })
  })

  it('a new fact is in the next answer, remembered answers or not', async () => {
    const query = 'asOf=2026-04-30'
    const before = (await aging(query)).total
    expect((await aging(query)).total).toBe(before)
    facts.add(
      ACME,
      'InvoiceCreated',
      'late',
      invoice({ customer: 'c1', from: '2026-04-30', due: '2026-05-30', net: '0.01' }),
    )
    await facts.write()
    expect((await aging(query)).total).toBe(Number((before + 0.01).toFixed(2)))
    facts.add(ACME, 'InvoiceCancelled', 'late', { cancelledDate: day('2026-04-30'), reason: 'test' })
    await facts.write()
    expect((await aging(query)).total).toBe(before)
  })

  it('the dashboard in one answer has the numbers that exist and says why others do not', async () => {
    const body = await get('/finance/dashboard?from=2026-02-01&to=2026-02-28')
    expect(body).toMatchObject({
      revenue: {
        net: { amount: '1206.21' },
        total: { amount: '0.00' },
        invoices: 1,
        byCustomer: { total: { amount: '1206.21' }, others: { count: 0 } },
      },
      expenses: { total: { amount: '250.00' }, byCategory: { total: { amount: '250.00' } } },
      cashFlow: { inflow: { amount: '600.00' }, outflow: null },
      // Its entries are on accounts of no kind: nothing is payable, and nothing is cash.
      workingCapital: { receivables: { amount: '2256.21' }, payables: { amount: '0.00' } },
      predictions: { cashFlowNext30Days: null, daysToShortage: null },
      metadata: { dataFreshness: 'computed' },
    })
    for (const name of ['cashFlow.outflow', 'predictions.daysToShortage', 'predictions.cashFlowNext30Days'])
      expect((body['unavailable'] as Record<string, string>)[name]).toMatch(/cash account/)
  })

  it('answers 304 for the ETag of an unchanged answer and 200 after a change', async () => {
    const path = '/v1/receivables/aging?asOf=2026-02-09'
    const first = await api.get(path, acme)
    const etag = first.headers.get('etag') ?? ''
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    const again = await api.get(path, acme, { 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect((await api.get(path, acme, { 'if-none-match': '"other"' })).status).toBe(200)
    expect((await api.get(`${path}&basis=posting`, acme, { 'if-none-match': etag })).status).toBe(200)
  })

  it('no read of one tenant has a byte of another, whatever is asked', async () => {
    const paths = operations().flatMap((one) =>
      one.isPublic || one.method !== 'get' ? [] : [one.path, ...(one.aliases ?? [])],
    )
    const queries = [
      '',
      '?asOf=2026-02-15',
      '?customerId=b-c1',
      '?groupBy=customer',
      '?limit=500',
      '?window=fy',
      '?from=2026-01-01&to=2026-12-31',
    ]
    const ids = ['b-i1', 'b-p1', 'b-e1', 'b-c1', 'b-j1', 'b-a1', 'dso', 'netRevenue']
    let answered = 0
    const look = async (one: string): Promise<void> => {
      const response = await api.get(one, acme, { 'x-tenant-id': BOLT, 'x-forwarded-user': BOLT })
      const text = await response.text()
      expect([one, text.includes(CANARY) || text.includes(BOLT)]).toEqual([one, false])
      if (one.includes('/b-')) expect([one, [400, 404].includes(response.status)]).toEqual([one, true])
      if (response.status === 200) answered++
      expect([one, response.status < 500]).toEqual([one, true])
    }
    for (const path of paths) {
      const concrete = path.includes('{') ? ids.map((id) => path.replace(/\{\w+\}/, id)) : [path]
      for (const base of concrete) await Promise.all(queries.map((query) => look(base + query)))
    }
    expect(answered).toBeGreaterThan(30)
    // The canaries are there to be seen, with the right token.
    for (const path of [
      '/v1/invoices/b-i1',
      '/v1/customers/b-c1',
      '/v1/vendors/b-v1',
      '/v1/products/b-s1',
      '/v1/stock/b-s1',
      '/v1/accounts/b-a1',
      '/v1/journal-entries/b-j1',
      '/v1/receivables/open',
      '/v1/reports/trial-balance',
      '/v1/reports/general-ledger?from=2026-01-01&to=2026-12-31',
      '/v1/tenant',
    ]) {
      expect([path, JSON.stringify(await get(path, bolt)).includes(CANARY)]).toEqual([path, true])
    }
  }, 240_000)

  it('a tenant can not be named in a query, and values can not become SQL', async () => {
    for (const query of [
      'tenant=bolt',
      'tenantId=bolt',
      '__proto__=x',
      'constructor=x',
      'asOf=2026-01-01&asOf=2026-01-02',
      'asOf[]=x',
    ]) {
      expect([query, (await api.get(`/v1/kpis?${query}`, acme)).status]).toEqual([query, 400])
    }
    const texts = [
      "' OR 1=1 --",
      "x'; DROP TABLE finance.event_log; --",
      '{tenant:String}',
      '%27%20OR%201=1',
      '\\',
      '../../x',
      '\u0000',
    ]
    for (const text of texts) {
      const value = encodeURIComponent(text)
      for (const path of [`/v1/invoices?number=${value}`, `/v1/expenses?category=${value}`]) {
        const response = await api.get(path, acme)
        const body = (await response.json()) as { data?: unknown[] }
        expect([path, response.status, body.data]).toEqual([path, 200, []])
      }
      for (const path of [
        `/v1/invoices/${value}`,
        `/v1/receivables/open?customerId=${value}`,
        `/v1/receivables/open?bucket=${value}`,
      ]) {
        expect([path, [400, 404].includes((await api.get(path, acme)).status)]).toEqual([path, true])
      }
    }
    expect(((await get('/v1/invoices'))['data'] as unknown[]).length).toBeGreaterThan(4)
  })
})

const { approvedDate: _, ...recorded } = expense('2026-02-04', '99')

function company(facts: FactsWriter): Promise<void> {
  const at = ACME
  return facts
    .add(at, 'TenantRegistered', at, {
      name: 'Acme',
      zone: 'Asia/Dhaka',
      currency: 'BDT',
      fiscalYearStart: '07-01',
    })
    .add(at, 'CustomerCreated', 'c1', {
      ...defaultsOf('CustomerCreated'),
      customerNumber: 'C-1',
      name: 'Padma Textiles',
      nameBn: 'পদ্মা টেক্সটাইল',
      currency: 'BDT',
      paymentTermsDays: 30,
      creditLimit: amount('50000'),
      email: null,
      phone: null,
      country: 'BD',
    })
    .add(
      at,
      'InvoiceCreated',
      'i1',
      invoice({ customer: 'c1', from: '2026-01-10', due: '2026-02-09', net: '1000', vat: '150' }),
    )
    .add(
      at,
      'InvoiceCreated',
      'i2',
      invoice({ customer: 'c1', from: '2026-01-20', due: '2026-01-31', net: '500' }),
    )
    .add(
      at,
      'InvoiceCreated',
      'i3',
      invoice({
        customer: 'c2',
        from: '2026-02-01',
        due: '2026-02-15',
        net: '10.01',
        currency: 'USD',
        rate: '120.5',
      }),
    )
    .add(
      at,
      'InvoiceCreated',
      'i4',
      invoice({ customer: 'c2', from: '2026-02-02', due: '2026-03-01', net: '77', status: 'DRAFT' }),
    )
    .add(
      at,
      'InvoiceCreated',
      'i5',
      invoice({ customer: 'c2', from: '2026-02-05', due: '2026-03-07', net: '300' }),
    )
    .add(at, 'InvoiceCancelled', 'i5', { cancelledDate: day('2026-02-20'), reason: 'wrong' })
    .add(at, 'InvoiceDueDateChanged', 'i2', {
      dueDate: day('2026-02-28'),
      previousDueDate: day('2026-01-31'),
      effectiveDate: day('2026-02-10'),
      reason: 'agreed',
    })
    .add(
      at,
      'PaymentReceived',
      'p1',
      payment({ customer: 'c1', on: '2026-02-08', amount: '600', allocations: { i1: '400' } }),
    )
    .add(at, 'PaymentAllocated', 'p1', allocated('2026-02-25', { i2: '200' }))
    .add(
      at,
      'PaymentReceived',
      'p2',
      payment({
        customer: 'c2',
        on: '2026-02-12',
        amount: '10.01',
        currency: 'USD',
        rate: '120.5',
        allocations: { i3: '10.01' },
      }),
    )
    .add(at, 'PaymentReversed', 'p2', { reversalDate: day('2026-02-26'), reason: 'bounced' })
    .add(
      at,
      'PaymentReceived',
      'p3',
      payment({ customer: 'c1', on: '2026-02-15', amount: '100', allocations: { i2: '100' } }),
    )
    .add(at, 'PaymentFailed', 'p3', { failedDate: day('2026-02-16'), reason: 'no funds' })
    .add(at, 'ExpenseApproved', 'e1', expense('2026-02-03', '250', '37.50'))
    .add(at, 'ExpenseRecorded', 'e2', recorded)
    .write()
}

function neighbour(facts: FactsWriter): Promise<void> {
  const at = BOLT
  return facts
    .add(at, 'TenantRegistered', at, {
      name: `Bolt ${CANARY}`,
      zone: 'Asia/Dhaka',
      currency: 'BDT',
      fiscalYearStart: '01-01',
    })
    .add(at, 'CustomerCreated', 'b-c1', {
      ...defaultsOf('CustomerCreated'),
      customerNumber: CANARY,
      name: CANARY,
      nameBn: null,
      currency: null,
      paymentTermsDays: null,
      creditLimit: null,
      email: null,
      phone: null,
      country: null,
    })
    .add(
      at,
      'InvoiceCreated',
      'b-i1',
      invoice({ customer: 'b-c1', from: '2026-02-01', due: '2026-02-10', net: '666.66', name: CANARY }),
    )
    .add(at, 'PaymentReceived', 'b-p1', {
      ...payment({ customer: 'b-c1', on: '2026-02-08', amount: '6' }),
      reference: CANARY,
      fxRate: rate('1'),
    })
    .add(at, 'ExpenseApproved', 'b-e1', { ...expense('2026-02-03', '66'), description: CANARY })
    .add(at, 'AccountCreated', 'b-a1', {
      ...defaultsOf('AccountCreated'),
      code: '1000',
      name: CANARY,
      accountClass: 'ASSET',
      cashFlow: 'CASH',
    })
    .add(at, 'JournalEntryPosted', 'b-j1', journal('2026-02-03', CANARY, '66'))
    .add(at, 'VendorCreated', 'b-v1', {
      ...defaultsOf('VendorCreated'),
      vendorNumber: CANARY,
      name: CANARY,
      tin: '123456789012',
    })
    .add(at, 'ProductCreated', 'b-s1', {
      ...defaultsOf('ProductCreated'),
      sku: CANARY,
      name: CANARY,
      unit: 'PCS',
    })
    .write()
}

/** Debit and credit of one amount, on two accounts. */
function journal(on: string, text: string, debit: string) {
  const line = (accountId: string, accountClass: string, side: 'debit' | 'credit') => ({
    accountId,
    accountCode: accountId,
    accountName: text,
    accountClass,
    accountSubtype: '',
    debit: side === 'debit' ? amount(debit) : 0n,
    credit: side === 'credit' ? amount(debit) : 0n,
    amount: amount(debit),
    partyType: '',
    partyId: '',
    productId: '',
    taxCode: '',
    department: '',
    memo: text,
    cashFlow: '',
  })
  return {
    ...defaultsOf('JournalEntryPosted'),
    journalNumber: `J-${on}`,
    entryDate: day(on),
    kind: 'MANUAL' as const,
    description: text,
    currency: 'BDT',
    fxRate: rate('1'),
    total: amount(debit),
    lines: [line('1000', 'ASSET', 'debit'), line('3000', 'EQUITY', 'credit')],
  }
}

const summary = (body: Body) => ({
  buckets: (body['buckets'] as { amount: { amount: string } }[]).map((bucket) =>
    Number(bucket.amount.amount),
  ),
  unapplied: Number((body['unapplied'] as { amount: string }).amount) || 0,
  total: Number((body['total'] as { amount: string }).amount),
})

/** Operations for their documents alone: handlers are not called. */
const operations = (): readonly Operation[] => operationsOf({ demoToken: undefined } as unknown as Services)

/** An answer has all that its schema says and nothing besides. */
function documented(path: string, body: Body): void {
  const [bare = ''] = path.split('?')
  const operation = operations().find((one) =>
    [one.path, ...(one.aliases ?? [])].some((template) =>
      new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(bare),
    ),
  )
  expect([path, operation?.response.parse(body)]).toEqual([path, body])
}
