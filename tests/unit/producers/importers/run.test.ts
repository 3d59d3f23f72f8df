import { describe, expect, it } from '@jest/globals'
import { bodies, fileOf, run } from './harness.ts'

const RECEIVABLES = {
  name: 'test',
  source: 'erp',
  dateFormat: 'DD.MM.YYYY',
  currency: 'BDT',
  columns: {
    customerId: 'c',
    invoiceNumber: 'n',
    invoiceDate: 'd',
    dueDate: 'u',
    amount: 'a',
    settledDate: 's',
  },
}
const HEADER = 'c,n,d,u,a,s'
const invoice = (n: string, change: { c?: string; a?: string; s?: string } = {}) =>
  `${change.c ?? 'C-1'},${n},01.02.2026,01.03.2026,${change.a ?? '10.00'},${change.s ?? ''}`
const JOURNAL = {
  name: 'journal',
  source: 'gl',
  dateFormat: 'YYYY-MM-DD',
  currency: 'BDT',
  columns: { entry: 'e', date: 'd', account: 'k', amount: 'a' },
}
const entries = (...rows: string[]) => fileOf(['e,d,k,a', ...rows])

describe('a run', () => {
  it('sends a customer before its first invoice, once, and a payment after its invoice', async () => {
    const file = fileOf([HEADER, invoice('1', { s: '05.02.2026' }), invoice('2'), invoice('3', { c: 'C-2' })])
    const { items, counts } = await run('receivables', file, { map: RECEIVABLES })
    expect(items.map(({ type, body }) => `${type} ${String(body['id'])}`)).toEqual([
      'customer.create C-1',
      'invoice.create erp:1',
      'payment.receive erp:1:settled',
      'invoice.create erp:2',
      'customer.create C-2',
      'invoice.create erp:3',
    ])
    expect(counts).toEqual({ rows: 3, imported: 3, existing: 0, bad: 0, leftOut: 0, masters: 2 })
  })

  it('sends the same commands when it is run again', async () => {
    const file = fileOf([HEADER, invoice('1', { s: '05.02.2026' }), invoice('2')])
    const first = await run('receivables', file, { map: RECEIVABLES })
    const again = await run('receivables', file, {
      map: RECEIVABLES,
      answer: (item) => ({ status: 'exists', id: String(item.body['id']) }),
    })
    expect(bodies(again)).toEqual(bodies(first))
    expect(again.counts).toMatchObject({ imported: 0, existing: 2, bad: 0, masters: 0 })
  })

  it('tells refusals by line, and what of the row is there', async () => {
    const file = fileOf([HEADER, invoice('1', { s: '05.02.2026' }), invoice('2')])
    const { bad, counts } = await run('receivables', file, {
      map: RECEIVABLES,
      answer: ({ type, body }) => {
        const id = String(body['id'])
        if (type === 'payment.receive')
          return { status: 'refused', id, problem: { code: 'x', detail: 'no money' } }
        if (id === 'erp:2') return { status: 'refused', id, problem: { code: 'already_exists' } }
        return { status: 'accepted', id }
      },
    })
    expect(bad).toEqual([
      { line: 2, reason: 'the invoice is imported, its payment is not: no money' },
      { line: 3, reason: '2 was imported before with other content; correct it by commands' },
    ])
    expect(counts).toMatchObject({ imported: 0, bad: 2 })
  })

  it('refuses by the schemas of the commands before anything is sent', async () => {
    const file = fileOf([HEADER, invoice('1', { c: ' ' }), invoice('x\u2028y'), invoice('3')])
    const { bad, items } = await run('receivables', file, { map: RECEIVABLES })
    expect(bad).toEqual([
      { line: 2, column: 'c', reason: 'is empty' },
      { line: 3, column: 'n', reason: 'has control characters' },
    ])
    expect(bodies({ items } as never, 'invoice.create')).toHaveLength(1)
  })

  it('sends nothing when it is dry, and tells references that are not there', async () => {
    const file = entries(
      'A,2026-01-01,1101,5',
      'A,2026-01-01,9999,-5',
      'B,2026-01-01,1101,5',
      'B,2026-01-01,1110,-5',
    )
    const ran = await run('journal', file, {
      map: JOURNAL,
      plan: { dryRun: true },
      missing: (references) => references.filter(({ id }) => id === '9999'),
    })
    expect(ran.items).toEqual([])
    expect(ran.bad).toEqual([
      { line: 3, column: 'k', reason: 'account 9999 does not exist: create it first' },
    ])
    expect(ran.counts).toMatchObject({ imported: 1, bad: 2 })
    const unknown = await run('journal', file, {
      map: JOURNAL,
      plan: { dryRun: true },
      missing: () => undefined,
    })
    expect(unknown.counts).toMatchObject({ imported: 2, bad: 0 })
  })

  it('does not ask for what the file itself creates', async () => {
    const asked: string[] = []
    const file = fileOf([HEADER, invoice('1'), invoice('2', { c: 'C-2' })])
    await run('receivables', file, {
      map: RECEIVABLES,
      plan: { dryRun: true },
      missing: (references) => {
        asked.push(...references.map(({ id }) => id))
        return []
      },
    })
    expect(asked).toEqual([])
  })

  it('cuts batches so that no request is too large', async () => {
    const file = fileOf([
      HEADER,
      ...Array.from({ length: 350 }, (_, i) => invoice(`N${i}`, { s: '05.02.2026' })),
    ])
    const { batches } = await run('receivables', file, { map: RECEIVABLES })
    expect(batches).toHaveLength(4)
    for (const one of batches) expect(one.length).toBeLessThanOrEqual(500)
    const lines = Array.from({ length: 900 }, (_, i) => `1101,${i % 2 === 0 ? '7' : '-7'}`)
    const large = Array.from({ length: 20 }, (_, e) => lines.map((line) => `E${e},2026-01-01,${line}`)).flat()
    const journal = await run('journal', entries(...large), { map: JOURNAL })
    expect(journal.counts.imported).toBe(20)
    for (const one of journal.batches) expect(JSON.stringify(one).length).toBeLessThan(2_000_000)
  }, 30_000)
})

