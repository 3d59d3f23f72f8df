/**
 * Statements of AdventureWorks, when its files are there: imported as the books import them, posted to ClickHouse's engine,
 * asked of the API on every date of the file, and compared with sums made straight from the CSV: split lines, cents as
 * rounded floats.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { FinanceEvent, JournalLine } from '../../../../schemas/generated/records.ts'
import { parseDecimal, RATE_ONE } from '../../../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'
import { AdventureWorks, dayOf, decimalOf } from '../../../support/adventureworks-ratios.ts'
import { realInput } from '../../../support/receivables-oracle.ts'
import { bodies, run } from '../../producers/importers/harness.ts'
import { event, registered, T } from '../../sinks/support/events.ts'
import { type Body, type ChdbApi, openChdbApi } from '../support/chdb-api.ts'

// 33,000 lines in an engine in this process, and the machine may be busy.
jest.setTimeout(240_000)

const input = realInput('aw_FactFinance.csv')
const real = input.path === undefined ? describe.skip : describe

interface Account {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly accountClass: JournalLine['accountClass']
  readonly subtype?: string
  readonly cashFlow?: 'NONE'
}

function lineOf(line: Record<string, string>, chart: ReadonlyMap<string, Account>): JournalLine {
  const account = chart.get(line['accountCode'] ?? '')
  if (account === undefined) throw new Error(`no account ${line['accountCode']}`)
  const [debit, credit] = [parseDecimal(line['debit'] ?? '0'), parseDecimal(line['credit'] ?? '0')]
  return {
    accountId: account.id,
    accountCode: account.code,
    accountName: account.name,
    accountClass: account.accountClass,
    accountSubtype: account.subtype ?? '',
    debit,
    credit,
    amount: debit + credit,
    partyType: '',
    partyId: '',
    productId: '',
    taxCode: '',
    department: '',
    memo: '',
    cashFlow: '',
  }
}

async function eventsOf(file: string): Promise<FinanceEvent[]> {
  const chart = bodies(
    await run('chart', path.join(path.dirname(file), 'aw_DimAccount.csv'), { map: 'adventureworks-chart' }),
  ) as unknown as Account[]
  const byCode = new Map(chart.map((one) => [one.code, one]))
  const entries = bodies(
    await run('journal', file, { map: 'adventureworks-journal', plan: { currency: 'USD' } }),
  )
  return [
    registered({ currency: 'USD' }),
    ...chart.map(({ id, code, name, accountClass, subtype, cashFlow }) =>
      event('AccountCreated', id, {
        aggregateType: 'account',
        code,
        name,
        accountClass: accountClass as 'ASSET',
        subtype: subtype ?? '',
        ...(cashFlow === undefined ? {} : { cashFlow }),
      }),
    ),
    ...entries.map((body) => {
      const lines = (body['lines'] as Record<string, string>[]).map((line) => lineOf(line, byCode))
      return event('JournalEntryPosted', String(body['id']), {
        aggregateType: 'journal-entry',
        journalNumber: String(body['id']),
        entryDate: parseDay(String(body['entryDate'])),
        kind: 'MANUAL',
        currency: 'USD',
        fxRate: RATE_ONE,
        total: lines.reduce((sum, { debit }) => sum + debit, 0n),
        lines,
      })
    }),
  ]
}

const byCode = ([a]: readonly [string, number], [b]: readonly [string, number]) => (a < b ? -1 : 1)
const cents = (text: string) => Math.sign(Number(text)) * Math.round(Math.abs(Number(text)) * 100)

/** From the CSV alone: assets on each date, and debits less credits of income and expense accounts from one date to the next. */
function oracle(file: string) {
  const split = (name: string) =>
    readFileSync(path.join(path.dirname(file), name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('|'))
  const types = new Map(
    split('aw_DimAccount.csv').map(([key = '', , code = '', , , type = '']) => [key, { code, type }]),
  )
  const dates = new Map<string, { flows: Map<string, number>; assets: Map<string, number> }>()
  for (const [, date = '', org = '', , scenario, key = '', amount = ''] of split('aw_FactFinance.csv')) {
    const { code = '', type = '' } = types.get(key) ?? {}
    if (scenario !== '1' || !['Assets', 'Liabilities', 'Revenue', 'Expenditures'].includes(type)) continue
    const found = dates.get(date) ?? { flows: new Map(), assets: new Map() }
    dates.set(date, found)
    if (type === 'Assets') found.assets.set(org, (found.assets.get(org) ?? 0) + cents(amount))
    if (/^[123]/.test(code)) continue
    const debit = type === 'Expenditures' ? cents(amount) : -cents(amount)
    found.flows.set(code, (found.flows.get(code) ?? 0) + debit)
  }
  // An organisation without a snapshot stands where it stood.
  const standing = new Map<string, number>()
  return [...dates]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([date, { flows, assets }]) => {
      for (const [org, sum] of assets) standing.set(org, sum)
      const total = [...standing.values()].reduce((sum, one) => sum + one, 0)
      return { date: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`, flows, assets: total }
    })
}

real(`the statements of the real facts${input.path === undefined ? ` (${input.reason})` : ''}`, () => {
  const months = input.path === undefined ? [] : oracle(input.path)
  let api: ChdbApi
  let books: AdventureWorks
  beforeAll(async () => {
    books = new AdventureWorks(path.dirname(input.path ?? ''))
    api = await openChdbApi(await eventsOf(input.path ?? ''), '2014-01-31T06:00:00Z')
  })
  afterAll(() => api.close())
  const inCents = (value: unknown) => cents((value as { amount: string }[])[0]?.amount ?? 'none')

  it('balance on every date, and the assets are those of the snapshots', async () => {
    expect(months.length).toBeGreaterThan(36)
    for (const { date, assets } of months) {
      const body = await api.get(`/v1/reports/balance-sheet?asOf=${date}`, T)
      const totals = body['totals'] as Body
      const [own, owed, equity] = ['assets', 'liabilities', 'equity'].map((one) => inCents(totals[one]))
      expect([date, body['balanced'], own]).toEqual([date, [true], assets])
      // By the other reading of the file, and not by the answer's own word.
      expect([date, own, owed]).toEqual([
        date,
        books.balance(dayOf(date), 'Assets'),
        -books.balance(dayOf(date), 'Liabilities'),
      ])
      expect([date, (owed ?? 0) + (equity ?? 0)]).toEqual([date, assets])
    }
  })

  it('have the income and expenses of the file, account by account, from each date to the next', async () => {
    let from = '2010-01-01'
    for (const { date, flows } of months) {
      const body = await api.get(`/v1/reports/profit-and-loss?from=${from}&to=${date}`, T)
      const shown = new Map<string, number>()
      for (const section of body['sections'] as (Body & { groups: { accounts: Body[] }[] })[]) {
        const isIncome = ['revenue', 'deductions', 'otherIncome'].includes(String(section['key']))
        for (const one of section.groups.flatMap(({ accounts }) => accounts)) {
          const amount = inCents(one['amounts'])
          shown.set(String(one['code']).replace('AW-', ''), isIncome ? -amount : amount)
        }
      }
      const rounding = shown.get('ROUNDING') ?? 0
      shown.delete('ROUNDING')
      const stated = [...flows].filter(([, debit]) => debit !== 0).sort(byCode)
      expect([date, [...shown].sort(byCode)]).toEqual([date, stated])
      const net = stated.reduce((sum, [, debit]) => sum - debit, -rounding)
      expect([date, inCents((body['totals'] as Body)['netProfit'])]).toEqual([date, net])
      from = formatDay(parseDay(date) + 1)
    }
  })

  it('have a cash flow that is the change of cash, by both methods', async () => {
    const body = await api.get('/v1/reports/cash-flow?from=2011-01-01&to=2013-12-31&compare=previous', T)
    expect(body['balanced']).toEqual({ partsEqualChange: [true, true], methodsAgree: [true, true] })
  })

  it('have the ratios and margins of every date, of its month and its year, as the file says', async () => {
    expect(books.dates).toHaveLength(months.length)
    const reasons = new Set<string>()
    for (const date of books.dates) {
      const to = dayOf(date)
      for (const [window, from] of [
        ['mtd', dayOf(`${date.slice(0, 8)}01`)],
        ['365d', to - 364],
      ] as const) {
        const { kpis } = (await api.get(`/v1/kpis?window=${window}&asOf=${date}`, T)) as {
          kpis: Record<string, { value: string | null; unit: string; reason?: string }>
        }
        const said = Object.fromEntries(
          Object.entries(books.ratios(from, to)).map(([name, fraction]) => {
            if (fraction[1] === 0) reasons.add(`${name} ${kpis[name]?.reason ?? ''}`)
            return [name, decimalOf(fraction, kpis[name]?.unit === 'USD' ? 2 : 8)]
          }),
        )
        const ours = Object.fromEntries(Object.keys(said).map((name) => [name, kpis[name]?.value]))
        expect([window, date, ours]).toEqual([window, date, said])
      }
    }
    for (const one of reasons) expect(one).toMatch(/ zero_denominator$/)
  })
})
