/** Statements of the company of tests/support/statement-company.ts: every figure here was worked on paper. */
import { describe, expect, it } from '@jest/globals'
import { DEFAULT_CHART, SUBTYPES } from '../../../../producers/ledger/default-chart.ts'
import { balanceSheet, profitAndLoss } from '../../../../schemas/rules/statements/balances.ts'
import { cashFlow } from '../../../../schemas/rules/statements/cash-flow.ts'
import { activityOf, KINDS, kindOf } from '../../../../schemas/rules/statements/kinds.ts'
import { daysOf, periodsOf, yearBefore } from '../../../../schemas/rules/statements/periods.ts'
import type { StatementSection } from '../../../../schemas/rules/statements/tree.ts'
import { type Amount, formatDecimal } from '../../../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'
import { CASH_CODES, columnOf, COMPANY, plainOf } from '../../../support/statement-company.ts'

const entries = plainOf(COMPANY)
const column = (from: string, to: string) =>
  columnOf(entries, { from: parseDay(from), to: parseDay(to) }, CASH_CODES)
const text = (amounts: readonly Amount[]) => amounts.map((amount) => formatDecimal(amount, 0)).join(' ')
const totals = (sections: readonly StatementSection[]) =>
  Object.fromEntries(sections.map((one) => [one.key, text(one.totals)]))
const accountsOf = (section: StatementSection | undefined) =>
  section?.groups.flatMap(({ lines }) =>
    lines.map(({ account, amounts }) => `${account.code} ${text(amounts)}`),
  )

describe('where accounts stand', () => {
  it('every subtype of the chart has one place, in a section of its class', () => {
    expect(KINDS.map(({ accountClass, subtype }) => `${accountClass} ${subtype}`).sort()).toEqual(
      Object.entries(SUBTYPES)
        .flatMap(([accountClass, subtypes]) => subtypes.map((one) => `${accountClass} ${one}`))
        .sort(),
    )
  })

  it('an unknown subtype stands where most of its class do, and a class that is none stands nowhere', () => {
    expect(kindOf('LIABILITY', 'whatever')?.section).toBe('currentLiabilities')
    expect(kindOf('EXPENSE', 'RETURNS')?.section).toBe('operatingExpenses')
    expect(kindOf('UNKNOWN', 'CASH')).toBeUndefined()
  })

  it('an account that states no activity has that of its subtype; the default chart states what the rule says', () => {
    const of = (accountClass: string, subtype: string, cashFlow: string) =>
      activityOf({ accountClass, subtype, cashFlow })
    expect(of('ASSET', 'BANK', '')).toBe('cash')
    expect(of('ASSET', 'BANK', 'INVESTING')).toBe('investing')
    expect(of('EQUITY', 'RETAINED_EARNINGS', 'NONE')).toBe('financing')
    expect(of('ASSET', 'ACCUMULATED_DEPRECIATION', 'UNKNOWN')).toBe('investing')
    expect(of('', '', '')).toBe('operating')
    const differ = DEFAULT_CHART.filter(
      (one) => one.cashFlow !== 'NONE' && activityOf(one) !== activityOf({ ...one, cashFlow: '' }),
    )
    // Interest received is of an investment; its subtype is other income.
    expect(differ.map(({ code }) => code)).toEqual(['7010'])
  })
})