describe('runs of rows', () => {
  it('are one entry while the number is the same; a number that comes again is bad', async () => {
    const file = entries(
      'A,2026-01-01,1,5.00',
      'A,2026-01-01,2,-5.00',
      'B,2026-01-02,1,1.00',
      'B,2026-01-02,2,-1.00',
      'A,2026-01-03,1,9.00',
      'A,2026-01-03,2,-9.00',
    )
    const { bad, items, counts } = await run('journal', file, { map: JOURNAL })
    expect(items.map(({ body }) => body['id'])).toEqual(['gl:entry:A', 'gl:entry:B'])
    expect(bad).toEqual([{ line: 6, column: 'e', reason: 'number A stands in an earlier line too' }])
    expect(counts).toMatchObject({ rows: 6, imported: 2, bad: 2 })
  })

  it('are left out whole when a row of them is bad, and no other is', async () => {
    const file = entries(
      'A,2026-01-01,1,5.00',
      'A,2026-01-01,2,x',
      'B,2026-01-02,1,1.00',
      'B,2026-01-02,2,-1.00',
      'C,2026-01-02,,1.00',
      'C,2026-01-02,2,-1.00',
    )
    const { bad, items, counts } = await run('journal', file, { map: JOURNAL })
    expect(items.map(({ body }) => body['id'])).toEqual(['gl:entry:B'])
    expect(bad).toEqual([
      { line: 3, column: 'a', reason: '"x" is not a plain amount such as 1250.00' },
      { line: 2, reason: 'A is left out whole, because of line 3' },
      { line: 6, column: 'k', reason: 'is empty' },
      { line: 7, reason: 'C is left out whole, because of line 6' },
    ])
    expect(counts).toMatchObject({ rows: 6, imported: 1, bad: 4 })
  })

  it('on both sides of a row of which nothing can be said are left out', async () => {
    const file = entries(
      'A,2026-01-01,1,5',
      'A,2026-01-01,2,-5',
      'only,three,fields',
      'B,2026-01-01,1,5',
      'B,2026-01-01,2,-5',
    )
    const { items, counts } = await run('journal', file, { map: JOURNAL })
    expect(items).toEqual([])
    expect(counts).toMatchObject({ rows: 5, imported: 0, bad: 5 })
  })
})

describe('a map', () => {
  it('is not needed where the header has our names', async () => {
    const file = fileOf(['customerId,name', 'C-1,Rahim'])
    expect((await run('customers', file)).counts.imported).toBe(1)
    await expect(run('customers', fileOf(['customerId,title', 'C-1,Rahim']))).rejects.toThrow(
      /Name the columns as we do/,
    )
  })

  it('may hold constants, words, and another way to write amounts and days', async () => {
    const map = {
      ...RECEIVABLES,
      delimiter: ';',
      decimalMark: ',',
      grouping: '.',
      columns: {
        customerId: 'c',
        invoiceNumber: 'n',
        invoiceDate: 'd',
        dueDate: 'd',
        amount: 'a',
        disputed: 'x',
      },
      constants: { country: 'BD' },
      words: { disputed: { strittig: 'yes', klar: 'no' } },
    }
    const file = fileOf(['c;n;d;a;x', 'C;1;০১.০২.২০২৬;1.250,50;strittig', 'C;2;01.02.2026;1.25,50;klar'])
    const ran = await run('receivables', file, { map })
    expect(bodies(ran, 'customer.create')[0]).toMatchObject({ country: 'BD' })
    expect(bodies(ran, 'invoice.create')[0]).toMatchObject({
      invoiceDate: '2026-02-01',
      disputed: true,
      lines: [{ unitPrice: '1250.50' }],
    })
    expect(ran.bad).toEqual([
      { line: 3, column: 'a', reason: '"1.25,50" is not a plain amount such as 1250.00' },
    ])
  })

  it.each([
    [{ kind: 'journal' }, /is for journal, not for receivables/],
    [{ columns: { ...RECEIVABLES.columns, colour: 'c' } }, /names colour, which receivables do not have/],
    [{ columns: { customerId: 'c' } }, /does not say which columns are invoiceNumber/],
    [{ dateFormat: undefined }, /does not state how dates are written/],
    [{ currency: undefined }, /currency of the amounts is not stated/],
    [{ headless: true }, /needs the names of its columns/],
    [{ decimalMark: ',', grouping: ',' }, /are both ,/],
  ])('with %j is refused', async (change, said) => {
    await expect(
      run('receivables', fileOf([HEADER, invoice('1')]), { map: { ...RECEIVABLES, ...change } }),
    ).rejects.toThrow(said)
  })
})
