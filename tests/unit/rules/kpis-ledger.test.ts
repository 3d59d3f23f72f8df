/**
 * KPIs of the general ledger for a small trading company. Every expected number was worked by hand from this:
 *
 *                      before   at the end of the year          the year's profit
 * cash and bank           500   500+790-620-60-58-100+50 = 502   sales 820, returns 20     800
 * receivables             200   200+820-20-790           = 210   cost of sales             600
 * inventory               300   300+650-600              = 350   rent                       60
 * fixed assets, net       500   600-100-40-5+100         = 555   depreciation 40, amort. 5  45
 * assets                1,500                            1,617   operating income           95
 * payables                150   150+650-620              = 180   interest 20, tax 15        35
 * taxes                    50   50+15                    =  65   net income                 60
 * current part of loans   100   100-38                   =  62
 * long-term loans         400   400+50                   = 450
 * equity                  800   800+60                   = 860   current liabilities 180+65+62 = 307
 */
import { describe, expect, it } from '@jest/globals'
import { creditRiskOf } from '../../../schemas/rules/kpis/credit-risk.ts'
import {
  computeKpis,
  computeMeasure,
  computeWindow,
  type DayFigures,
  FigureSeries,
  NO_FIGURES,
} from '../../../schemas/rules/kpis.ts'
import type { WindowName } from '../../../schemas/rules/windows.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { ledgerOf, type Posted, taka } from '../../support/small-ledger.ts'

const ENTRIES: readonly Posted[] = [
  [
    '2024-06-30',
    {
      BANK: 500,
      RECEIVABLE: 200,
      INVENTORY: 300,
      FIXED_ASSET: 600,
      ACCUMULATED_DEPRECIATION: -100,
      PAYABLE: -150,
      TAX_PAYABLE: -50,
      CURRENT_PART_OF_LONG_TERM_DEBT: -100,
      LONG_TERM_DEBT: -400,
      EQUITY: -800,
    },
    'OPENING',
  ],
  ['2024-09-10', { RECEIVABLE: 820, REVENUE: -820 }, 'DOCUMENT'],
  ['2024-09-20', { RETURNS: 20, RECEIVABLE: -20 }, 'DOCUMENT'],
  ['2024-10-01', { INVENTORY: 650, PAYABLE: -650 }, 'DOCUMENT'],
  ['2024-10-15', { COGS: 600, INVENTORY: -600 }, 'DOCUMENT'],
  ['2024-11-05', { BANK: 790, RECEIVABLE: -790 }, 'DOCUMENT'],
  ['2024-11-20', { PAYABLE: 620, BANK: -620 }, 'DOCUMENT'],
  ['2025-01-10', { OPERATING_EXPENSE: 60, BANK: -60 }],
  ['2025-03-31', { DEPRECIATION: 40, ACCUMULATED_DEPRECIATION: -40 }],
  ['2025-03-31', { AMORTISATION: 5, FIXED_ASSET: -5 }],
  ['2025-04-01', { CURRENT_PART_OF_LONG_TERM_DEBT: 38, INTEREST_EXPENSE: 20, BANK: -58 }],
  ['2025-05-15', { FIXED_ASSET: 100, BANK: -100 }],
  ['2025-05-20', { BANK: 50, LONG_TERM_DEBT: -50 }],
  ['2025-06-20', { INCOME_TAX: 15, TAX_PAYABLE: -15 }],
  ['2025-06-25', { CASH: 30, BANK: -30 }],
  [
    '2025-06-30',
    {
      REVENUE: 820,
      RETURNS: -20,
      COGS: -600,
      OPERATING_EXPENSE: -60,
      DEPRECIATION: -40,
      AMORTISATION: -5,
      INTEREST_EXPENSE: -20,
      INCOME_TAX: -15,
      RETAINED_EARNINGS: -60,
    },
    'CLOSING',
  ],
]
const LEDGER = ledgerOf(ENTRIES)

