/** The finance topologies on the engine's own task, without a broker: clocks, shapes of results, history, failures. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import type { StoreSpec } from '../../processors/runtime/topology.ts'
import { PAYABLE } from '../../processors/domain/fold-payables.ts'
import { BOOKED } from '../../processors/domain/fold.ts'
import { PAYABLE_STORES, RECEIVABLE_STORES, storeList, TENANTS } from '../../processors/topologies/stores.ts'
import { SCHEMAS } from '../../schemas/codec/avro-types.ts'
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import {
  type AgingResult,
  EVENT_TYPES,
  type EventType,
  type FinanceEvent,
  type KpiResult,
} from '../../schemas/generated/records.ts'
import { formatDay, parseDay, startOfDay } from '../../schemas/values/calendar.ts'
import {
  allocation,
  cancellation,
  event,
  expense,
  invoice,
  payment,
  reversal,
  settings,
} from '../unit/domain/support.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
const at = (text: string) => Date.parse(text)

/** Handled by the settings of a tenant, by the engine, or not of a tenant. */
const ABOUT_TENANTS: ReadonlySet<EventType> = new Set<EventType>([
  'TenantRegistered',
  'TenantSettingsChanged',
  'TenantProcessingStopped',
  'TenantRebuildRequested',
  'Tick',
])

/** A value of an Avro type, as events hold it. */
function plainValue(type: unknown): unknown {
  if (Array.isArray(type)) return null
  const { logicalType, symbols, type: inner } = type as Record<string, unknown>
  if (logicalType === 'decimal') return 1n
  if (symbols !== undefined) return (symbols as string[])[1]
  if (inner === 'array') return []
  const name = inner ?? type
  return name === 'string' ? 'x' : name === 'boolean' ? false : 1
}

/** Any event of a type, of tenant acme. */
function plain(type: EventType, own: object): FinanceEvent {
  const { fields } = SCHEMAS[type] as { readonly fields: readonly { name: string; type: unknown }[] }
  const values = Object.fromEntries(fields.map((field) => [field.name, plainValue(field.type)]))
  const data = {
    ...values,
    ...defaultsOf(type),
    eventId: `e-${type}`,
    tenantId: 'acme',
    recordedAt: NOON,
    occurredAt: NOON,
    ...own,
  }
  return { type, data } as unknown as FinanceEvent
}

let driver: TestDriver
/** 15 January 2026, 10:05 in Dhaka. */
const NOON = at('2026-01-15T04:05:00Z')
beforeEach(() => {
  driver = new TestDriver({ topologies, startMs: NOON })
})

const aging = (slice = '', tenant = 'acme') =>
  driver.results().get(`${tenant}|aging.receivables|${slice}`)?.data as AgingResult | undefined
const kpi = (tenant = 'acme') => driver.results().get(`${tenant}|kpi|`)?.data as KpiResult | undefined
const measure = (window: string, name: string, result = kpi()) => {
  const found = result?.windows.find((w) => w.window === window)?.measures.find((m) => m.name === name)
  return found?.value ?? found?.reason
}
const due = (result: AgingResult | undefined) =>
  result &&
  [...Object.values(result.due), result.unapplied, result.total].map((a) => Number(a) / 10_000).join(' ')
const history = (kind: string) => driver.history().filter((h) => h.data.kind === kind)
const closes = () => history('CLOSE').map((h) => `${h.type} ${formatDay(h.data.asOf)}`)

