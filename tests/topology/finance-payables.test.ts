/** Payables on the engine's own task: the same clocks, closes and corrections as receivables, on stores of their own. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import type { StoreSpec } from '../../processors/runtime/topology.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import { PAYABLE_STORES, RECEIVABLE_STORES, storeList } from '../../processors/topologies/stores.ts'
import type { AgingResult, FinanceEvent } from '../../schemas/generated/records.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { asPayable, bothSides } from '../support/payables-mirror.ts'
import { taka } from '../unit/domain/support.ts'
import { allocation, event, invoice, payment, reversal, settings } from '../unit/domain/support.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
const at = (text: string) => Date.parse(text)
/** 15 January 2026, 10:05 in Dhaka. */
const NOON = at('2026-01-15T04:05:00Z')

let d: TestDriver
beforeEach(() => {
  d = new TestDriver({ topologies, startMs: NOON, idHorizonMs: 400 * 86_400_000 })
})

const paid = (one: FinanceEvent) => asPayable(one)
const aging = (slice = '', side = 'payables') =>
  d.results().get(`acme|aging.${side}|${slice}`)?.data as AgingResult | undefined
const due = (result: AgingResult | undefined) =>
  result &&
  [...Object.values(result.due), result.unapplied, result.total].map((a) => Number(a) / 10_000).join(' ')
const told = (kind: string) =>
  d
    .history()
    .filter(({ type, data }) => type === 'AgingResult' && data.kind === kind)
    .map(({ data }) => data as AgingResult)
const totals = (kind: string, family = 'aging.payables') =>
  told(kind)
    .filter((one) => one.family === family)
    .map(({ asOf, total }) => `${formatDay(asOf).slice(5)}: ${Number(total) / 10_000}`)

