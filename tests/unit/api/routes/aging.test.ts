/** Aging and open items over HTTP, for both sides of the books: every parameter, by hand, over ClickHouse's engine. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { FinanceEvent } from '../../../../schemas/generated/records.ts'
import { bothSides, type Withheld } from '../../../support/payables-mirror.ts'
import { allocation, creditNote, invoice, payment, settings, taka } from '../../domain/support.ts'
import { type Body, type ChdbApi, openChdbApi } from '../support/chdb-api.ts'

// The engine works in this process, and the machine may be busy.
jest.setTimeout(60_000)

/** [appended, event]: the last two were backdated, and came on 5 July, one of them after midnight in Dhaka. */
const STORY: readonly (readonly [string, FinanceEvent])[] = [
  ['2026-05-01T05:00:00Z', settings('TenantRegistered')],
  [
    '2026-05-01T05:00:00Z',
    invoice('I1', { date: '2026-05-01', due: '2026-05-31', total: 100, disputed: true }),
  ],
  [
    '2026-06-10T05:00:00Z',
    invoice('I2', {
      customer: 'C2',
      date: '2026-06-10',
      due: '2026-06-20',
      total: 20,
      currency: 'USD',
      rate: '120.5',
    }),
  ],
  [
    '2026-06-12T05:00:00Z',
    invoice('I3', {
      date: '2026-04-01',
      due: '2026-07-31',
      total: 90,
      parts: [
        ['2026-04-30', 30],
        ['2026-06-29', 30],
        ['2026-07-31', 30],
      ],
    }),
  ],
  ['2026-06-15T05:00:00Z', payment('P1', { date: '2026-06-15', amount: 25 })],
  ['2026-06-15T05:00:00Z', creditNote('N1', { date: '2026-06-01', total: 10, to: { I3: 10 } })],
  ['2026-07-05T17:59:59.999Z', allocation('P1', '2026-06-18', { I3: 5 })],
  ['2026-07-05T18:00:00Z', payment('P2', { date: '2026-06-30', amount: 40, to: { I1: 40 } })],
]
const WITHHELD: Withheld = [taka(3), taka(2)]

let api: ChdbApi
beforeAll(async () => {
  const events: FinanceEvent[] = []
  const appended: number[] = []
  for (const [at, one] of STORY) {
    for (const told of bothSides([withSeller(one)], () => WITHHELD)) {
      events.push(told)
      appended.push(Date.parse(at))
    }
  }
  api = await openChdbApi(events, '2026-07-20T06:00:00Z', appended)
})
afterAll(() => api.close())

/** I1 and I3 were sold by S1. */
const withSeller = (one: FinanceEvent): FinanceEvent =>
  one.type === 'InvoiceCreated' && one.data.aggregateId !== 'I2'
    ? { ...one, data: { ...one.data, salespersonId: 'S1' } }
    : one

interface Figures {
  readonly key?: string
  readonly buckets: readonly { readonly label: string; readonly amount: { readonly amount: string } }[]
  readonly unapplied: { readonly amount: string }
  readonly disputed: { readonly amount: string }
  readonly total: { readonly amount: string; readonly currency: string }
  readonly totalBase?: { readonly amount: string; readonly currency: string }
  readonly openItems: number
}
const rowOf = (of: Figures): string =>
  [...of.buckets.map((b) => b.amount), of.unapplied, of.total].map(({ amount }) => Number(amount)).join(' ')