describe('results', () => {
  it('are one record per tenant and customer for aging, and one per tenant for all KPIs', () => {
    driver.pipe(settings('TenantRegistered'))
    driver.pipe(invoice('I1', { date: '2026-01-01', due: '2026-01-10', total: 115, vat: 15, customer: 'C1' }))
    driver.pipe(payment('P1', { date: '2026-01-12', amount: 100, customer: 'C2', to: { I1: 60 } }))
    expect([...driver.results().keys()].sort()).toEqual([
      'acme|aging.receivables|',
      'acme|aging.receivables|C1',
      'acme|aging.receivables|C2',
      'acme|kpi|',
    ])
    expect(aging()).toMatchObject({
      tenantId: 'acme',
      family: 'aging.receivables',
      slice: '',
      kind: 'CURRENT',
      revision: 2,
      asOf: parseDay('2026-01-15'),
      logTime: NOON,
      currency: 'BDT',
      customerName: '',
      openItems: 1,
    })
    expect([due(aging()), due(aging('C1')), due(aging('C2'))]).toEqual([
      '0 55 0 0 0 -40 15',
      '0 55 0 0 0 0 55',
      '0 0 0 0 0 -40 -40',
    ])
    expect(aging('C1')?.customerName).toBe('Name of C1')
    expect(kpi()).toMatchObject({ family: 'kpi', slice: '', kind: 'CURRENT', revision: 2, currency: 'BDT' })
    expect(kpi()?.windows.map((w) => w.window)).toEqual(['30d', '90d', '365d', 'mtd', 'qtd', 'fy'])
    expect([
      measure('30d', 'netRevenue'),
      measure('30d', 'cashReceived'),
      measure('30d', 'receivables'),
    ]).toEqual(['100.00', '100.00', '15.00'])
  })

  it('show an empty company as soon as it is registered', () => {
    driver.pipe(settings('TenantRegistered', { currency: 'USD' }))
    expect(due(aging())).toBe('0 0 0 0 0 0 0')
    expect([aging()?.currency, measure('30d', 'dso'), measure('fy', 'netIncome')]).toEqual([
      'USD',
      'no_history',
      '0.00',
    ])
  })

  it('work for a tenant that was never registered, by Dhaka days, in taka, with a fiscal year from July', () => {
    driver.pipe(invoice('I1', { date: '2026-01-15', total: 10 }), { timestamp: at('2026-01-14T18:00:00Z') })
    expect(aging()).toMatchObject({ asOf: parseDay('2026-01-15'), currency: 'BDT' })
    expect(formatDay(kpi()?.windows.at(-1)?.fromDate ?? 0)).toBe('2025-07-01')
  })

  it('of a customer that is settled are zero, and gone after midnight', () => {
    driver.pipe(invoice('I1', { date: '2026-01-01', total: 10 }))
    driver.pipe(payment('P1', { date: '2026-01-15', amount: 10, to: { I1: 10 } }))
    expect(due(aging('C1'))).toBe('0 0 0 0 0 0 0')
    driver.tick(at('2026-01-15T18:00:00Z'))
    expect(driver.results().has('acme|aging.receivables|C1')).toBe(false)
    expect(due(aging())).toBe('0 0 0 0 0 0 0')
    driver.pipe(reversal('P1', '2026-01-16'))
    expect(due(aging('C1'))).toBe('0 10 0 0 0 0 10')
  })

  it('of one tenant hold nothing of another', () => {
    driver.pipe(invoice('I1', { date: '2026-01-01', total: 10 }))
    driver.pipe(invoice('I1', { date: '2026-01-01', total: 7, tenantId: 'other' }))
    expect([aging()?.total, aging('', 'other')?.total]).toEqual([100_000n, 70_000n])
    expect([measure('30d', 'sales', kpi('other')), measure('30d', 'netRevenue', kpi('other'))]).toEqual([
      undefined,
      '7.00',
    ])
  })
})