const on = (date: string, amounts: Record<string, number>, counts: Partial<DayFigures> = {}) => ({
  ...NO_FIGURES,
  ...Object.fromEntries(Object.entries(amounts).map(([name, n]) => [name, taka(n)])),
  ...counts,
  day: parseDay(date),
})
/** The same company's documents: what customers were invoiced and paid. Ten customers before, two new ones. */
const DOCUMENTS = new FigureSeries([
  on('2024-06-30', { receivables: 200, sales: 200, netRevenue: 200 }, { customers: 10, invoices: 1 }),
  on('2024-09-10', { receivables: 820, sales: 820, netRevenue: 820 }, { customers: 2, invoices: 1 }),
  on('2024-09-20', { receivables: -20, sales: -20, netRevenue: -20 }),
  on('2024-11-05', { receivables: -790, cashIn: 790 }),
])

const input = (asOf: string) => ({
  series: DOCUMENTS,
  ledger: LEDGER,
  asOf: parseDay(asOf),
  fiscalYearStart: '07-01',
  currency: 'BDT',
})
const measures = (asOf: string, window: WindowName = '365d', more = {}) => {
  const result = computeWindow(window, { ...input(asOf), ...more })
  const of = (name: string) => {
    const found = result.measures.find((m) => m.name === name)
    if (!found) throw new Error(`no ${name}`)
    return found
  }
  return { of, partial: result.partial }
}

describe('a year of the company', () => {
  const { of, partial } = measures('2025-06-30')

  it.each([
    // C-5, C-8..C-10, C-17, C-29: balances at the end.
    ['cashPosition', '502.00', 'BDT'],
    ['currentRatio', '3.45928339', 'ratio'], // (502 + 210 + 350) / 307
    ['workingCapitalRatio', '3.45928339', 'ratio'],
    ['quickRatio', '2.31921824', 'ratio'], // 712 / 307
    ['debtToEquity', '0.59534884', 'ratio'], // 512 / 860
    ['payables', '180.00', 'BDT'],
    ['inventory', '350.00', 'BDT'],
    ['tradeWorkingCapital', '30.00', 'BDT'], // 210 - 180
    ['operatingWorkingCapital', '380.00', 'BDT'], // 210 + 350 - 180
    ['netWorkingCapital', '755.00', 'BDT'], // 1,062 - 307
    // C-7, C-11..C-16: flows over two-point averages, 365 days.
    ['returnOnAssets', '3.84985563', 'percent'], // 60 / 1,558.5
    ['returnOnEquity', '7.22891566', 'percent'], // 60 / 830
    ['assetTurnover', '0.51331408', 'ratio'], // 800 / 1,558.5
    ['inventoryTurnover', '1.84615385', 'ratio'], // 600 / 325
    ['dio', '197.70833333', 'days'], // 325 / 600 x 365
    ['dpo', '92.65384615', 'days'], // 165 / 650 x 365
    ['payablesTurnover', '3.93939394', 'ratio'], // 650 / 165
    ['dso', '93.53125000', 'days'], // 205 / 800 x 365
    ['receivablesTurnover', '3.90243902', 'ratio'], // 800 / 205
    ['cashConversionCycle', '198.58573718', 'days'], // 93.53125 + 197.70833333 - 92.65384615
    // C-18..C-22, C-42: profit and cash of the year.
    ['grossProfitMargin', '25.00000000', 'percent'], // 200 / 800
    ['operatingProfitMargin', '11.87500000', 'percent'], // 95 / 800
    ['netProfitMargin', '7.50000000', 'percent'], // 60 / 800
    ['netIncome', '60.00', 'BDT'],
    ['ebitda', '140.00', 'BDT'], // 60 + 20 + 15 + 45
    ['operatingCashFlow', '110.00', 'BDT'], // 790 - 620 - 60
    ['investingCashFlow', '-100.00', 'BDT'],
    ['financingCashFlow', '-8.00', 'BDT'], // -58 + 50
    ['netCashFlow', '2.00', 'BDT'], // 502 - 500
    ['operatingCashFlowRatio', '0.35830619', 'ratio'], // 110 / 307
    // C-24..C-26.
    ['customerGrowthRate', '20.00000000', 'percent'], // 12 after 10
    ['debtServiceCoverage', '2.15517241', 'ratio'], // (140 - 15) / (20 + 38)
    ['interestCoverage', '4.75000000', 'ratio'], // 95 / 20
  ])('%s is %s %s', (name, value, unit) => {
    expect(of(name)).toMatchObject({ value, unit, reason: null })
  })

  it('is whole, and compares with the day of the opening balances: 1,000 / 300', () => {
    expect(partial).toBe(false)
    expect(of('currentRatio')).toMatchObject({ previous: '3.33333333', change: '3.77850180' })
    // The day of the opening balances alone: no profit, and no year before.
    expect(of('ebitda')).toMatchObject({ previous: '0.00', change: null, lastYear: '0.00' })
  })

  it('shows what each is made of', () => {
    expect(of('returnOnAssets').inputs).toEqual({
      netIncome: '60.00',
      openingAssets: '1500.00',
      closingAssets: '1617.00',
      days: '365',
    })
    expect(of('debtServiceCoverage').inputs).toEqual({
      earnings: '140.00',
      incomeTax: '15.00',
      interest: '20.00',
      principalRepaid: '38.00',
    })
    expect(of('cashConversionCycle').inputs).toEqual({
      dso: '93.53125000',
      dio: '197.70833333',
      dpo: '92.65384615',
    })
  })
})