describe('the balance sheet', () => {
  const sheet = balanceSheet([
    column('2025-07-01', '2025-08-31').accounts,
    column('2024-07-01', '2025-06-30').accounts,
  ])

  it('has sections, subtotals and the result of the year apart, in two columns', () => {
    expect(totals(sheet.sections)).toEqual({
      currentAssets: '92520 100005',
      nonCurrentAssets: '54600 50000',
      currentLiabilities: '3570 0',
      nonCurrentLiabilities: '50000 60000',
      equity: '89300 90005',
    })
    expect(accountsOf(sheet.sections[0])).toEqual([
      '1101 350 0',
      '1102 0 5',
      '1110 87100 100000',
      '1200 2770 0',
      '1310 300 0',
      '1320 500 0',
      '1400 1500 0',
    ])
    expect(sheet.sections[1]?.groups.map(({ key, totals: own }) => [key, text(own)])).toEqual([
      ['FIXED_ASSET', '55000 50000'],
      ['ACCUMULATED_DEPRECIATION', '-400 0'],
    ])
    expect([text(sheet.unclosedEarlier), text(sheet.unclosedCurrent)]).toEqual(['0 0', '4250 0'])
    expect([text(sheet.assets), text(sheet.liabilities), text(sheet.equity)]).toEqual([
      '147120 150005',
      '53570 60000',
      '93550 90005',
    ])
    expect(sheet.balanced).toEqual([true, true])
  })

  it('is not disturbed by the close of the year: the result moves, equity stands', () => {
    const [before, on, later] = [
      balanceSheet([column('2025-07-01', '2026-06-29').accounts]),
      balanceSheet([column('2025-07-01', '2026-06-30').accounts]),
      balanceSheet([column('2026-07-01', '2026-07-31').accounts]),
    ]
    expect([text(before.unclosedCurrent), text(on.unclosedCurrent), text(later.unclosedEarlier)]).toEqual([
      '4250',
      '0',
      '0',
    ])
    for (const one of [before, on, later])
      expect([text(one.equity), text(one.assets), one.balanced]).toEqual(['93550', '147120', [true]])
  })

  it('of a year that was never closed has its result as that of earlier years', () => {
    const open = columnOf(
      entries.filter(({ origin }) => origin !== 'CLOSING'),
      { from: parseDay('2026-07-01'), to: parseDay('2026-07-31') },
      CASH_CODES,
    )
    const one = balanceSheet([open.accounts])
    expect([text(one.unclosedEarlier), text(one.unclosedCurrent), one.balanced]).toEqual([
      '4250',
      '0',
      [true],
    ])
  })

  it('says that it does not balance when an entry does not, or an account has no class', () => {
    const broken = column('2025-07-01', '2025-08-31').accounts
    expect(balanceSheet([broken.filter(({ code }) => code !== '1400')]).balanced).toEqual([false])
    const nowhere = broken.map((one) => (one.code === '1400' ? { ...one, accountClass: 'UNKNOWN' } : one))
    const one = balanceSheet([nowhere])
    expect([one.balanced, text(one.unclassified.totals)]).toEqual([[false], '1500'])
  })
})

describe('profit and loss', () => {
  it('has its sections and subtotals, by period', () => {
    const result = profitAndLoss([
      column('2025-08-01', '2025-08-31').accounts,
      column('2025-07-01', '2025-07-31').accounts,
    ])
    expect(totals(result.sections)).toEqual({
      revenue: '0 10000',
      deductions: '-200 0',
      costOfSales: '2500 0',
      operatingExpenses: '0 2000',
      depreciation: '0 400',
      otherIncome: '50 0',
      otherExpenses: '0 0',
      interest: '600 0',
      incomeTax: '100 0',
    })
    expect(Object.fromEntries(Object.entries(result.totals).map(([name, own]) => [name, text(own)]))).toEqual(
      {
        netRevenue: '-200 10000',
        grossProfit: '-2700 10000',
        operatingProfit: '-2700 7600',
        ebit: '-2650 7600',
        ebitda: '-2650 8000',
        profitBeforeTax: '-3250 7600',
        netProfit: '-3350 7600',
      },
    )
  })

  it('of the year leaves the closing entry out', () => {
    const result = profitAndLoss([column('2025-07-01', '2026-06-30').accounts])
    expect(text(result.totals.netProfit)).toBe('4250')
  })
})

