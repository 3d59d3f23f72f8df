/** `nikash explain` on the running stack: the answer of the API as a table, and names that do not exist. */
import { beforeAll, expect, it } from '@jest/globals'
import { type Books, openBooks } from '../support/books.ts'
import { nikash, type Ran } from '../support/cli.ts'
import { command, eventually, read } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

describeStack('nikash explain', ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'stateFile'], (stack) => {
  let books: Books
  const explain = (...args: string[]): Promise<Ran> =>
    nikash(stack.stateFile, ['explain', ...args, '--tenant', books.tenant])
  const api = <T>(path: string): Promise<T> => read<T>(stack.apiUrl, path, books.reader)

  beforeAll(async () => {
    books = await openBooks(stack, { prefix: 'exp', customer: 'Padma Textiles' })
    await books.invoice('125000.10')
    await books.invoice('2500.20')
    const cancelled = await books.invoice('999.99')
    await command(stack.commandsUrl, `/v1/invoices/${cancelled}/cancel`, books.writer, { reason: 'twice' })
    await eventually('the figures and their documents', async () => {
      const { code, stdout } = await explain('netRevenue')
      // By hand: 1,25,000.10 + 2,500.20; what was cancelled is two rows that cancel out.
      expect([code, stdout]).toEqual([0, expect.stringContaining('\n  1,27,500.30 BDT\n')])
    })
  }, 120_000)

  it('prints the number, its formula, each input and the documents whose sum it is', async () => {
    const { code, stdout } = await explain('netRevenue')
    expect(code).toBe(0)
    expect(stdout).toContain(`netRevenue of ${books.tenant}, 30d: `)
    expect(stdout).toContain('= approved invoices, less cancellations and credit notes')
    expect(stdout).toMatch(/Invoiced, without VAT +invoiced +1,27,500\.30 +4 +1,27,500\.30 +the same/)
    expect(stdout).toMatch(/Number of invoices +invoices +\d+ +a count/)
    const rows = stdout.split('\n').filter((line) => line.includes('Padma Textiles'))
    const cells = rows.map((line) => line.trim().split(/ {2,}/).slice(2).join(' | '))
    expect(cells.toSorted()).toEqual([
      'invoice cancelled | Padma Textiles | -999.99',
      'invoice | Padma Textiles | 1,25,000.10',
      'invoice | Padma Textiles | 2,500.20',
      'invoice | Padma Textiles | 999.99',
    ])
    expect(stdout).toMatch(/sum of all 4 +1,27,500\.30/)
  }, 60_000)

  it('shows the documents of every input, and of a balance those that are open', async () => {
    const { code, stdout } = await explain('dso', '--window', '90d', '--limit', '1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/Receivables before the first day +openingReceivables +0\.00 +0 +0\.00 +the same/)
    expect(stdout).toMatch(
      /Receivables at the end +closingReceivables +1,27,500\.30 +2 +1,27,500\.30 +the same/,
    )
    expect(stdout).toContain('Receivables before the first day (openingReceivables): no documents.')
    expect(stdout).toContain('first 1 of 2: --limit N shows more')
    const owed = await explain('receivables', '--input', 'closingReceivables')
    expect(owed.stdout).toMatch(/\n {2}1,27,500\.30 BDT\n/)
    expect(owed.stdout.match(/open invoice/g)).toHaveLength(2)
  }, 60_000)

  it('is the answer of the API as JSON, in as many pages as the limit asks for', async () => {
    const path = '/v1/kpis/netRevenue/explain?window=mtd&input=invoiced'
    const { code, stdout } = await explain('netRevenue', '--window', 'mtd', '-o', 'json', '--limit', '100')
    expect([code, JSON.parse(stdout)]).toEqual([0, await api(`${path}&limit=100`)])
    const some = await explain('netRevenue', '--window', 'mtd', '-o', 'json', '--limit', '3')
    expect(JSON.parse(some.stdout)).toMatchObject({
      rowCount: 4,
      data: { length: 3 },
      page: { hasMore: true },
    })
  }, 60_000)

  it('tells of a past day, and why there is no value', async () => {
    const past = await explain('profitMargin', '--as-of', '2001-01-31')
    expect(past).toMatchObject({ code: 0 })
    expect(past.stdout).toContain('30d: 2001-01-02 to 2001-01-31')
    expect(past.stdout).toMatch(/no value \((no_history|zero_denominator)\): \S/)
  }, 60_000)

  it.each([
    ['a KPI', ['netRevenu'], 'There is no KPI "netRevenu".', 'Near: netRevenue'],
    ['a KPI by its words', ['gross-margin'], 'There is no KPI "gross-margin".', 'Near: grossProfitMargin.'],
    ['a window', ['dso', '--window', '30'], 'There is no window "30".', '30d'],
    ['an input', ['dso', '--input', 'sale'], 'There is no input of dso "sale".', 'Near: sales.'],
  ])(
    'says of %s that is not there which names are near',
    async (_what, args, says, near) => {
      const { code, stdout, stderr } = await explain(...args)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain(says)
      expect(stderr).toContain(near)
    },
    60_000,
  )

  it('says of a tenant that is not there which tenants are near, and of a wrong day what a day is', async () => {
    const wrong = books.tenant.slice(0, -1)
    const { code, stderr } = await nikash(stack.stateFile, ['explain', 'dso', '--tenant', wrong])
    expect([code, stderr]).toEqual([2, expect.stringContaining(`There is no tenant "${wrong}"`)])
    expect(stderr).toContain(books.tenant)
    const day = await explain('dso', '--as-of', 'yesterday')
    expect([day.code, day.stderr]).toEqual([1, expect.stringContaining('asOf')])
  }, 60_000)
})