describe('payables', () => {
  it('are one record per tenant and vendor beside those of receivables, named by the master', () => {
    d.pipe(settings('TenantRegistered'))
    expect(aging()).toBeUndefined()
    d.pipe(paid(invoice('I1', { date: '2026-01-01', due: '2026-01-10', total: 115, customer: 'V1' })))
    d.pipe(event('VendorCreated', 'V1', { vendorNumber: 'V', name: 'Meghna Paper', tin: '123456789012' }))
    // The bill is overdue and there is no cash: an alert says so.
    const figures = [...d.results().keys()].filter((key) => !key.startsWith('acme|alerts|'))
    expect(figures.sort()).toEqual([
      'acme|aging.payables|',
      'acme|aging.payables|V1',
      'acme|aging.receivables|',
      'acme|kpi|',
    ])
    expect(aging('V1')).toMatchObject({ customerName: 'Meghna Paper', openItems: 1, currency: 'BDT' })
    expect([due(aging()), due(aging('', 'receivables'))]).toEqual(['0 115 0 0 0 0 115', '0 0 0 0 0 0 0'])
  })

  it('move at midnight in Dhaka: not at 17:59:59Z, at 18:00:00Z, without an event', () => {
    d.pipe(settings('TenantRegistered'))
    d.pipe(paid(invoice('I1', { date: '2026-01-15', due: '2026-01-15', total: 10 })))
    d.pipe(invoice('I1', { date: '2026-01-15', due: '2026-01-15', total: 10 }), {
      timestamp: at('2026-01-15T17:59:59Z'),
    })
    const both = () => [due(aging()), due(aging('', 'receivables'))]
    expect(both()).toEqual(['10 0 0 0 0 0 10', '10 0 0 0 0 0 10'])
    d.tick(at('2026-01-15T18:00:00Z'))
    expect(both()).toEqual(['0 10 0 0 0 0 10', '0 10 0 0 0 0 10'])
    expect([totals('CLOSE'), totals('CLOSE', 'aging.receivables')]).toEqual([['01-15: 10'], ['01-15: 10']])
  })

  it('take the settings of a tenant that was known before its first bill, and keep to its midnight when they change', () => {
    d.pipe(settings('TenantRegistered', { zone: 'Europe/London' }))
    d.pipe(paid(invoice('I1', { date: '2026-01-15', due: '2026-01-15', total: 10 })))
    d.tick(at('2026-01-15T23:45:00Z'))
    expect(due(aging())).toBe('10 0 0 0 0 0 10')
    d.pipe(settings('TenantSettingsChanged', { zone: 'Asia/Dhaka' }), {
      timestamp: at('2026-01-15T23:46:00Z'),
    })
    expect(due(aging())).toBe('0 10 0 0 0 0 10')
    expect(totals('CLOSE')).toEqual(['01-15: 10'])
  })

  it('correct the closes of a backdated payment, and leave those of receivables as they are', () => {
    d.pipe(settings('TenantRegistered'))
    d.pipe(paid(invoice('I1', { date: '2026-01-10', due: '2026-01-20', total: 100 })))
    d.tick(at('2026-01-17T20:00:00Z'))
    expect(totals('CLOSE')).toEqual(['01-15: 100', '01-16: 100', '01-17: 100'])
    d.pipe(paid(payment('P1', { date: '2026-01-16', amount: 30, to: { I1: 30 } })), {
      timestamp: at('2026-01-17T20:01:00Z'),
    })
    d.tick(at('2026-01-17T20:15:00Z'))
    expect(totals('CORRECTION')).toEqual(['01-16: 70', '01-17: 70'])
    expect(totals('CORRECTION', 'aging.receivables')).toEqual([])
    expect(d.late().map(({ headers }) => headers['nikash-late-window'])).toEqual(['close 2026-01-16'])
  })

  it('count an event once however often it comes', () => {
    d.pipe(settings('TenantRegistered'))
    const bill = paid(invoice('I1', { date: '2026-01-01', due: '2026-01-10', total: 100 }))
    const money = paid(payment('P1', { date: '2026-01-12', amount: 40, to: { I1: 40 } }))
    for (const one of [bill, money, bill, money, money]) d.pipe(one)
    expect([due(aging()), d.dlq()]).toEqual(['0 60 0 0 0 0 60', []])
  })

  it('show a vendor that is settled with zeros until midnight, then take it away', () => {
    d.pipe(settings('TenantRegistered'))
    d.pipe(paid(invoice('I1', { date: '2026-01-01', total: 100, customer: 'V1' })))
    d.pipe(paid(payment('P1', { date: '2026-01-12', amount: 100, customer: 'V1', to: { I1: 100 } })))
    expect(due(aging('V1'))).toBe('0 0 0 0 0 0 0')
    d.tick(at('2026-01-16T18:00:00Z'))
    expect(aging('V1')).toBeUndefined()
  })

  it('refuse what can not be, in their own words', () => {
    d.pipe(settings('TenantRegistered'))
    const bill = paid(invoice('I1', { date: '2026-01-01', total: 100 }))
    d.pipe(bill)
    d.pipe({
      ...bill,
      data: { ...bill.data, eventId: 'b1900000-0000-7000-8000-00000000ffff' },
    } as FinanceEvent)
    const greedy = paid(invoice('I2', { date: '2026-01-01', total: 100 }))
    d.pipe({ ...greedy, data: { ...greedy.data, vdsWithheld: taka('100.01') } } as FinanceEvent)
    d.pipe(event('BillCancelled', 'I9', { cancelledDate: 20_454, reason: '' }))
    d.pipe(paid(allocation('P9', '2026-01-02', { I1: 5 })))
    expect(d.dlq().map((letter) => letter.code)).toEqual([
      'bill_exists',
      'bad_amount',
      'unknown_bill',
      'unknown_payment',
    ])
  })

  it('move nothing of the book of receivables, nor the other way round', () => {
    d.pipe(settings('TenantRegistered'))
    const story = [
      invoice('I1', { date: '2026-01-01', due: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 40, to: { I1: 40 } }),
      reversal('P1', '2026-01-14'),
    ]
    const kept = (stores: typeof RECEIVABLE_STORES) =>
      storeList(stores).map((store) => [store.name, [...d.entries(store as StoreSpec<unknown>)]])
    for (const one of bothSides(story)) {
      const isSale = one.type.startsWith('Invoice') || one.type.startsWith('Payment')
      const other = isSale ? PAYABLE_STORES : RECEIVABLE_STORES
      const before = kept(other)
      d.pipe(one)
      expect(kept(other)).toEqual(before)
    }
    expect([due(aging()), due(aging('', 'receivables'))]).toEqual(['0 100 0 0 0 0 100', '0 100 0 0 0 0 100'])
  })
})

describe('the control account', () => {
  const [, payables] = topologies
  /** Renders the tenant from stores in which its balance is `off` away from the movements. */
  const render = (off: bigint): string[] => {
    d.pipe(settings('TenantRegistered'))
    d.pipe(paid(payment('P1', { date: '2026-01-12', amount: 40 })))
    const counted: string[] = []
    const store = (spec: StoreSpec<unknown>) => ({
      get: (key: string) => {
        const value = new Map(d.entries(spec)).get(key)
        return spec.name === 'payable-balances' ? { ...(value as object), unapplied: taka(40) + off } : value
      },
    })
    payables?.render('acme|', {
      partition: 0,
      epoch: 1,
      revision: 1,
      logTime: NOON,
      store: store as never,
      rows: store as never,
      count: (what) => counted.push(what),
    })
    return counted
  }

  it('is held against the aging at every cut: one poisha is noticed', () => {
    expect(render(0n)).toEqual([])
    expect(render(100n)).toEqual(['control_mismatch'])
  })
})