describe('other windows', () => {
  it('scale flows by their own days, and those of short history by the days there are', () => {
    // 90 days to 30 September 2024 begin before nothing: 3 July on; 800 of revenue over assets of 1,500 and 2,300.
    const quarter = measures('2024-09-30', '90d')
    expect([quarter.partial, quarter.of('assetTurnover').value]).toEqual([false, '1.70760234'])
    // A year: 93 days of history, nothing before it. 800 x 365 / 93 / 1,150.
    const short = measures('2024-09-30', '365d')
    expect([short.partial, short.of('assetTurnover').value]).toEqual([true, '2.73024778'])
    expect(short.of('assetTurnover').inputs).toMatchObject({ openingAssets: '0.00', days: '93' })
  })

  it('have one inventory turnover for a month and a year of the same pace', () => {
    const monthly: Posted[] = Array.from({ length: 730 }, (_, i) => [
      new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
      { COGS: 10, PAYABLE: -10 },
    ])
    const ledger = ledgerOf([['2023-12-31', { INVENTORY: 500, EQUITY: -500 }], ...monthly])
    const turnover = (window: WindowName) =>
      measures('2025-12-30', window, { ledger }).of('inventoryTurnover').value
    expect([turnover('30d'), turnover('90d'), turnover('365d')]).toEqual([
      '7.30000000',
      '7.30000000',
      '7.30000000',
    ])
  })

  it('take cost of sales for purchases where nothing is bought on credit', () => {
    // January: payables 180 at both ends, no purchases; half a year's cost is none either.
    expect(measures('2025-01-31', 'mtd').of('dpo')).toMatchObject({ value: null, reason: 'zero_denominator' })
    const ledger = ledgerOf([
      ['2024-06-30', { BANK: 500, PAYABLE: -100, EQUITY: -400 }],
      ['2025-01-05', { COGS: 310, BANK: -310 }],
    ])
    // 100 / 310 x 31.
    expect(measures('2025-01-31', 'mtd', { ledger }).of('dpo').value).toBe('10.00000000')
  })

  it('compare with the same days of the last fiscal year, over its end too', () => {
    // Fiscal year to 20 September 2025 against that to 20 September 2024, when 800 were sold.
    const now = measures('2025-09-20', 'fy')
    expect(now.of('netIncome')).toMatchObject({
      value: '0.00',
      lastYear: '800.00',
      changeLastYear: '-100.00000000',
      previous: '800.00',
    })
    // The first day of a fiscal year against the first of the one before: the closing entry of the day between is in neither.
    expect(measures('2025-07-01', 'fy').of('cashPosition')).toMatchObject({
      value: '502.00',
      lastYear: '500.00',
      changeLastYear: '0.40000000',
    })
    expect(measures('2024-09-20', 'fy').of('netIncome')).toMatchObject({
      lastYear: null,
      changeLastYear: null,
    })
  })

  it('compare 29 February with 28 February', () => {
    const ledger = ledgerOf([
      ['2023-02-28', { BANK: 100, REVENUE: -100 }],
      ['2023-03-01', { BANK: 7, REVENUE: -7 }],
      ['2024-02-29', { BANK: 150, REVENUE: -150 }],
    ])
    const found = measures('2024-02-29', 'mtd', { ledger }).of('netIncome')
    expect(found).toMatchObject({ value: '150.00', lastYear: '100.00', changeLastYear: '50.00000000' })
  })
})

