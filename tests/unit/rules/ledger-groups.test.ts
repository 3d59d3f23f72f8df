/** What single entries do to the figures of the ledger; every amount was worked by hand. */
import { describe, expect, it } from '@jest/globals'
import { SUBTYPES } from '../../../producers/ledger/default-chart.ts'
import {
  groupOf,
  LEDGER_FIGURES,
  type LedgerEntry,
  SUBTYPE_GROUPS,
} from '../../../schemas/rules/ledger-groups.ts'
import { ledgerFiguresOf } from '../../../schemas/rules/ledger-figures.ts'
import { entry } from '../../support/small-ledger.ts'

/** Figures that are not zero, in taka. */
const moved = (one: LedgerEntry): Record<string, number> =>
  Object.fromEntries(
    ledgerFiguresOf(one).flatMap((amount, i) =>
      amount === 0n ? [] : [[LEDGER_FIGURES[i] ?? '?', Number(amount) / 10_000]],
    ),
  )

describe('groups of accounts', () => {
  it('know every subtype that an account can have, and no other', () => {
    const known = Object.fromEntries(
      Object.entries(SUBTYPE_GROUPS).map(([name, groups]) => [name, Object.keys(groups).sort()]),
    )
    expect(known).toEqual(
      Object.fromEntries(Object.entries(SUBTYPES).map(([name, list]) => [name, [...list].sort()])),
    )
  })

  it.each([
    ['ASSET', 'BANK', '', 'cash'],
    ['ASSET', 'ALLOWANCE', '', 'receivables'],
    ['', 'MFS', '', 'cash'],
    ['ASSET', 'GOLD', '', 'otherAssets'],
    ['ASSET', 'TILL', 'CASH', 'cash'],
    // The subtype knows better.
    ['ASSET', 'INVENTORY', 'CASH', 'inventory'],
    // A subtype of another class is none.
    ['LIABILITY', 'BANK', '', 'otherCurrentLiabilities'],
    ['EQUITY', '', '', 'equity'],
    ['INCOME', '', '', 'revenue'],
    ['EXPENSE', 'FINES', '', 'operatingExpenses'],
    ['', '', '', 'otherAssets'],
    ['WHAT', 'EVER', '', 'otherAssets'],
  ])('class %s, subtype %s, activity %s is %s', (accountClass, accountSubtype, cashFlow, group) => {
    expect(groupOf({ accountClass, accountSubtype, cashFlow })).toBe(group)
  })
})

describe('an entry', () => {
  it('with cash moves cash by its other lines, each under its activity', () => {
    expect(moved(entry({ OPERATING_EXPENSE: 100, TAX_PAYABLE: -10, BANK: -90 }))).toEqual({
      operatingExpenses: 100,
      taxPayable: -10,
      cash: -90,
      operating: -90,
    })
    expect(moved(entry({ FIXED_ASSET: 80, PAYABLE: 20, SHORT_TERM_DEBT: -30, BANK: -70 }))).toMatchObject({
      cash: -70,
      investing: -80,
      operating: -20,
      financing: 30,
    })
  })

  it('goes by the activity that the account states before that of its subtype', () => {
    expect(moved(entry({ 'INTEREST_EXPENSE/OPERATING': 5, BANK: -5 }))).toMatchObject({ operating: -5 })
    expect(moved(entry({ INTEREST_EXPENSE: 5, BANK: -5 }))).toMatchObject({ financing: -5 })
    expect(moved(entry({ 'OTHER_ASSET/NONE': 5, BANK: -5 }))).toMatchObject({ investing: -5 })
  })

  it('that moves money between cash accounts has no flow, and its fee has', () => {
    expect(moved(entry({ CASH: 30, BANK: -30 }))).toEqual({})
    expect(moved(entry({ MFS: 29, OPERATING_EXPENSE: 1, BANK: -30 }))).toEqual({
      cash: -1,
      operatingExpenses: 1,
      operating: -1,
    })
  })

  it('without cash has no flow; what it puts on payables is bought, and a return takes it back', () => {
    expect(moved(entry({ INVENTORY: 100, TAX_RECEIVABLE: 15, PAYABLE: -115 }))).toEqual({
      inventory: 100,
      otherCurrentAssets: 15,
      payables: -115,
      purchases: 115,
    })
    expect(moved(entry({ PAYABLE: 40, INVENTORY: -40 }))).toMatchObject({ purchases: -40 })
  })

  it('of opening balances brings money in, and buys and repays nothing', () => {
    const opening = { BANK: 500, INVENTORY: 300, PAYABLE: -200, LONG_TERM_DEBT: -100, EQUITY: -500 }
    expect(moved(entry(opening, 'OPENING'))).toEqual({
      cash: 500,
      inventory: 300,
      payables: -200,
      longTermDebt: -100,
      equity: -500,
      financing: 500,
    })
    expect(moved(entry({ PAYABLE: -50, EQUITY: 50 }, 'OPENING'))).not.toHaveProperty('purchases')
  })

  it('that pays off a loan repays its principal; one that takes a loan does not; a reversal takes it back', () => {
    const service = { CURRENT_PART_OF_LONG_TERM_DEBT: 38, INTEREST_EXPENSE: 20, BANK: -58 }
    expect(moved(entry(service))).toMatchObject({ principal: 38, financing: -58 })
    expect(moved(entry({ BANK: 50, LONG_TERM_DEBT: -50 }))).not.toHaveProperty('principal')
    const back = { CURRENT_PART_OF_LONG_TERM_DEBT: -38, INTEREST_EXPENSE: -20, BANK: 58 }
    expect(moved(entry(back, 'REVERSAL'))).toMatchObject({ principal: -38, financing: 58 })
    expect(moved(entry({ BANK: -50, LONG_TERM_DEBT: 50 }, 'REVERSAL'))).not.toHaveProperty('principal')
    // What falls due within the year is only called otherwise.
    expect(moved(entry({ LONG_TERM_DEBT: 10, CURRENT_PART_OF_LONG_TERM_DEBT: -10 }))).not.toHaveProperty(
      'principal',
    )
  })

  it('that closes a year is no income and no expense, and moves nothing', () => {
    expect(moved(entry({ REVENUE: 820, COGS: -600, RETAINED_EARNINGS: -220 }, 'CLOSING'))).toEqual({})
  })
})