describe('the cash flow statement', () => {
  const year = column('2025-07-01', '2025-08-31')

  it('by the direct method has every other line under the activity of its account', () => {
    const flow = cashFlow([year], 'direct')
    expect(totals(flow.sections)).toEqual({ operating: '-1300', investing: '50', financing: '-11300' })
    expect(flow.sections.map(accountsOf)).toEqual([
      ['1200 8500', '1310 -300', '1320 -500', '1400 -4000', '2100 -3000', '6100 -2000'],
      ['7010 50'],
      ['2500 -10000', '3200 -700', '8010 -600'],
    ])
  })

  it('by the indirect method comes to the same from the net profit', () => {
    const flow = cashFlow([year], 'indirect')
    expect(text(flow.netProfit)).toBe('4250')
    expect(totals(flow.sections)).toEqual({ operating: '-1300', investing: '50', financing: '-11300' })
    expect(flow.sections[0]?.groups.map(({ key, totals: own }) => [key, text(own)])).toEqual([
      ['shownElsewhere', '550'],
      ['nonCash', '-4600'],
      ['workingCapital', '-1500'],
    ])
    expect(accountsOf(flow.sections[0])).toEqual([
      '7010 -50',
      '8010 600',
      '1620 -5000',
      '1690 400',
      '1200 -2770',
      '1310 -300',
      '1320 -500',
      '1400 -1500',
      '2100 2000',
      '2210 1470',
      '2240 100',
    ])
    expect([flow.partsEqualChange, flow.methodsAgree]).toEqual([[true], [true]])
  })

  it('takes opening balances, and what takes them back, for no flow', () => {
    const flow = cashFlow([year, column('2025-06-01', '2025-07-31')], 'direct')
    expect([text(flow.opening), text(flow.broughtIn), text(flow.change), text(flow.closing)]).toEqual([
      '100005 0',
      '-5 100000',
      '-12550 5700',
      '87450 105700',
    ])
    expect(flow.partsEqualChange).toEqual([true, true])
  })

  it('says so when its parts are not the change of cash', () => {
    const cash = new Map(year.cash).set('1200', 0n)
    const flow = cashFlow([{ ...year, cash }], 'direct')
    expect([flow.partsEqualChange, flow.methodsAgree]).toEqual([[false], [false]])
  })
})

describe('columns', () => {
  const period = (from: string, to: string) => ({ from: parseDay(from), to: parseDay(to) })
  const shown = (list: readonly { readonly from: number; readonly to: number }[]) =>
    list.map(({ from, to }) => `${formatDay(from)} ${formatDay(to)}`)

  it.each([
    ['2025-07-01', '2025-08-31', 'previous', ['2025-05-01 2025-06-30', '2025-03-01 2025-04-30']],
    ['2025-07-10', '2025-07-19', 'previous', ['2025-06-30 2025-07-09', '2025-06-20 2025-06-29']],
    ['2024-02-01', '2024-02-29', 'lastYear', ['2023-02-01 2023-02-28', '2022-02-01 2022-02-28']],
    ['2025-02-01', '2025-02-28', 'lastYear', ['2024-02-01 2024-02-29', '2023-02-01 2023-02-28']],
    ['2025-07-10', '2025-08-09', 'lastYear', ['2024-07-10 2024-08-09', '2023-07-10 2023-08-09']],
  ] as const)('of %s to %s, %s', (from, to, comparison, expected) => {
    expect(shown(periodsOf(period(from, to), comparison, 2))).toEqual([`${from} ${to}`, ...expected])
  })

  it('of a balance', () => {
    expect(daysOf(parseDay('2025-08-15'), 'previous', 2).map(formatDay)).toEqual([
      '2025-08-15',
      '2025-07-31',
      '2025-06-30',
    ])
    expect(daysOf(parseDay('2024-02-29'), 'lastYear', 1).map(formatDay)).toEqual(['2024-02-29', '2023-02-28'])
    expect(daysOf(parseDay('2024-02-29'), 'none', 3)).toHaveLength(1)
    expect(formatDay(yearBefore(parseDay('2024-03-30')))).toBe('2023-03-30')
  })
})