describe('what can not be said', () => {
  const without = (name: string, asOf: string, entries: readonly Posted[]) =>
    measures(asOf, '30d', { ledger: ledgerOf(entries) }).of(name)

  it('is null with no_history for a tenant without a ledger, and profit comes from documents', () => {
    const bare = computeKpis({ ...input('2025-06-30'), ledger: ledgerOf([]) })[2]
    const of = (name: string) => bare?.measures.find((m) => m.name === name)
    for (const name of [
      'cashPosition',
      'currentRatio',
      'ebitda',
      'netCashFlow',
      'cashConversionCycle',
      'dpo',
    ])
      expect(of(name)).toMatchObject({ value: null, reason: 'no_history', inputs: {}, previous: null })
    expect(of('netIncome')).toMatchObject({ value: '800.00', inputs: { netRevenue: '800.00' } })
    expect(bare?.partial).toBe(false)
  })

  it('is null with zero_denominator where there is nothing to divide by', () => {
    const cash: Posted[] = [['2025-06-10', { BANK: 10, EQUITY: -10 }]]
    for (const name of [
      'currentRatio',
      'quickRatio',
      'inventoryTurnover',
      'dio',
      'grossProfitMargin',
      'interestCoverage',
      'debtServiceCoverage',
      'operatingCashFlowRatio',
    ])
      expect([name, without(name, '2025-06-30', cash)]).toEqual([
        name,
        expect.objectContaining({ value: null, reason: 'zero_denominator' }),
      ])
    expect(without('debtToEquity', '2025-06-30', cash)).toMatchObject({ value: '0.00000000', reason: null })
  })

  it('has a value and a warning over negative equity', () => {
    const loss: Posted[] = [['2025-06-10', { OPERATING_EXPENSE: 50, LONG_TERM_DEBT: -50 }]]
    expect(without('debtToEquity', '2025-06-30', loss)).toMatchObject({
      value: '-1.00000000',
      reason: 'not_meaningful',
    })
    expect(without('returnOnEquity', '2025-06-30', loss)).toMatchObject({ reason: 'not_meaningful' })
  })
})

describe('credit risk', () => {
  const score = (...buckets: number[]) => creditRiskOf(buckets.map(taka), true)

  it.each([
    // (200 x 25 + 200 x 100) / 1,000
    [[600, 200, 0, 0, 200], 2_500_000_000n],
    [[500, 0, 0, 0, 0], 0n],
    [[0, 0, 0, 0, 1], 10_000_000_000n],
    // (1 x 25 + 1 x 50 + 1 x 75) / 4
    [[1, 1, 1, 1, 0], 3_750_000_000n],
  ])('of %j is %s x 10^-8', (buckets, value) => {
    expect(score(...buckets).value).toBe(value)
  })

  it('is null where nothing is open or known, and shown with its buckets', () => {
    expect(score(0, 0, 0, 0, 0)).toMatchObject({ value: null, reason: 'zero_denominator' })
    expect(measures('2025-06-30').of('creditRisk')).toMatchObject({ value: null, reason: 'no_history' })
    const aging = [600, 200, 0, 0, 200].map(taka)
    expect(measures('2025-06-30', '365d', { aging }).of('creditRisk')).toMatchObject({
      value: '25.00000000',
      unit: 'score',
      previous: null,
      inputs: { notDue: '600.00', overdue1To30: '200.00', overdue91: '200.00' },
    })
  })
})

describe('a measure over days of one’s own choice', () => {
  it('is that of those days, and says whether it adds up over days', () => {
    const of = (name: string) =>
      computeMeasure(name, input('2025-06-30'), parseDay('2024-07-01'), parseDay('2025-06-30'))
    expect(of('ebitda')).toMatchObject({ value: '140.00', isFlow: true, unit: 'BDT' })
    expect(of('currentRatio')).toMatchObject({ value: '3.45928339', isFlow: false })
    expect(of('nothing')).toBeUndefined()
  })
})
