/** Journal entries on the engine's own task: late, again, out of order, backdated, refused; what a close and a checkpoint keep. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import type { FinanceEvent, KpiResult } from '../../schemas/generated/records.ts'
import { RATE_ONE } from '../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { entry, type Sides } from '../support/small-ledger.ts'
import { event, invoice, settings } from '../unit/domain/support.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
/** 15 January 2026, 10:05 in Dhaka. */
const NOON = Date.parse('2026-01-15T04:05:00Z')

const LINE = {
  accountId: 'a',
  accountCode: '',
  accountName: '',
  amount: 0n,
  partyType: '',
  partyId: '',
  productId: '',
  taxCode: '',
  department: '',
  memo: '',
}

interface Options {
  readonly kind?: 'DOCUMENT' | 'REVERSAL' | 'CLOSING' | 'OPENING'
  readonly version?: number
}

const posted = (id: string, on: string, sides: Sides, { kind = 'DOCUMENT', version = 1 }: Options = {}) => {
  const lines = entry(sides).lines.map((line) => ({ ...LINE, ...line }))
  return event('JournalEntryPosted', id, {
    aggregateType: 'journal-entry',
    aggregateVersion: version,
    journalNumber: id,
    entryDate: parseDay(on),
    kind,
    currency: 'BDT',
    fxRate: RATE_ONE,
    total: lines.reduce((sum, { debit }) => sum + debit, 0n),
    lines,
  })
}

let driver: TestDriver
beforeEach(() => {
  driver = new TestDriver({ topologies, startMs: NOON })
})
const resultOf = (d: TestDriver) => d.results().get('acme|kpi|')?.data as KpiResult
const measure = (name: string, window = '30d', result = resultOf(driver)) => {
  const found = result.windows.find((w) => w.window === window)?.measures.find((m) => m.name === name)
  return found?.value ?? found?.reason
}
const pipe = (...events: FinanceEvent[]) => {
  for (const one of events) driver.pipe(one)
}

const SALE = posted('sale', '2026-01-10', { RECEIVABLE: 100, REVENUE: -100 })
const RENT = posted('rent', '2026-01-12', { OPERATING_EXPENSE: 30, BANK: -30 })
const CAPITAL = posted('capital', '2025-12-01', { BANK: 500, EQUITY: -500 })

describe('journal entries', () => {
  it('move the KPIs of the ledger at once, for a tenant that nobody registered too', () => {
    pipe(CAPITAL, SALE, RENT)
    // Cash 500 - 30; profit 100 - 30.
    expect([measure('cashPosition'), measure('netIncome'), measure('operatingCashFlow')]).toEqual([
      '470.00',
      '70.00',
      '-30.00',
    ])
    expect(measure('netProfitMargin')).toBe('70.00000000')
  })

  it('count once however often they come', () => {
    pipe(CAPITAL, SALE, RENT)
    const once = resultOf(driver).windows
    pipe(SALE, RENT, CAPITAL, SALE)
    expect(resultOf(driver).windows).toEqual(once)
    expect(driver.dlq()).toEqual([])
  })

  it('give the same in any order, the posting after the mark of its reversal too', () => {
    const reversed = event('JournalEntryReversed', 'rent', {
      aggregateType: 'journal-entry',
      aggregateVersion: 2,
      reversalId: 'back',
      reversalDate: parseDay('2026-01-13'),
      reason: 'wrong',
    })
    const back = posted('back', '2026-01-13', { OPERATING_EXPENSE: -30, BANK: 30 }, { kind: 'REVERSAL' })
    pipe(CAPITAL, SALE, RENT, reversed, back)
    const inOrder = resultOf(driver).windows
    driver = new TestDriver({ topologies, startMs: NOON })
    pipe(back, reversed, RENT, SALE, CAPITAL)
    expect(resultOf(driver).windows).toEqual(inOrder)
    expect(driver.dlq()).toEqual([])
    expect([measure('netIncome'), measure('cashPosition')]).toEqual(['100.00', '500.00'])
  })

  it('of a year’s close leave profit, equity and cash as they are', () => {
    pipe(CAPITAL, SALE, RENT)
    const before = resultOf(driver).windows
    const sides = { REVENUE: 100, OPERATING_EXPENSE: -30, RETAINED_EARNINGS: -70 }
    pipe(posted('close', '2026-01-14', sides, { kind: 'CLOSING' }))
    expect(resultOf(driver).windows).toEqual(before)
  })

  it('of a later day count when that day comes', () => {
    pipe(CAPITAL, posted('soon', '2026-01-16', { OPERATING_EXPENSE: 5, BANK: -5 }))
    expect(measure('cashPosition')).toBe('500.00')
    driver.tick(Date.parse('2026-01-15T18:00:00Z'))
    expect(measure('cashPosition')).toBe('495.00')
  })

  it('that do not balance are refused with the sums, and change nothing', () => {
    pipe(CAPITAL, posted('odd', '2026-01-10', { OPERATING_EXPENSE: 30, BANK: -29 }))
    expect(driver.dlq().map(({ code, message }) => [code, message])).toEqual([
      ['journal_unbalanced', expect.stringContaining('debits are 300000 x 10^-4, credits 290000')],
    ])
    expect(measure('cashPosition')).toBe('500.00')
  })

  it('that come late correct the closes they touch, and those closes alone', () => {
    pipe(settings('TenantRegistered'), CAPITAL)
    driver.tick(Date.parse('2026-01-16T18:00:00Z'))
    pipe(posted('late', '2026-01-16', { OPERATING_EXPENSE: 5, BANK: -5 }))
    driver.tick(Date.parse('2026-01-16T18:30:00Z'))
    const told = driver.history().filter(({ type }) => type === 'KpiResult')
    const of = (kind: string) =>
      told
        .filter(({ data }) => data.kind === kind)
        .map(({ data }) => `${formatDay(data.asOf)} ${measure('cashPosition', '30d', data as KpiResult)}`)
    expect(of('CLOSE')).toEqual(['2026-01-15 500.00', '2026-01-16 500.00'])
    expect(of('CORRECTION')).toEqual(['2026-01-16 495.00'])
  })

  it('are kept by a checkpoint: the same KPIs after a restart, and the same with what comes then', () => {
    pipe(CAPITAL, SALE)
    driver.checkpoint()
    driver.cut()
    driver.restart()
    pipe(RENT)
    const restarted = resultOf(driver).windows
    driver = new TestDriver({ topologies, startMs: NOON })
    pipe(CAPITAL, SALE, RENT)
    expect(restarted).toEqual(resultOf(driver).windows)
  })
})

describe('customers', () => {
  it('count from their first approved invoice on, whichever comes first, and stay when it is cancelled', () => {
    pipe(
      invoice('I1', { date: '2025-12-01', total: 10, customer: 'C1' }),
      invoice('I2', { date: '2026-01-10', total: 10, customer: 'C2' }),
      invoice('I3', { date: '2026-01-11', total: 10, customer: 'C3', status: 'DRAFT' }),
    )
    // One customer before 17 December, two at the end.
    expect(measure('customerGrowthRate')).toBe('100.00000000')
    pipe(invoice('I4', { date: '2025-11-01', total: 10, customer: 'C2' }))
    expect(measure('customerGrowthRate')).toBe('0.00000000')
    pipe(event('InvoiceCancelled', 'I4', { cancelledDate: parseDay('2026-01-12'), reason: 'test' }))
    expect(measure('customerGrowthRate')).toBe('0.00000000')
  })
})