describe.each([
  { side: 'receivables', party: 'customer', document: 'invoice' },
  { side: 'payables', party: 'vendor', document: 'bill' },
] as const)('$side', ({ side, party, document }) => {
  const ask = (query: string): Promise<Body & Figures> =>
    api.get(`/v1/${side}/aging?${query}`, 'acme') as unknown as Promise<Body & Figures>
  const groups = async (query: string) =>
    ((await ask(query))['groups'] as Figures[]).map((one) => `${one.key}: ${rowOf(one)}`)

  // On 30 June: I1 60 of 100 (30 days), I2 20 USD (10 days), I3 75 of 90: 15 (61 days), 30 (1 day), 30 (not due); P1 20.
  it.each([
    ['asOf=2026-06-30', '30 2500 0 15 0 -20 2525'],
    ['asOf=2026-06-30&basis=posting', '0 2410 60 75 0 -20 2525'],
    ['asOf=2026-06-30&ageCredits=own-date', '30 2480 0 15 0 0 2525'],
    ['asOf=2026-06-17', '2470 100 20 0 0 -25 2565'],
    ['asOf=2026-04-30', '90 0 0 0 0 0 90'],
    ['asOf=2027-01-01', '0 0 0 0 2545 -20 2525'],
  ])('%s', async (query, row) => expect(rowOf(await ask(query))).toBe(row))

  it('has buckets of its own', async () => {
    const body = await ask('asOf=2026-06-30&buckets=1,10,29,30,61')
    expect(body.buckets.map(({ label, amount }) => `${label} ${Number(amount.amount)}`)).toEqual([
      'current 30',
      '1-1 30',
      '2-10 2410',
      '11-29 0',
      '30-30 60',
      '31-61 15',
      '61+ 0',
    ])
    for (const bad of ['30,20', '0', '-1', '30,30', '1.5', '1,2,3,4,5,6,7,8,9,10,11'])
      expect([bad, (await api.ask(`/v1/${side}/aging?buckets=${bad}`, 'acme')).status]).toEqual([bad, 400])
    expect((await ask('buckets=1,2,3,4,5,6,7,8,9,10')).buckets).toHaveLength(12)
  })

  it('tells what was known at an instant, or by the end of a day of the tenant', async () => {
    const known = async (at: string) => rowOf(await ask(`asOf=2026-06-30&knownAt=${encodeURIComponent(at)}`))
    expect(await known('2026-06-14T00:00:00Z')).toBe('30 2540 0 30 0 0 2600')
    expect(await known('2026-07-05T12:00:00Z')).toBe('30 2540 0 20 0 -25 2565')
    expect(await known('2026-07-05T17:59:59.998Z')).toBe('30 2540 0 20 0 -25 2565')
    expect(await known('2026-07-05T17:59:59.999Z')).toBe('30 2540 0 15 0 -20 2565')
    // 5 July ends in Dhaka at 18:00:00Z.
    expect(await known('2026-07-05')).toBe('30 2540 0 15 0 -20 2565')
    expect(await known('2026-07-06T00:00:00+06:00')).toBe('30 2500 0 15 0 -20 2525')
    expect(await known('2026-07-06')).toBe('30 2500 0 15 0 -20 2525')
    const body = await ask('asOf=2026-06-30&knownAt=2026-07-05')
    expect([body['knownAt'], body['source']]).toEqual(['2026-07-05T17:59:59.999Z', 'clickhouse'])
    expect((await ask('asOf=2026-06-30'))['knownAt']).toBeNull()
    for (const bad of ['yesterday', '2026-02-30', '2026-07-05T25:00:00Z', '2026-07-05T12:00:00'])
      expect([bad, (await api.ask(`/v1/${side}/aging?knownAt=${bad}`, 'acme')).status]).toEqual([bad, 400])
  })

  it(`groups by ${party} and by currency, each with its sum in the base currency`, async () => {
    expect(await groups(`asOf=2026-06-30&groupBy=${party}`)).toEqual([
      'C2: 0 2410 0 0 0 0 2410',
      'C1: 30 90 0 15 0 -20 115',
    ])
    const body = await ask('asOf=2026-06-30&groupBy=currency')
    expect(
      (body['groups'] as Figures[]).map((one) => [rowOf(one), one.total.currency, one.totalBase]),
    ).toEqual([
      ['30 90 0 15 0 -20 115', 'BDT', { amount: '115.00', currency: 'BDT' }],
      ['0 20 0 0 0 0 20', 'USD', { amount: '2410.00', currency: 'BDT' }],
    ])
  })

  it('says what is disputed, and how many documents are open', async () => {
    const { disputed, openItems } = await ask('asOf=2026-06-30')
    expect([disputed.amount, openItems]).toEqual(['60.00', 3])
  })

  it(`lists the ${document}s behind a bucket, by party, and as they were known`, async () => {
    const open = async (query: string) => {
      const { data } = await api.get(`/v1/${side}/open?asOf=2026-06-30&${query}`, 'acme')
      type Open = { readonly openBase: { readonly amount: string }; readonly age: number } & Record<
        string,
        string
      >
      return (data as Open[]).map((one) => `${one[`${document}Id`]} ${one.openBase.amount} ${one.age}`)
    }
    expect(await open('')).toEqual([
      'I3 15.00 61',
      'I1 60.00 30',
      'I2 2410.00 10',
      'I3 30.00 1',
      'I3 30.00 -31',
    ])
    expect(await open('bucket=1-30')).toEqual(['I1 60.00 30', 'I2 2410.00 10', 'I3 30.00 1'])
    expect(await open(`${party}Id=C2`)).toEqual(['I2 2410.00 10'])
    expect(await open('basis=posting&bucket=61-90')).toEqual(['I3 75.00 90'])
    expect(await open('bucket=1-30&knownAt=2026-07-05')).toEqual([
      'I1 100.00 30',
      'I2 2410.00 10',
      'I3 30.00 1',
    ])
    const other = party === 'customer' ? 'vendorId' : 'customerId'
    expect((await api.ask(`/v1/${side}/open?${other}=C2`, 'acme')).status).toBe(400)
  })

  it('is nothing for a tenant without documents', async () => {
    const body = await api.get(`/v1/${side}/aging?asOf=2026-06-30`, 'nobody')
    expect(rowOf(body as unknown as Figures)).toBe('0 0 0 0 0 0 0')
  })
})

describe('groups by salesperson', () => {
  it('are those that invoices name; credits and the rest have none', async () => {
    const body = await api.get('/v1/receivables/aging?asOf=2026-06-30&groupBy=salesperson', 'acme')
    expect((body['groups'] as Figures[]).map((one) => `${one.key}: ${rowOf(one)}`)).toEqual([
      ': 0 2410 0 0 0 -20 2390',
      'S1: 30 90 0 15 0 0 135',
    ])
  })

  it('are refused for payables, as are those of the other side', async () => {
    for (const path of [
      'payables/aging?groupBy=salesperson',
      'payables/aging?groupBy=customer',
      'receivables/aging?groupBy=vendor',
    ])
      expect([path, (await api.ask(`/v1/${path}`, 'acme')).status]).toEqual([path, 400])
  })
})
