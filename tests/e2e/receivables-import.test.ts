/**
 * Real input through the whole flow: the importer, the event store, Kafka, ClickHouse, the API; every day of two years
 * on both bases against SQL over the raw file (tests/support/receivables-oracle.ts). Then the same file again, and a
 * file full of mistakes.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from '@jest/globals'
import { nikash } from '../support/cli.ts'
import { type Aging, cents, eventually, freshTenant, read } from '../support/http.ts'
import { agingByDay, type Cents, realInput } from '../support/receivables-oracle.ts'
import { describeStack, signToken, type Stack } from '../support/stack.ts'

const NEEDS = ['apiUrl', 'commandsUrl', 'databaseOwnerUrl', 'jwtAccessSecret', 'stateFile'] as const
const input = realInput('ibm_accounts_receivable.csv')
const LAYOUT =
  'countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate'

type Base = 'due' | 'posting'
const amounts = (aging: Aging): Cents => aging.buckets.map((b) => cents(b.amount.amount)) as unknown as Cents

async function differences(
  stack: Stack<(typeof NEEDS)[number]>,
  tenant: string,
  expected: Map<string, { due: Cents; posting: Cents }>,
  more = '',
): Promise<string[]> {
  const token = await signToken(stack.jwtAccessSecret, { tenant, role: 'reader' })
  const found: string[] = []
  const wanted = [...expected].flatMap(([day, both]) =>
    (['due', 'posting'] as const).map((basis) => [day, basis, both[basis]] as const),
  )
  const ask = async ([day, basis, want]: readonly [string, Base, Cents]) => {
    const aging = await read<Aging>(
      stack.apiUrl,
      `/v1/receivables/aging?asOf=${day}&basis=${basis}${more}`,
      token,
    )
    const got = amounts(aging)
    const total = got.reduce((a, b) => a + b, 0n)
    if (
      aging.asOf !== day ||
      got.join() !== want.join() ||
      cents(aging.total.amount) !== total ||
      cents(aging.unapplied.amount) !== 0n
    ) {
      found.push(
        `${day} ${basis}: expected ${want.join(' ')}, got ${got.join(' ')} unapplied ${aging.unapplied.amount} total ${aging.total.amount}`,
      )
    }
  }
  for (let i = 0; i < wanted.length; i += 8) await Promise.all(wanted.slice(i, i + 8).map(ask))
  return found
}

describeStack(
  `the sample of real receivables${input.path === undefined ? ` (skipped: ${input.reason})` : ''}`,
  NEEDS,
  (stack) => {
    const real = input.path === undefined ? it.skip : it
    const tenant = freshTenant('ibm')
    const load = () =>
      nikash(stack.stateFile, [
        'import',
        'receivables',
        input.path ?? '',
        '--tenant',
        tenant,
        '--currency',
        'USD',
      ])
    const oracle = () =>
      agingByDay(stack.databaseOwnerUrl, readFileSync(input.path ?? '', 'utf8'), '2012-01-01', '2013-12-31')

    real(
      'ages to the cent on every day of 2012 and 2013, by due date and by invoice date',
      async () => {
        const started = Date.now()
        const ran = await load()
        expect([ran.code, ran.stderr]).toEqual([0, expect.anything()])
        expect(ran.stdout).toContain('2466')
        console.log(`import of 2,466 invoices and payments: ${((Date.now() - started) / 1000).toFixed(1)} s`)
        const expected = await oracle()
        expect(expected.size).toBe(731)
        const last = new Map([['2013-12-31', expected.get('2013-12-31') ?? ({} as never)]])
        await eventually(
          'the last day to agree',
          async () => expect(await differences(stack, tenant, last)).toEqual([]),
          60_000,
        )
        expect(await differences(stack, tenant, expected)).toEqual([])
      },
      600_000,
    )

    real(
      'disagrees as soon as one bucket edge is moved by a day',
      async () => {
        const expected = await oracle()
        const sample = new Map([...expected].filter((_, i) => i % 25 === 0))
        expect(await differences(stack, tenant, sample, '&buckets=30,60,90')).toEqual([])
        expect((await differences(stack, tenant, sample, '&buckets=31,60,90')).length).toBeGreaterThan(5)
      },
      120_000,
    )

    real(
      'is the same after a second import of the same file',
      async () => {
        const again = await load()
        expect(again.code).toBe(0)
        const expected = await oracle()
        const sample = new Map([...expected].filter((_, i) => i % 13 === 0))
        expect(await differences(stack, tenant, sample)).toEqual([])
        const token = await signToken(stack.jwtAccessSecret, { tenant, role: 'reader' })
        const days = await read<{ data: { invoices: number }[] }>(
          stack.apiUrl,
          '/v1/daily?from=2012-01-01&to=2014-12-31',
          token,
        )
        expect(days.data.reduce((sum, day) => sum + Number(day.invoices), 0)).toBe(2466)
      },
      600_000,
    )
  },
)

describeStack('a file full of mistakes', NEEDS, (stack) => {
  const row = (
    number: string,
    more: Partial<Record<'invoiced' | 'due' | 'amount' | 'settled', string>> = {},
  ) =>
    `406,C-1,1/1/2012,${number},${more.invoiced ?? '3/1/2012'},${more.due ?? '3/31/2012'},${more.amount ?? '100.00'},No,${more.settled ?? '4/5/2012'},Paper,35,5`
  const file = (lines: string[]) => {
    const target = path.join(mkdtempSync(path.join(tmpdir(), 'nikash-')), 'receivables.csv')
    writeFileSync(target, [LAYOUT, ...lines, ''].join('\n'))
    return target
  }

  it('is told line by line, and what is right is imported', async () => {
    const tenant = freshTenant('bad')
    const lines = [
      row('OK-1'), // line 2
      row('BAD-DATE', { invoiced: '13/45/2012' }),
      row('NEGATIVE', { amount: '-5.00' }),
      row('NO-DUE', { due: '' }),
      row('OK-2', { amount: '50.25' }),
      row('OK-1'), // line 7: the number again
      row('CENTS', { amount: '1.999' }),
      `406,C-1,${'x'.repeat(10 * 1024 * 1024)}`, // line 9: ten megabytes of garbage
      row('OK-3', { amount: '7.00' }),
    ]
    const ran = await nikash(stack.stateFile, [
      'import',
      'receivables',
      file(lines),
      '--tenant',
      tenant,
      '--currency',
      'USD',
    ])
    expect(ran.code).toBe(1)
    const said = ran.stdout + ran.stderr
    for (const line of [3, 4, 5, 7, 8, 9]) expect(said).toMatch(new RegExp(`line ${line}\\b`))
    for (const line of [2, 6, 10]) expect(said).not.toMatch(new RegExp(`line ${line}\\b`))
    expect(said.length).toBeLessThan(100_000)
    const token = await signToken(stack.jwtAccessSecret, { tenant, role: 'reader' })
    await eventually('three good invoices', async () => {
      const aging = await read<Aging>(stack.apiUrl, '/v1/receivables/aging?asOf=2012-04-04&basis=due', token)
      expect(amounts(aging)).toEqual([0n, 15725n, 0n, 0n, 0n])
    })
  }, 180_000)

  it('in another currency than stated is refused and leaves nothing', async () => {
    const tenant = freshTenant('cur')
    const ran = await nikash(stack.stateFile, [
      'import',
      'receivables',
      file([row('A-1')]),
      '--tenant',
      tenant,
      '--currency',
      'XXZ',
    ])
    expect([ran.code, `${ran.stdout}${ran.stderr}`]).toEqual([2, expect.stringMatching(/XXZ/)])
  }, 60_000)
})
