/**
 * What must hold of the ledger's figures and KPIs whatever is posted: for random balanced entries over all kinds of accounts,
 * against plain sums over the list of lines.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { SUBTYPES } from '../../producers/ledger/default-chart.ts'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import { LEDGER_INDEX, LEDGER_MONTHS } from '../../processors/topologies/ledger-stores.ts'
import type { EventRecords, FinanceEvent, JournalLine } from '../../schemas/generated/records.ts'
import { computeKpis, FigureSeries, NO_FIGURES } from '../../schemas/rules/kpis.ts'
import { creditRiskOf } from '../../schemas/rules/kpis/credit-risk.ts'
import { LedgerSeries, ledgerFiguresOf } from '../../schemas/rules/ledger-figures.ts'
import { LEDGER_FIGURES } from '../../schemas/rules/ledger-groups.ts'
import { parseDecimal, RATE_ONE } from '../../schemas/values/amount.ts'
import { runs } from './finance-company.ts'
import { event } from '../unit/domain/support.ts'

const options = runs(60)
const TODAY = 20_454
const CASH = ['CASH', 'BANK', 'MFS']
const ACCOUNTS = Object.entries(SUBTYPES).flatMap(([accountClass, subtypes]) =>
  subtypes.map((accountSubtype) => ({ accountClass, accountSubtype: accountSubtype as string })),
)
/** Also what upstream services may send. */
const account = fc.constantFrom(
  ...ACCOUNTS,
  ...ACCOUNTS.filter(({ accountSubtype }) => CASH.includes(accountSubtype)),
  { accountClass: 'ASSET', accountSubtype: '' },
  { accountClass: 'EXPENSE', accountSubtype: 'NEW' },
  { accountClass: '', accountSubtype: '' },
)
const activity = fc.constantFrom('', '', 'OPERATING', 'INVESTING', 'FINANCING', 'NONE')
const kind = fc.constantFrom<EventRecords['JournalEntryPosted']['kind'][]>(
  'MANUAL',
  'DOCUMENT',
  'DOCUMENT',
  'REVERSAL',
  'OPENING',
  'CLOSING',
)

type Line = JournalLine & { readonly accountClass: string }
interface Entry {
  readonly day: number
  readonly kind: EventRecords['JournalEntryPosted']['kind']
  readonly lines: readonly Line[]
}

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

/** Lines of random amounts, and a last one that balances them. */
const entry: fc.Arbitrary<Entry> = fc
  .record({
    day: fc.integer({ min: TODAY - 800, max: TODAY + 20 }),
    kind,
    sides: fc.array(fc.tuple(account, activity, fc.integer({ min: -900, max: 900 })), {
      minLength: 1,
      maxLength: 4,
    }),
    last: fc.tuple(account, activity),
  })
  .map(({ sides, last: [lastAccount, lastActivity], ...head }) => {
    const rest = -sides.reduce((sum, [, , amount]) => sum + amount, 0)
    const all = [...sides, [lastAccount, lastActivity, rest] as const].filter(([, , amount]) => amount !== 0)
    const lines = all.map(([of, cashFlow, amount]) => ({
      ...LINE,
      ...of,
      cashFlow,
      debit: amount > 0 ? BigInt(amount) * 10_000n : 0n,
      credit: amount < 0 ? BigInt(-amount) * 10_000n : 0n,
    }))
    return { ...head, lines }
  })
const entries = fc.array(entry, { maxLength: 40, size: 'max' })

const posted = (one: Entry, i: number): FinanceEvent =>
  event('JournalEntryPosted', `j${i}`, {
    aggregateType: 'journal-entry',
    aggregateVersion: 1,
    journalNumber: `J${i}`,
    entryDate: one.day,
    kind: one.kind,
    currency: 'BDT',
    fxRate: RATE_ONE,
    total: one.lines.reduce((sum, { debit }) => sum + debit, 0n),
    lines: one.lines,
  })

function seriesOf(list: readonly Entry[]): LedgerSeries {
  const byDay = Map.groupBy(list, ({ day }) => day)
  return new LedgerSeries(
    [...byDay]
      .sort(([a], [b]) => a - b)
      .map(([day, some]) => {
        const all = some.map(ledgerFiguresOf)
        return [day, LEDGER_FIGURES.map((_, i) => all.reduce((sum, f) => sum + (f[i] ?? 0n), 0n))] as const
      }),
  )
}

/** Debits - credits of all lines that a filter takes, up to a day. */
const balance = (list: readonly Entry[], to: number, takes: (line: Line, entry: Entry) => boolean): bigint =>
  list
    .filter(({ day }) => day <= to)
    .flatMap((one) => one.lines.filter((line) => takes(line, one)))
    .reduce((sum, { debit, credit }) => sum + debit - credit, 0n)

const isCash = ({ accountClass, accountSubtype }: Line) =>
  (accountClass === 'ASSET' || accountClass === '') && CASH.includes(accountSubtype)

/** Customers' documents, for what is computed from both. */
const DOCUMENTS = new FigureSeries([
  {
    ...NO_FIGURES,
    day: TODAY - 20,
    sales: 7_000_000n,
    netRevenue: 7_000_000n,
    receivables: 3_000_000n,
    invoices: 2,
  },
])

const windowsOf = (list: readonly Entry[], series = new FigureSeries([])) =>
  computeKpis({
    series,
    ledger: seriesOf(list),
    asOf: TODAY,
    fiscalYearStart: '07-01',
    currency: 'BDT',
  })