describe('midnight', () => {
  it('in Dhaka moves an invoice to the next bucket with no event but the tick', () => {
    driver.pipe(settings('TenantRegistered'))
    driver.pipe(invoice('I1', { date: '2025-12-01', due: '2026-01-15', total: 10 }))
    driver.tick(at('2026-01-15T17:45:00Z'))
    expect(due(aging())).toBe('10 0 0 0 0 0 10')
    driver.tick(at('2026-01-15T18:00:00Z'))
    expect([due(aging()), due(aging('C1')), formatDay(aging()?.asOf ?? 0)]).toEqual([
      '0 10 0 0 0 0 10',
      '0 10 0 0 0 0 10',
      '2026-01-16',
    ])
    expect(formatDay(kpi()?.asOf ?? 0)).toBe('2026-01-16')
  })

  it('crosses day 31, 61 and 91 in the night in which it should', () => {
    driver.pipe(invoice('I1', { date: '2026-01-15', due: '2026-01-15', total: 10 }))
    const seen: string[] = []
    for (let day = parseDay('2026-01-16'); day <= parseDay('2026-04-17'); day++) {
      driver.tick(startOfDay(day, 'Asia/Dhaka'))
      if ([1, 30, 31, 60, 61, 90, 91].includes(day - parseDay('2026-01-15'))) seen.push(due(aging()) ?? '')
    }
    expect(seen).toEqual([
      '0 10 0 0 0 0 10',
      '0 10 0 0 0 0 10',
      '0 0 10 0 0 0 10',
      '0 0 10 0 0 0 10',
      '0 0 0 10 0 0 10',
      '0 0 0 10 0 0 10',
      '0 0 0 0 10 0 10',
    ])
  })

  it('closes the day that ended as it stood, before what takes effect on the new day', () => {
    driver.pipe(invoice('I1', { date: '2026-01-15', total: 10 }))
    driver.pipe(payment('P1', { date: '2026-01-16', amount: 10, to: { I1: 10 } }))
    driver.tick(at('2026-01-15T18:00:00Z'))
    const [kpis, ages] = history('CLOSE').map((h) => h.data)
    expect([ages, kpis].map((d) => formatDay(d?.asOf ?? 0))).toEqual(['2026-01-15', '2026-01-15'])
    expect(due(ages as AgingResult)).toBe('10 0 0 0 0 0 10')
    expect(measure('30d', 'totalRevenue', kpis as KpiResult)).toBe('0.00')
    expect(ages?.logTime).toBe(at('2026-01-15T18:00:00Z'))
    expect(driver.history()[0]?.key).toBe('acme')
    expect(due(aging())).toBe('0 0 0 0 0 0 0')
    expect(measure('30d', 'totalRevenue')).toBe('10.00')
  })

  it('comes once for every missed day, in order, each with what took effect until then', () => {
    driver.pipe(invoice('I1', { date: '2026-01-14', due: '2026-01-16', total: 10 }))
    driver.pipe(payment('P1', { date: '2026-01-18', amount: 4, to: { I1: 4 } }))
    driver.tick(at('2026-01-20T02:00:00Z'))
    expect(closes()).toEqual(
      ['15', '16', '17', '18', '19'].flatMap((d) => [`KpiResult 2026-01-${d}`, `AgingResult 2026-01-${d}`]),
    )
    const ages = history('CLOSE').filter((h) => h.type === 'AgingResult')
    expect(ages.map((h) => due(h.data as AgingResult))).toEqual([
      '10 0 0 0 0 0 10',
      '10 0 0 0 0 0 10',
      '0 10 0 0 0 0 10',
      '0 6 0 0 0 0 6',
      '0 6 0 0 0 0 6',
    ])
    expect(formatDay(aging()?.asOf ?? 0)).toBe('2026-01-20')
  })

  it('of 30 June ends the fiscal year', () => {
    driver = new TestDriver({ topologies, startMs: at('2026-06-30T06:00:00Z') })
    driver.pipe(invoice('I1', { date: '2026-06-30', total: 100 }))
    expect(measure('fy', 'netRevenue')).toBe('100.00')
    driver.tick(at('2026-06-30T18:00:00Z'))
    expect([measure('fy', 'netRevenue'), measure('qtd', 'netRevenue'), measure('30d', 'netRevenue')]).toEqual(
      ['0.00', '0.00', '100.00'],
    )
    const close = history('CLOSE')[0]?.data as KpiResult
    expect([formatDay(close.asOf), measure('fy', 'netRevenue', close)]).toEqual(['2026-06-30', '100.00'])
  })

  it('keeps its hour through the change to summer time and back', () => {
    driver = new TestDriver({ topologies, startMs: at('2026-03-07T12:00:00Z') })
    driver.pipe(settings('TenantRegistered', { zone: 'America/New_York' }))
    driver.pipe(invoice('I1', { date: '2026-03-01', due: '2026-03-07', total: 10 }))
    // Clocks go forward on 8 March: midnights are 05:00Z before and 04:00Z after.
    for (const [instant, asOf] of [
      ['2026-03-08T04:45:00Z', '2026-03-07'],
      ['2026-03-08T05:00:00Z', '2026-03-08'],
      ['2026-03-09T03:45:00Z', '2026-03-08'],
      ['2026-03-09T04:00:00Z', '2026-03-09'],
      ['2026-11-01T03:45:00Z', '2026-10-31'],
      ['2026-11-01T04:00:00Z', '2026-11-01'],
      ['2026-11-02T04:45:00Z', '2026-11-01'],
      ['2026-11-02T05:00:00Z', '2026-11-02'],
    ] as const) {
      driver.tick(at(instant))
      expect([instant, formatDay(aging()?.asOf ?? 0), formatDay(kpi()?.asOf ?? 0)]).toEqual([
        instant,
        asOf,
        asOf,
      ])
    }
    const days = closes().filter((c) => c.startsWith('AgingResult'))
    expect(days).toHaveLength(parseDay('2026-11-02') - parseDay('2026-03-07'))
    expect(new Set(days).size).toBe(days.length)
  })
})

