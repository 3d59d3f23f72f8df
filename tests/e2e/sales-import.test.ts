/**
 * Real purchases through the whole flow: the importer, the event store, Kafka, the processors, ClickHouse, the API.
 * Revenue by day, customers and the average ticket against sums of the raw lines (tests/support/cdnow.ts). One customer in
 * CUSTOMERS_EVERY is taken, the same ones each time: all 69,659 purchases go through the importer alone, in a unit test.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from '@jest/globals'
import { byDay, dollars, purchasesOf, repeated } from '../support/cdnow.ts'
import { nikash } from '../support/cli.ts'
import { eventually, freshTenant, type Money, read } from '../support/http.ts'
import { realInput } from '../support/receivables-oracle.ts'
import { describeStack, signToken } from '../support/stack.ts'

const CUSTOMERS_EVERY = 20
const FIRST = '1997-01-01'
const LAST = '1998-06-30'
const input = realInput('cdnow_master.txt')
const title = `the purchases of CDNOW${input.path === undefined ? ` (skipped: ${input.reason})` : ''}`

interface Day {
  readonly date: string
  readonly netRevenue: Money
  readonly sales: Money
  readonly paidRevenue: Money
  readonly cashIn: Money
  readonly receivables: Money
  readonly invoices: number
}
interface Kpis {
  readonly from: string
  readonly kpis: Readonly<
    Record<string, { readonly value: string | null; readonly inputs: Readonly<Record<string, string>> }>
  >
}

/** Cents over a number, in dollars with eight decimals, half up. */
function average(cents: number, number: number): string {
  const scaled = (BigInt(cents) * 2_000_000n + BigInt(number)) / (2n * BigInt(number))
  const digits = scaled.toString().padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`
}

/** The last day of each month of the data. */
const MONTH_ENDS = Array.from({ length: 18 }, (_, i) =>
  new Date(Date.UTC(1997, i + 1, 0)).toISOString().slice(0, 10),
)

describeStack(title, ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'stateFile'], (stack) => {
  const real = input.path === undefined ? it.skip : it

  real(
    'have their revenue by day, their customers and their average ticket, equal ones of a day included',
    async () => {
      const { header, lines, sales } = purchasesOf(input.path ?? '', CUSTOMERS_EVERY)
      expect([sales.length > 3_000, repeated(sales) > 0]).toEqual([true, true])
      const file = path.join(mkdtempSync(path.join(tmpdir(), 'nikash-')), 'cdnow.txt')
      writeFileSync(file, [header, ...lines, ''].join('\n'))
      const tenant = freshTenant('cdnow')
      const started = Date.now()
      const ran = await nikash(
        stack.stateFile,
        ['import', 'sales', file, '--tenant', tenant, '--currency', 'USD'],
        240_000,
      )
      expect([ran.code, ran.stderr]).toEqual([0, expect.anything()])
      console.log(`import of ${lines.length} purchases: ${((Date.now() - started) / 1000).toFixed(1)} s`)

      const token = await signToken(stack.jwtAccessSecret, { tenant, role: 'reader' })
      const daily = () =>
        read<{ data: readonly Day[] }>(stack.apiUrl, `/v1/daily?from=${FIRST}&to=${LAST}`, token)
      await eventually(
        'all sales to be counted',
        async () =>
          expect((await daily()).data.reduce((sum, day) => sum + day.invoices, 0)).toBe(sales.length),
        120_000,
      )
      const days = byDay(sales)
      const { data } = await daily()
      expect(data).toHaveLength(546)
      const said = data.map((day) => [
        day.date,
        day.invoices,
        ...[day.netRevenue, day.sales, day.paidRevenue, day.cashIn, day.receivables].map(
          ({ amount }) => amount,
        ),
      ])
      expect(said).toEqual(
        data.map(({ date }) => {
          const { cents, sales: number } = days.get(date) ?? { cents: 0, sales: 0 }
          const amount = dollars(cents)
          return [date, number, amount, amount, amount, amount, '0.00']
        }),
      )

      for (const day of MONTH_ENDS) {
        for (const window of ['mtd', '365d']) {
          const { from, kpis } = await read<Kpis>(
            stack.apiUrl,
            `/v1/kpis?window=${window}&asOf=${day}`,
            token,
          )
          const within = sales.filter((one) => one.day >= from && one.day <= day)
          const cents = within.reduce((sum, one) => sum + one.cents, 0)
          const customers = (until: (day: string) => boolean) =>
            String(new Set(sales.filter((one) => until(one.day)).map(({ customer }) => customer)).size)
          const found = ['netRevenue', 'totalRevenue', 'cashReceived', 'averageTransactionValue'].map(
            (name) => kpis[name]?.value,
          )
          const amount = dollars(cents)
          expect([window, day, ...found]).toEqual([
            window,
            day,
            amount,
            amount,
            amount,
            average(cents, within.length),
          ])
          expect([window, day, kpis['customerGrowthRate']?.inputs]).toEqual([
            window,
            day,
            {
              openingCustomers: customers((one) => one < from),
              closingCustomers: customers((one) => one <= day),
            },
          ])
        }
      }
    },
    400_000,
  )
})
