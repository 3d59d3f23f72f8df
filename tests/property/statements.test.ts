/**
 * Statements of random books: whatever balanced entries are posted, on whatever accounts of the default chart, assets are
 * liabilities and equity on every day, the three parts of the cash flow are the change of cash, both methods agree, and the
 * net profit is the sum of the lines. The oracle adds lines; it knows no section and no activity.
 */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DEFAULT_CHART } from '../../producers/ledger/default-chart.ts'
import { balanceSheet, profitAndLoss } from '../../schemas/rules/statements/balances.ts'
import { cashFlow } from '../../schemas/rules/statements/cash-flow.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import { CASH_CODES, columnOf, type PlainEntry } from '../support/statement-company.ts'

const SEED = Number(process.env['NIKASH_SEED'] ?? Date.now() % 2_147_483_647)
const DAYS = 40
const CODES = DEFAULT_CHART.map(({ code }) => code)
const CLASSES = new Map(DEFAULT_CHART.map(({ code, accountClass }) => [code, accountClass]))

const entry: fc.Arbitrary<PlainEntry> = fc
  .record({
    day: fc.integer({ min: 0, max: DAYS }),
    origin: fc.constantFrom<PlainEntry['origin']>('OTHER', 'OTHER', 'OTHER', 'OTHER', 'OPENING'),
    first: fc.constantFrom(...CODES),
    rest: fc.array(
      fc.tuple(
        // Cash often: a random pair of accounts rarely has it.
        fc.oneof(fc.constantFrom(...CODES), fc.constantFrom(...CASH_CODES)),
        fc.bigInt({ min: -99_999_999_999_999_999n, max: 99_999_999_999_999_999n }),
      ),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ day, origin, first, rest }) => ({
    day,
    origin,
    lines: [
      ...rest.map(([account, change]) => ({ account, change })),
      { account: first, change: -rest.reduce((sum, [, change]) => sum + change, 0n) },
    ],
  }))

/** Takes all that income and expense stand at to retained earnings, as the close of a year does. */
function closing(entries: readonly PlainEntry[], day: number): PlainEntry {
  const sums = new Map<string, Amount>()
  for (const one of entries) {
    for (const { account, change } of one.day <= day ? one.lines : []) {
      if (isResult(account)) sums.set(account, (sums.get(account) ?? 0n) - change)
    }
  }
  const lines = Array.from(sums, ([account, change]) => ({ account, change }))
  const net = lines.reduce((sum, { change }) => sum - change, 0n)
  return { day, origin: 'CLOSING', lines: [...lines, { account: '3200', change: net }] }
}

const isResult = (code: string) => ['INCOME', 'EXPENSE'].includes(CLASSES.get(code) ?? '')

const total = (entries: readonly PlainEntry[], when: (code: string, one: PlainEntry) => boolean): Amount =>
  entries.reduce(
    (sum, one) =>
      one.lines.reduce((all, { account, change }) => (when(account, one) ? all + change : all), sum),
    0n,
  )

it(`balance on every day and over every period (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 40, size: 'max' }),
      fc.option(fc.integer({ min: 0, max: DAYS }), { nil: undefined }),
      fc.integer({ min: 0, max: DAYS }),
      (random, closed, from) => {
        const entries = closed === undefined ? random : [...random, closing(random, closed)]
        for (let to = 0; to <= DAYS; to += 4) {
          const column = columnOf(entries, { from: Math.min(from, to), to }, CASH_CODES)
          const sheet = balanceSheet([column.accounts])
          expect([to, sheet.balanced]).toEqual([to, [true]])
          expect(sheet.assets).toEqual([
            total(entries, (code, { day }) => day <= to && CLASSES.get(code) === 'ASSET'),
          ])
          const inside = ({ day, origin }: PlainEntry) =>
            day >= Math.min(from, to) && day <= to && origin !== 'CLOSING'
          expect(profitAndLoss([column.accounts]).totals.netProfit).toEqual([
            -total(entries, (code, one) => isResult(code) && inside(one)),
          ])
          for (const method of ['direct', 'indirect'] as const) {
            const flow = cashFlow([column], method)
            expect([to, method, flow.partsEqualChange, flow.methodsAgree]).toEqual([
              to,
              method,
              [true],
              [true],
            ])
            const parts = flow.sections.reduce((sum, { totals }) => sum + (totals[0] ?? 0n), 0n)
            const moved = total(
              entries,
              (code, one) => CASH_CODES.has(code) && inside(one) && one.origin !== 'OPENING',
            )
            expect([method, parts]).toEqual([method, moved])
            expect(flow.closing).toEqual([
              total(entries, (code, { day }) => CASH_CODES.has(code) && day <= to),
            ])
          }
        }
      },
    ),
    { seed: SEED, numRuns: 150 },
  )
})