describe('KPIs of random journals', () => {
  it('keep to the books: assets, equity, cash and profit are plain sums of lines', () => {
    fc.assert(
      fc.property(entries, (list) => {
        for (const { from, to, measures } of windowsOf(list)) {
          const of = (name: string) => measures.find((m) => m.name === name)
          const amountOf = (name: string) => parseDecimal(of(name)?.value ?? '0')
          if (of('cashPosition')?.reason === 'no_history') continue
          const cash = (day: number) => balance(list, day, isCash)
          expect(amountOf('cashPosition')).toBe(cash(to))
          // The three parts are the change of cash.
          const flows = ['operatingCashFlow', 'investingCashFlow', 'financingCashFlow'].map(amountOf)
          expect(flows.reduce((sum, flow) => sum + flow, 0n)).toBe(cash(to) - cash(from - 1))
          expect(amountOf('netCashFlow')).toBe(cash(to) - cash(from - 1))
          // Equity is what is left of assets, profit included that no close has moved.
          const inputs = of('returnOnEquity')?.inputs ?? {}
          const isAsset = ({ accountClass }: Line) => accountClass === 'ASSET' || accountClass === ''
          const assets = balance(list, to, isAsset)
          const liabilities = -balance(list, to, ({ accountClass }) => accountClass === 'LIABILITY')
          expect(parseDecimal(inputs['closingEquity'] ?? '')).toBe(assets - liabilities)
          expect(parseDecimal(of('returnOnAssets')?.inputs['closingAssets'] ?? '')).toBe(assets)
          const isProfit = ({ accountClass }: Line, one: Entry) =>
            (accountClass === 'INCOME' || accountClass === 'EXPENSE') && one.kind !== 'CLOSING'
          expect(amountOf('netIncome')).toBe(balance(list, from - 1, isProfit) - balance(list, to, isProfit))
        }
      }),
      options,
    )
  }, 120_000)

  it('keep their own identities', () => {
    fc.assert(
      fc.property(entries, (list) => {
        for (const { measures } of windowsOf(list, DOCUMENTS)) {
          const value = (name: string) => measures.find((m) => m.name === name)?.value ?? null
          expect(value('workingCapitalRatio')).toBe(value('currentRatio'))
          const parts = ['dso', 'dio', 'dpo'].map(value)
          const cycle = value('cashConversionCycle')
          if (parts.includes(null)) expect(cycle).toBeNull()
          else {
            const [dso = 0n, dio = 0n, dpo = 0n] = parts.map((text) => parseDecimal(text ?? '', 8))
            expect(parseDecimal(cycle ?? '', 8)).toBe(dso + dio - dpo)
          }
          // No number without a division that has a meaning, and a reason where there is none.
          for (const { name, value: text, reason } of measures)
            expect([name, text === null]).toEqual([
              name,
              reason === 'zero_denominator' || reason === 'no_history',
            ])
        }
      }),
      options,
    )
  }, 120_000)

  it('are the same from the processor, whatever the order and however often an entry comes', () => {
    const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
    const startMs = TODAY * 86_400_000 + 3_600_000
    fc.assert(
      fc.property(entries, fc.array(fc.nat(), { maxLength: 60 }), (list, order) => {
        const driver = new TestDriver({ topologies, startMs })
        const events = list.map(posted)
        const shuffled = events
          .map((one, i) => ({ one, at: order[i % (order.length || 1)] ?? i }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one)
        for (const one of shuffled) driver.pipe(one)
        // Again, all of them: duplicates.
        for (const one of events) driver.pipe(one)
        expect(driver.dlq()).toEqual([])
        const result = driver.results().get('acme|kpi|')?.data as
          | { windows?: { measures: unknown }[] }
          | undefined
        if (list.length === 0) return
        const expected = windowsOf(list)
        expect(result?.windows?.map(({ measures }) => measures)).toEqual(
          expected.map(({ measures }) =>
            // Credit risk of nothing open: the processor knows the buckets, and all are empty.
            measures.map((m) => (m.name === 'creditRisk' ? expect.objectContaining({ value: null }) : m)),
          ),
        )
        expect([...driver.entries(LEDGER_MONTHS).keys()].every((key) => key.startsWith('acme|'))).toBe(true)
        expect([...driver.entries(LEDGER_INDEX).keys()].length).toBeLessThanOrEqual(1)
      }),
      { ...options, numRuns: Math.min(options.numRuns, 40) },
    )
  }, 120_000)
})

describe('credit risk', () => {
  it('is between 0 and 100, and never falls when something open becomes due, or later', () => {
    const buckets = fc.array(fc.bigInt({ min: 0n, max: 1_000_000n }), { minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(buckets, fc.nat(3), fc.nat(3), fc.nat(100), (open, from, by, share) => {
        const before = creditRiskOf(open, true).value
        if (before === null) return
        const to = Math.min(4, from + 1 + by)
        const moved = ((open[from] ?? 0n) * BigInt(share)) / 100n
        const later = open.map((amount, i) =>
          i === from ? amount - moved : i === to ? amount + moved : amount,
        )
        const after = creditRiskOf(later, true).value
        expect(before >= 0n && before <= 10_000_000_000n).toBe(true)
        expect((after ?? -1n) >= before).toBe(true)
      }),
      options,
    )
  })
})
