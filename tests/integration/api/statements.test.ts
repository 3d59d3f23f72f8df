/**
 * Statements through HTTP over the real stack: a company keeps its books with commands, and what the API answers is what
 * was worked by hand from them; every figure of the balance sheet is one of the trial balance.
 */
import { beforeAll, expect, it, jest } from '@jest/globals'
import { type Books, openBooks } from '../../support/books.ts'
import { command, eventually } from '../../support/http.ts'
import { describeStack } from '../../support/stack.ts'

jest.setTimeout(60_000)

type Body = Record<string, unknown>
type Amounts = readonly { readonly amount: string }[]

describeStack('statements', ['apiUrl', 'commandsUrl', 'jwtAccessSecret'], (stack) => {
  let books: Books
  const get = async (path: string): Promise<Body> => {
    const response = await fetch(stack.apiUrl + path, {
      headers: { authorization: `Bearer ${books.reader}` },
    })
    const body = (await response.json()) as Body
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`)
    return body
  }
  const firsts = (totals: unknown) =>
    Object.fromEntries(
      Object.entries(totals as Record<string, Amounts>).map(([name, list]) => [name, list[0]?.amount]),
    )
  const sums = (body: Body) =>
    firsts(Object.fromEntries((body['sections'] as Body[]).map((one) => [one['key'], one['totals']])))
  const post = (path: string, body: object) =>
    command<{ id: string }>(stack.commandsUrl, path, books.writer, body)

  beforeAll(async () => {
    books = await openBooks(stack, { prefix: 'stmt' })
    await post('/v1/journal-entries', {
      entryDate: '2026-07-01',
      status: 'POSTED',
      description: 'Capital paid in',
      lines: [
        { accountId: '1110', debit: '500000.00' },
        { accountId: '3100', credit: '500000.00' },
      ],
    })
    const invoiceId = await books.invoice('100000.00', { invoiceDate: '2026-07-10', dueDate: '2026-08-10' })
    await books.payment('60000.00', {
      paymentDate: '2026-07-20',
      method: 'bank',
      allocations: [{ invoiceId, amount: '60000.00' }],
    })
    await post('/v1/expenses', {
      category: 'rent',
      expenseDate: '2026-07-25',
      netAmount: '20000.00',
      vatAmount: '3000.00',
      paidFromAccountId: '1110',
      status: 'APPROVED',
    })
    await post('/v1/journal-entries', {
      entryDate: '2026-07-31',
      status: 'POSTED',
      description: 'Depreciation',
      lines: [
        { accountId: '6800', debit: '1000.00' },
        { accountId: '1690', credit: '1000.00' },
      ],
    })
    await eventually('all entries in ClickHouse', async () =>
      expect(
        (await get('/v1/reports/profit-and-loss?from=2026-07-01&to=2026-07-31'))['totals'],
      ).toMatchObject({
        netProfit: [{ amount: '79000.00' }],
      }),
    )
  })

  it('are what was worked by hand', async () => {
    const sheet = await get('/finance/reports/balance-sheet?asOf=2026-07-31&compare=lastYear')
    expect(sums(sheet)).toEqual({
      currentAssets: '580000.00',
      nonCurrentAssets: '-1000.00',
      currentLiabilities: '0.00',
      nonCurrentLiabilities: '0.00',
      equity: '500000.00',
    })
    expect(firsts(sheet['totals'])).toEqual({
      assets: '579000.00',
      liabilities: '0.00',
      equity: '579000.00',
      liabilitiesAndEquity: '579000.00',
    })
    expect(sheet['balanced']).toEqual([true, true])
    for (const method of ['direct', 'indirect']) {
      const flow = await get(`/v1/reports/cash-flow?from=2026-07-02&to=2026-07-31&method=${method}`)
      expect(sums(flow)).toEqual({ operating: '37000.00', investing: '0.00', financing: '0.00' })
      expect([flow['opening'], flow['closing']]).toMatchObject([
        [{ amount: '500000.00' }],
        [{ amount: '537000.00' }],
      ])
      expect(flow['balanced']).toEqual({ partsEqualChange: [true], methodsAgree: [true] })
    }
  })

  it('have the balances of the trial balance, account by account', async () => {
    const trial = new Map(
      ((await get('/v1/reports/trial-balance?asOf=2026-07-31'))['data'] as Body[]).map((row) => [
        row['accountId'],
        (row['balance'] as { amount: string }).amount,
      ]),
    )
    const sheet = await get('/v1/reports/balance-sheet?asOf=2026-07-31')
    const shown = (sheet['sections'] as { groups: { accounts: Body[] }[] }[])
      .flatMap(({ groups }) => groups.flatMap(({ accounts }) => accounts))
      .map((one) => [one['accountId'], (one['amounts'] as Amounts)[0]?.amount])
    expect(shown).toHaveLength(5)
    for (const [id, amount] of shown) {
      // An asset that is below zero is one in both.
      expect([id, amount]).toEqual([id, trial.get(id)])
    }
  })

  it('are beside a position and an outlook that begin where the ledger stands', async () => {
    const body = await get('/v1/cash-flow?from=2026-07-01&to=2026-07-31')
    expect(body).toMatchObject({
      cashIn: { amount: '560000.00' },
      cashOut: { amount: '23000.00' },
      closing: { amount: '537000.00' },
      operating: { amount: '37000.00' },
      financing: { amount: '500000.00' },
    })
    const outlook = body['outlook'] as { cash: Body; weeks: { items: Body[] }[] }
    expect(outlook.cash).toMatchObject({ amount: '537000.00' })
    const items = outlook.weeks.flatMap((week) => week.items)
    expect(items).toMatchObject([{ kind: 'receivable', due: '2026-08-10', amount: { amount: '40000.00' } }])
    const { parts, total } = (await get(
      '/v1/kpis/netRevenue/breakdown?by=customer&window=30d&asOf=2026-07-31',
    )) as { parts: Body[]; total: Body }
    expect([parts[0]?.['key'], total['amount']]).toEqual(['cust-1', '100000.00'])
  })
})