describe('settings', () => {
  it('of a zone further east bring the next day at once, with its close', () => {
    driver.pipe(settings('TenantRegistered'))
    driver.pipe(invoice('I1', { date: '2026-01-01', due: '2026-01-15', total: 10 }), {
      timestamp: at('2026-01-15T14:00:00Z'),
    })
    driver.pipe(settings('TenantSettingsChanged', { zone: 'Pacific/Auckland' }))
    expect([formatDay(aging()?.asOf ?? 0), due(aging()), closes()]).toEqual([
      '2026-01-16',
      '0 10 0 0 0 0 10',
      ['KpiResult 2026-01-15', 'AgingResult 2026-01-15'],
    ])
    driver.tick(at('2026-01-16T10:45:00Z'))
    expect(formatDay(aging()?.asOf ?? 0)).toBe('2026-01-16')
    driver.tick(at('2026-01-16T11:00:00Z'))
    expect([formatDay(aging()?.asOf ?? 0), formatDay(kpi()?.asOf ?? 0)]).toEqual(['2026-01-17', '2026-01-17'])
  })

  it('of a zone further west take the day back when nothing counted on it yet', () => {
    driver.pipe(invoice('I1', { date: '2026-01-01', due: '2026-01-14', total: 10 }), {
      timestamp: at('2026-01-15T02:00:00Z'),
    })
    expect(due(aging())).toBe('0 10 0 0 0 0 10')
    driver.pipe(settings('TenantSettingsChanged', { zone: 'America/New_York' }))
    expect([formatDay(aging()?.asOf ?? 0), due(aging())]).toEqual(['2026-01-14', '10 0 0 0 0 0 10'])
    driver.tick(at('2026-01-15T05:00:00Z'))
    expect([formatDay(aging()?.asOf ?? 0), due(aging())]).toEqual(['2026-01-15', '0 10 0 0 0 0 10'])
  })

  it('of a zone further west keep the day when something counted on it, until the zone gets there', () => {
    driver.pipe(invoice('I1', { date: '2026-01-15', total: 10 }), { timestamp: at('2026-01-15T02:00:00Z') })
    driver.pipe(settings('TenantSettingsChanged', { zone: 'America/New_York' }))
    expect([formatDay(aging()?.asOf ?? 0), due(aging())]).toEqual(['2026-01-15', '10 0 0 0 0 0 10'])
    driver.tick(at('2026-01-15T05:00:00Z'))
    expect(formatDay(aging()?.asOf ?? 0)).toBe('2026-01-15')
    driver.tick(at('2026-01-16T05:00:00Z'))
    expect(formatDay(aging()?.asOf ?? 0)).toBe('2026-01-16')
  })

  it('of another fiscal year and currency name count at once', () => {
    driver.pipe(settings('TenantRegistered'))
    driver.pipe(invoice('I1', { date: '2026-01-02', total: 10 }))
    driver.pipe(settings('TenantSettingsChanged', { fiscalYearStart: '01-01' }))
    expect(formatDay(kpi()?.windows.at(-1)?.fromDate ?? 0)).toBe('2026-01-01')
  })

  it.each([
    ['unknown_zone', { zone: 'Asia/Nowhere' }],
    ['bad_currency', { currency: 'TAKA' }],
    ['bad_fiscal_year_start', { fiscalYearStart: '02-30' }],
  ])('that nobody can work with are refused: %s', (code, wrong) => {
    driver.pipe(settings('TenantRegistered', wrong))
    expect(driver.dlq().map((d) => d.code)).toEqual([code])
    expect(driver.results().size).toBe(0)
  })
})

describe('snapshots', () => {
  it('come at the first quarter-hour after a change, once, and not again until the next change', () => {
    driver.pipe(settings('TenantRegistered'))
    driver.pipe(invoice('I1', { date: '2026-01-02', total: 10 }))
    driver.pipe(expense('E1', { date: '2026-01-03', net: 5 }))
    expect(history('SNAPSHOT')).toEqual([])
    driver.tick(at('2026-01-15T04:15:00Z'))
    const first = history('SNAPSHOT')
    expect(first.map((h) => [h.type, h.data.logTime])).toEqual([
      ['KpiResult', at('2026-01-15T04:15:00Z')],
      ['AgingResult', at('2026-01-15T04:15:00Z')],
    ])
    expect(measure('30d', 'totalExpenses', first[0]?.data as KpiResult)).toBe('5.00')
    driver.tick(at('2026-01-15T04:30:00Z'))
    driver.tick(at('2026-01-15T04:45:00Z'))
    expect(history('SNAPSHOT')).toHaveLength(2)
    driver.pipe(expense('E2', { date: '2026-01-03', net: 7 }), { timestamp: at('2026-01-15T04:50:00Z') })
    driver.tick(at('2026-01-15T05:00:00Z'))
    expect(history('SNAPSHOT')).toHaveLength(4)
  })
})

