/** Statements over ClickHouse's engine: the company of tests/support/statement-company.ts, worked on paper. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { COMPANY } from '../../../support/statement-company.ts'
import { chartEvents, entryEvent } from '../../sinks/support/chart-events.ts'
import { registered, T } from '../../sinks/support/events.ts'
import { type Body, type ChdbApi, openChdbApi } from '../support/chdb-api.ts'

// The engine works in this process, and the machine may be busy.
jest.setTimeout(60_000)

let api: ChdbApi
beforeAll(async () => {
  api = await openChdbApi(
    [registered(), ...chartEvents(), ...COMPANY.map(entryEvent)],
    '2025-08-31T06:00:00Z',
  )
})
afterAll(() => api.close())

const get = (path: string, tenant = T) => api.get(path, tenant)
const texts = (list: unknown) =>
  (list as { amount: string }[]).map(({ amount }) => amount.replace(/\.00$/, '')).join(' ')
const sections = (body: Body) =>
  Object.fromEntries((body['sections'] as Body[]).map((one) => [one['key'], texts(one['totals'])]))
const named = (body: Body) =>
  Object.fromEntries(Object.entries(body['totals'] as Body).map(([name, list]) => [name, texts(list)]))

describe('GET /v1/reports/balance-sheet', () => {
  it('has current and non-current sections, accounts in two languages, the open result apart', async () => {
    const body = await get('/v1/reports/balance-sheet?compare=previous&periods=2')
    expect(body).toMatchObject({
      asOf: '2025-08-31',
      currency: 'BDT',
      columns: [{ asOf: '2025-08-31' }, { asOf: '2025-07-31' }, { asOf: '2025-06-30' }],
      balanced: [true, true, true],
      unclassified: { accounts: [] },
    })
    expect(sections(body)).toEqual({
      currentAssets: '92520 109500 100005',
      nonCurrentAssets: '54600 49600 50000',
      currentLiabilities: '3570 1500 0',
      nonCurrentLiabilities: '50000 60000 60000',
      equity: '89300 90000 90005',
    })
    expect(named(body)).toEqual({
      assets: '147120 159100 150005',
      liabilities: '53570 61500 60000',
      equity: '93550 97600 90005',
      liabilitiesAndEquity: '147120 159100 150005',
    })
    const { earlierYears, currentYear } = body['unclosedResult'] as Body
    expect([texts(earlierYears), texts(currentYear)]).toEqual(['0 0 0', '4250 7600 0'])
    const bank = (body['sections'] as { groups: Body[] }[])[0]?.groups.find((one) => one['key'] === 'BANK')
    expect(bank).toMatchObject({
      title: 'Bank',
      titleBn: 'ব্যাংক',
      accounts: [{ code: '1110', name: 'Bank current account', nameBn: 'ব্যাংক চলতি হিসাব' }],
    })
  })

  it('of a range is beside the day before it, and knows the close of a year', async () => {
    const body = await get('/finance/reports/balance-sheet?from=2025-08-01&to=2025-08-31')
    expect([body['columns'], named(body)['assets']]).toEqual([
      [{ asOf: '2025-08-31' }, { asOf: '2025-07-31' }],
      '147120 159100',
    ])
    const closed = await get('/v1/reports/balance-sheet?asOf=2026-06-30')
    expect([named(closed)['equity'], texts((closed['unclosedResult'] as Body)['currentYear'])]).toEqual([
      '93550',
      '0',
    ])
  })
})

describe('GET /v1/reports/profit-and-loss', () => {
  it('has a period beside the one before, and the fiscal year by its last day, closing left out', async () => {
    const body = await get('/v1/reports/profit-and-loss?from=2025-08-01&to=2025-08-31&compare=previous')
    expect(body).toMatchObject({
      columns: [
        { from: '2025-08-01', to: '2025-08-31' },
        { from: '2025-07-01', to: '2025-07-31' },
      ],
    })
    expect(named(body)).toEqual({
      netRevenue: '-200 10000',
      grossProfit: '-2700 10000',
      operatingProfit: '-2700 7600',
      ebit: '-2650 7600',
      ebitda: '-2650 8000',
      profitBeforeTax: '-3250 7600',
      netProfit: '-3350 7600',
    })
    const year = await get('/finance/reports/profit-and-loss?asOf=2026-06-30')
    expect(year).toMatchObject({ from: '2025-07-01', to: '2026-06-30' })
    expect(named(year)['netProfit']).toBe('4250')
  })
})

describe('GET /v1/reports/cash-flow', () => {
  it.each(['direct', 'indirect'])('by the %s method', async (method) => {
    const body = await get(`/v1/reports/cash-flow?asOf=2025-08-31&method=${method}`)
    expect(sections(body)).toEqual({ operating: '-1300', investing: '50', financing: '-11300' })
    expect(
      ['opening', 'broughtIn', 'change', 'closing', 'netProfit'].map((name) => texts(body[name])),
    ).toEqual(['100005', '-5', '-12550', '87450', '4250'])
    expect(body['balanced']).toEqual({ partsEqualChange: [true], methodsAgree: [true] })
    const groups = (body['sections'] as { groups: Body[] }[])[0]?.groups ?? []
    expect(groups.map((one) => `${String(one['key'])} ${texts(one['totals'])}`)).toEqual(
      method === 'direct'
        ? [
            'RECEIVABLE 8500',
            'TAX_RECEIVABLE -800',
            'INVENTORY -4000',
            'PAYABLE -3000',
            'OPERATING_EXPENSE -2000',
          ]
        : ['shownElsewhere 550', 'nonCash -4600', 'workingCapital -1500'],
    )
  })
})

describe('GET /v1/cash-flow', () => {
  it('has cash by day and by activity: a transfer between own accounts is nothing', async () => {
    const body = await get('/v1/cash-flow?from=2025-07-01&to=2025-08-31')
    const amounts = (of: Body) =>
      ['opening', 'broughtIn', 'cashIn', 'cashOut', 'closing', 'operating', 'investing', 'financing'].map(
        (name) => texts([of[name]]),
      )
    expect(amounts(body)).toEqual(['100005', '-5', '8050', '20600', '87450', '-1300', '50', '-11300'])
    const days = body['data'] as Body[]
    expect(days).toHaveLength(62)
    const moved = days.filter((one) => texts([one['opening']]) !== texts([one['closing']]))
    expect(moved.map((one) => [one['date'], ...amounts(one)].join(' '))).toEqual([
      '2025-07-02 100005 -5 0 0 100000 0 0 0',
      '2025-07-20 100000 0 8000 0 108000 8000 0 0',
      '2025-07-25 108000 0 0 2300 105700 -2300 0 0',
      '2025-08-10 105700 0 0 3000 102700 -3000 0 0',
      '2025-08-12 102700 0 0 10600 92100 0 0 -10600',
      '2025-08-20 92100 0 50 0 92150 0 50 0',
      '2025-08-25 92150 0 0 4000 88150 -4000 0 0',
      '2025-08-31 88150 0 0 700 87450 0 0 -700',
    ])
    expect(days.find((one) => one['date'] === '2025-08-15')).toMatchObject({ cashIn: { amount: '0.00' } })
    expect(body['outlook']).toMatchObject({ cash: { amount: '87450.00' }, daysToShortage: null })
  })
})

describe('statements', () => {
  it.each([
    ['balance-sheet?asOf=2025-08-31&to=2025-08-31', 'query_invalid'],
    ['balance-sheet?from=2025-08-01&to=2025-08-31&compare=lastYear', 'query_invalid'],
    ['profit-and-loss?from=2025-08-02&to=2025-08-01', 'range_invalid'],
    ['profit-and-loss?compare=budget', 'query_invalid'],
    ['profit-and-loss?periods=13', 'query_invalid'],
    ['cash-flow?method=both', 'query_invalid'],
  ])('refuse %s', async (path, code) => {
    const response = await api.ask(`/v1/reports/${path}`, T)
    expect([response.status, ((await response.json()) as Body)['code']]).toEqual([400, code])
  })

  it('of a tenant without books are empty and balance', async () => {
    expect(await get('/v1/reports/balance-sheet', 'nobody')).toMatchObject({ balanced: [true] })
    expect(named(await get('/v1/reports/profit-and-loss', 'nobody'))['netProfit']).toBe('0')
    expect(await get('/v1/reports/cash-flow', 'nobody')).toMatchObject({
      balanced: { partsEqualChange: [true], methodsAgree: [true] },
    })
  })

  it('are remembered while nothing is new', async () => {
    const path = '/v1/reports/cash-flow?asOf=2025-08-30'
    await get(path)
    api.asked.length = 0
    await get(path)
    expect(api.asked.filter((name) => !name.startsWith('version'))).toEqual([])
  })
})

// The last of this file: what arrives stays.
describe('GET /v1/cash-flow while entries arrive', () => {
  it('is of one moment', async () => {
    const moving = Array.from({ length: 20 }, (_, i) =>
      entryEvent({ id: `m${i}`, on: '2025-08-01', kind: 'MANUAL', sides: { '1110': '10', '4100': '-10' } }),
    )
    api.arriving.push(...moving)
    const body = await api.get('/v1/cash-flow?from=2025-07-01&to=2025-08-31', T)
    const [opening, broughtIn, closing, net, ...activities] = [
      'opening',
      'broughtIn',
      'closing',
      'net',
      'operating',
      'investing',
      'financing',
    ].map((name) => Number((body[name] as { amount: string }).amount))
    expect(activities.reduce((sum, one) => sum + one, 0)).toBe(net)
    expect((opening ?? 0) + (broughtIn ?? 0) + (net ?? 0)).toBe(closing)
    // Something did arrive between the first question and the last.
    expect(closing).toBeGreaterThan(87_450)
  })
})
