/**
 * AdventureWorks as journals: on a file small enough to check by hand, and on the real one, when it is there, against a
 * recomputation that shares nothing with the code: split lines, cents as rounded floats, balances added up.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { realInput } from '../../../support/receivables-oracle.ts'
import { bodies, fileOf, type Ran, run } from './harness.ts'

const fileOfBeside = (file: string, name: string, lines: readonly string[]) =>
  writeFileSync(path.join(path.dirname(file), name), `${lines.join('\n')}\n`)
const write = (files: Readonly<Record<string, readonly string[]>>): string => {
  const file = fileOf(files['aw_FactFinance.csv'] ?? [], 'aw_FactFinance.csv')
  for (const [name, lines] of Object.entries(files)) {
    if (name !== 'aw_FactFinance.csv') fileOfBeside(file, name, lines)
  }
  return file
}
const ACCOUNTS = [
  '1||1||Balance Sheet||~||Currency|',
  '4|1|1110|1|Cash|Assets|+||Currency|',
  '5|1|1185|1|Intercompany|Assets|+||Currency|',
  '29|1|2230|1|Accounts Payable|Liabilities|+||Currency|',
  '41|1|300|1|Owners Equity|Liabilities|+||Currency|',
  '46|41|3550|300|Current Retained Earnings|Liabilities|+||Currency|',
  '52|1|4500|1|Sales|Revenue|+||Currency|',
  '53|1|4130|1|Returns|Expenditures|-||Currency|',
  '60|1|6000|1|Salaries|Expenditures|+||Currency|',
  '96|1|9510|1|Headcount|Balances|~||Units|',
]
const DIMENSIONS = {
  'aw_DimAccount.csv': ACCOUNTS,
  'aw_DimOrganization.csv': ['3||1|Northeast|100', '4||1|Northwest|100'],
  'aw_DimDepartmentGroup.csv': ['1||Corporate', '7|1|Sales'],
  'aw_DimScenario.csv': ['1|Actual', '2|Budget'],
}
const fact = (
  date: string,
  account: string,
  amount: string,
  more: { org?: string; scenario?: string } = {},
) => `1|${date}|${more.org ?? '3'}|7|${more.scenario ?? '1'}|${account}|${amount}|x`

const MAP = { map: 'adventureworks-journal', plan: { currency: 'USD' } }
const linesOf = (ran: Ran, index: number): unknown =>
  ((bodies(ran)[index]?.['lines'] ?? []) as Record<string, string>[]).map(
    ({ accountCode, debit, credit, department }) => `${accountCode} ${debit ?? `-${credit}`} ${department}`,
  )

describe('facts of a small warehouse', () => {
  it('are flows and changes of balances, per organisation and date, balanced with rounding', async () => {
    const file = write({
      ...DIMENSIONS,
      'aw_FactFinance.csv': [
        fact('20110131', '4', '100.0'),
        fact('20110131', '29', '60.00'),
        fact('20110131', '46', '39.996'), // a snapshot that rounds to 40.00
        fact('20110131', '52', '50.0'),
        fact('20110131', '53', '2.0'),
        fact('20110131', '60', '8.0'),
        fact('20110131', '96', '12'), // headcount
        fact('20110131', '60', '999.0', { scenario: '2' }),
        fact('20110228', '4', '80.0'),
        fact('20110228', '29', '40.0'),
        fact('20110228', '46', '40.0'),
        fact('20110131', '4', '7.0', { org: '4' }),
        fact('20110131', '46', '7.0', { org: '4' }),
      ],
    })
    const ran = await run('journal', file, MAP)
    expect(bodies(ran).map(({ id, entryDate }) => [id, entryDate])).toEqual([
      ['aw:entry:AW-20110131-3', '2011-01-31'],
      ['aw:entry:AW-20110131-4', '2011-01-31'],
      ['aw:entry:AW-20110228-3', '2011-02-28'],
    ])
    expect(linesOf(ran, 0)).toEqual([
      'AW-4500 -50.00 Northeast / Sales',
      'AW-4130 2.00 Northeast / Sales',
      'AW-6000 8.00 Northeast / Sales',
      'AW-RESULT 40.00 Northeast',
      'AW-1110 100.00 Northeast / Sales',
      'AW-2230 -60.00 Northeast / Sales',
      'AW-3550 -40.00 Northeast / Sales',
    ])
    expect(linesOf(ran, 2)).toEqual(['AW-1110 -20.00 Northeast / Sales', 'AW-2230 20.00 Northeast / Sales'])
    expect(ran.bad).toEqual([
      { line: 7, reason: 'is of a statistical account', leftOut: true },
      { line: 8, reason: 'is of scenario Budget', leftOut: true },
    ])
    expect(ran.counts).toMatchObject({ rows: 13, imported: 3, bad: 0, leftOut: 2 })
  })

  it('take an account that a whole snapshot does not name for zero, and a date without assets for changes', async () => {
    const file = write({
      ...DIMENSIONS,
      'aw_FactFinance.csv': [
        fact('20110131', '4', '10'),
        fact('20110131', '5', '5'),
        fact('20110131', '46', '15'),
        fact('20110215', '29', '3'),
        fact('20110215', '46', '-3'),
        fact('20110228', '4', '12'),
        fact('20110228', '46', '12'),
      ],
    })
    const ran = await run('journal', file, MAP)
    expect(linesOf(ran, 1)).toEqual(['AW-3550 3.00 Northeast / Sales', 'AW-2230 -3.00 Northeast / Sales'])
    expect(linesOf(ran, 2)).toEqual([
      'AW-1110 2.00 Northeast / Sales',
      'AW-1185 -5.00 Northeast / Sales',
      'AW-2230 3.00 Northeast / Sales',
    ])
  })

  it('that rounding leaves unbalanced go to the rounding account', async () => {
    const file = write({
      ...DIMENSIONS,
      'aw_FactFinance.csv': [
        fact('20110131', '4', '0.004'),
        fact('20110131', '5', '0.004'),
        fact('20110131', '46', '0.008'),
      ],
    })
    expect(linesOf(await run('journal', file, MAP), 0)).toEqual([
      'AW-3550 -0.01 Northeast / Sales',
      'AW-ROUNDING 0.01 Northeast',
    ])
  })

  it('that make no sense are told by line', async () => {
    const file = write({
      ...DIMENSIONS,
      'aw_FactFinance.csv': [
        fact('20110131', '4', '1'),
        fact('20110131', '46', '1'),
        fact('20110131', '77', '1'),
        fact('20110231', '4', '1'),
        fact('20110131', '4', 'much'),
        fact('20110131', '4', '1', { org: '9' }),
        '1|2|3',
      ],
    })
    expect((await run('journal', file, MAP)).bad).toEqual([
      { line: 3, column: 'account', reason: '77 is not in the account table' },
      { line: 4, column: 'date', reason: '20110231 is not a date YYYYMMDD' },
      { line: 5, column: 'amount', reason: 'much is not a number' },
      { line: 6, column: 'organization', reason: '9 is not in the organization table' },
      { line: 7, reason: 'has 3 fields, not 8' },
    ])
  })

  it('have a chart: parents of the same class, statistics left out, two accounts added', async () => {
    const ran = await run('chart', fileOf(ACCOUNTS, 'aw_DimAccount.csv'), { map: 'adventureworks-chart' })
    expect(
      bodies(ran).map(({ code, accountClass, subtype, parentId }) => [code, accountClass, subtype, parentId]),
    ).toEqual([
      ['AW-1110', 'ASSET', 'CASH', undefined],
      ['AW-1185', 'ASSET', 'OTHER_CURRENT_ASSET', undefined],
      ['AW-2230', 'LIABILITY', 'PAYABLE', undefined],
      ['AW-300', 'EQUITY', 'EQUITY', undefined],
      ['AW-3550', 'EQUITY', 'RETAINED_EARNINGS', 'AW-300'],
      ['AW-4500', 'INCOME', 'REVENUE', undefined],
      ['AW-4130', 'INCOME', 'RETURNS', undefined],
      ['AW-6000', 'EXPENSE', 'OPERATING_EXPENSE', undefined],
      ['AW-RESULT', 'EQUITY', 'EQUITY', undefined],
      ['AW-ROUNDING', 'EXPENSE', 'OTHER_EXPENSE', undefined],
    ])
    expect(ran.counts).toMatchObject({ imported: 10, leftOut: 2 })
  })
})

const input = realInput('aw_FactFinance.csv')
const real = input.path === undefined ? describe.skip : describe
real(`the real facts${input.path === undefined ? ` (${input.reason})` : ''}`, () => {
  const split = (name: string) =>
    readFileSync(path.join(path.dirname(input.path ?? ''), name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('|'))
  const cents = (text: string) => Math.sign(Number(text)) * Math.round(Math.abs(Number(text)) * 100)
  let ran: Ran
  let chart: Ran
  beforeAll(async () => {
    ran = await run('journal', input.path ?? '', MAP)
    chart = await run('chart', path.join(path.dirname(input.path ?? ''), 'aw_DimAccount.csv'), {
      map: 'adventureworks-chart',
    })
  }, 120_000)

  it('are taken without a bad row, to accounts that the chart has', () => {
    expect(ran.counts).toMatchObject({ rows: 39_409, bad: 0, leftOut: 4_846 + 1_163 + 276 })
    expect(chart.counts).toMatchObject({ bad: 0 })
    const codes = new Set(bodies(chart).map(({ code }) => code))
    for (const { lines } of bodies(ran)) {
      for (const { accountCode } of lines as { accountCode: string }[]) expect(codes).toContain(accountCode)
    }
  })

  it('give balanced entries; each snapshot is the sum of all changes to its day, and assets are liabilities and equity', () => {
    const types = new Map(
      split('aw_DimAccount.csv').map(([key = '', , code = '', , , type = '']) => [key, { code, type }]),
    )
    const actual = split('aw_FactFinance.csv').filter((row) => row[4] === '1')
    /** Debit cents by organisation, date, code, as the file has them. */
    const file = new Map<string, Map<string, number>>()
    for (const [, date = '', org = '', , , key = '', amount = ''] of actual) {
      const { code = '', type = '' } = types.get(key) ?? {}
      if (!['Assets', 'Liabilities', 'Revenue', 'Expenditures'].includes(type)) continue
      const group = file.get(`${date}-${org}`) ?? new Map<string, number>()
      file.set(`${date}-${org}`, group)
      const debit = type === 'Assets' || type === 'Expenditures' ? cents(amount) : -cents(amount)
      group.set(code, (group.get(code) ?? 0) + debit)
    }
    const isBalance = (code: string) => /^[123]/.test(code)
    const books = new Map<string, Map<string, number>>()
    let rounding = 0
    let snapshots = 0
    expect(ran.counts.imported).toBe(file.size)
    for (const { id, lines } of bodies(ran)) {
      const [date = '', org = ''] = String(id).replace('aw:entry:AW-', '').split('-')
      const stated = file.get(`${date}-${org}`) ?? new Map<string, number>()
      const balances = books.get(org) ?? new Map<string, number>()
      books.set(org, balances)
      const flows = new Map<string, number>()
      let sum = 0
      for (const line of lines as { accountCode: string; debit?: string; credit?: string }[]) {
        const code = line.accountCode.replace('AW-', '')
        const debit = cents(line.debit ?? '0') - cents(line.credit ?? '0')
        sum += debit
        const into = isBalance(code) ? balances : flows
        into.set(code, (into.get(code) ?? 0) + debit)
      }
      expect([id, sum]).toEqual([id, 0])
      rounding += Math.abs(flows.get('ROUNDING') ?? 0)
      let result = 0
      for (const [code, debit] of stated) {
        if (isBalance(code)) continue
        expect([id, code, flows.get(code) ?? 0]).toEqual([id, code, debit])
        result += debit
      }
      expect(Math.abs(result + (flows.get('RESULT') ?? 0))).toBeLessThanOrEqual(stated.size)
      // A date with assets is a whole snapshot.
      if (![...stated.keys()].some((code) => code.startsWith('1'))) continue
      snapshots++
      for (const code of new Set([...balances.keys(), ...stated.keys()])) {
        if (isBalance(code))
          expect([id, code, balances.get(code) ?? 0]).toEqual([id, code, stated.get(code) ?? 0])
      }
      const total = [...balances.values()].reduce((one, other) => one + other, 0)
      expect([id, Math.abs(total) <= 5]).toEqual([id, true])
    }
    expect(snapshots).toBe(276)
    // All entries together: cents.
    expect(rounding).toBeLessThan(300)
  }, 60_000)
})