describe('refused content', () => {
  it('goes to the dead letters with its code, and the next event counts', () => {
    driver.pipe(invoice('I1', { date: '2026-01-02', total: -10 }))
    driver.pipe(cancellation('I7', '2026-01-02'))
    driver.pipe(allocation('P7', '2026-01-02', { I1: 5 }))
    driver.pipe(invoice('I2', { date: '2026-01-02', total: 10 }))
    expect(driver.dlq().map((d) => d.code)).toEqual(['bad_amount', 'unknown_invoice', 'unknown_payment'])
    expect(due(aging())).toBe('0 10 0 0 0 0 10')
  })

  it('is a journal entry whose debits are not its credits, whoever published it', () => {
    const entry = (id: string, credit: bigint) => {
      const line = (debit: bigint, credited: bigint) => ({
        accountId: 'a',
        accountCode: 'a',
        accountName: '',
        accountClass: '',
        accountSubtype: '',
        debit,
        credit: credited,
        amount: debit + credited,
        partyType: '',
        partyId: '',
        productId: '',
        taxCode: '',
        department: '',
        memo: '',
        cashFlow: '',
      })
      const lines = [line(10_000n, 0n), line(0n, credit)]
      const posted = plain('JournalEntryPosted', { aggregateType: 'journal-entry', aggregateId: id })
      return {
        ...posted,
        data: { ...posted.data, eventId: id, aggregateVersion: 1, lines },
      } as unknown as FinanceEvent
    }
    driver.pipe(entry('J1', 10_000n))
    driver.pipe(entry('J2', 9_999n))
    expect(driver.dlq().map(({ code }) => code)).toEqual(['journal_unbalanced'])
    // A refused entry is not remembered: the corrected one has its version.
    driver.pipe(entry('J2', 10_000n))
    expect(driver.dlq()).toHaveLength(1)
  })

  it('leaves no tenant behind when it was the first that was heard of it', () => {
    driver.pipe(invoice('I1', { date: '2026-01-02', total: -10 }))
    expect([...driver.entries(TENANTS).keys()]).toEqual([])
    expect(driver.results().size).toBe(0)
  })
})

describe('events that no book depends on', () => {
  it('make no tenant and no result', () => {
    driver.pipe(
      event('ExpenseRecorded', 'E1', {
        expenseNumber: 'E',
        category: '',
        vendorId: null,
        vendorName: '',
        department: '',
        description: '',
        currency: 'BDT',
        fxRate: 100_000_000n,
        expenseDate: 0,
        netAmount: 1n,
        vatAmount: 0n,
        total: 1n,
      }),
    )
    driver.tick(at('2026-01-16T00:00:00Z'))
    expect([driver.results().size, driver.history().length, driver.dlq().length]).toEqual([0, 0, 0])
  })

  it('move no number of a tenant and keep nothing of their documents', () => {
    driver.pipe(settings('TenantRegistered'))
    driver.pipe(invoice('I1', { date: '2026-01-01', total: 100 }))
    driver.pipe(payment('P1', { date: '2026-01-02', amount: 40, to: { I1: 40 } }))
    const kept = () =>
      [...storeList(RECEIVABLE_STORES), ...storeList(PAYABLE_STORES)].map((store) => [
        store.name,
        [...driver.entries(store as StoreSpec<unknown>)],
      ])
    // Alerts are no figures: a payment to a vendor that failed is one.
    const shown = () =>
      [...driver.results()]
        .filter(([, { type }]) => type !== 'AlertStatus')
        .map(([key, { data }]) => [key, { ...data, revision: 0 }])
    const before = [kept(), shown()]
    const others = EVENT_TYPES.filter(
      (type) => !BOOKED.has(type) && !PAYABLE.has(type) && !ABOUT_TENANTS.has(type),
    )
    expect(others).toEqual(expect.arrayContaining(['PaymentReconciled', 'StockMoved']))
    others.forEach((type, n) => {
      const aggregateType = type.includes('Payment') ? 'payment' : type.toLowerCase()
      driver.pipe(plain(type, { aggregateType, aggregateId: 'P1', aggregateVersion: n + 2 }))
    })
    expect(driver.dlq()).toEqual([])
    expect([kept(), shown()]).toEqual(before)
    driver.pipe(reversal('P1', '2026-01-03'))
    expect(due(aging())).toBe('0 100 0 0 0 0 100')
  })
})
