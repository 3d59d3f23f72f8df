import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { kindNames, loadKind } from '../../../../../producers/importers/kind.ts'
import { shippedMaps } from '../../../../../producers/importers/map.ts'
import { workbookOf } from '../../../../support/xlsx-files.ts'
import { bodies, fileOf, run } from '../harness.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../../../../docs/examples')
const example = (name: string) => path.join(EXAMPLES, name)
const ACME = (name: string) => JSON.parse(readFileSync(example(`${name}.map.json`), 'utf8')) as object

describe('the examples', () => {
  const plan = { currency: 'BDT' }
  it.each([
    ['receivables', { map: ACME('receivables'), plan }, 7],
    ['payables', { map: ACME('payables'), plan }, 3],
    ['customers', {}, 3],
    ['vendors', {}, 3],
    ['products', {}, 3],
    ['chart', {}, 4],
    ['journal', { plan }, 2],
    ['opening-balances', { plan: { ...plan, cutOff: '2026-06-30' } }, 1],
    ['sales', { plan }, 3],
  ] as const)('of %s are imported without a bad row', async (kind, options, imported) => {
    const { counts, bad } = await run(kind, example(`${kind}.csv`), options)
    expect(bad).toEqual([])
    expect(counts).toMatchObject({ imported, bad: 0, leftOut: 0 })
  })

  it('are there for every kind, and every kind says what its columns are', async () => {
    for (const name of kindNames()) {
      const kind = await loadKind(name)
      expect(kind.name).toBe(name)
      expect(readFileSync(example(`${name}.csv`), 'utf8')).not.toBe('')
      for (const rule of Object.values(kind.columns)) expect(rule.doc).not.toBe('')
    }
    await expect(loadKind('../cli')).rejects.toThrow(/no import of/)
  })

  it('say the same from a workbook', async () => {
    const rows = readFileSync(example('journal.csv'), 'utf8').trim().split('\n')
    const cell = (text: string) =>
      /^-?\d+\.\d+$/.test(text) ? `<c><v>${text}</v></c>` : `<c t="inlineStr"><is><t>${text}</t></is></c>`
    const xml = rows
      .map((row, index) => `<row r="${index + 1}">${row.split(',').map(cell).join('')}</row>`)
      .join('')
    const options = { plan: { currency: 'BDT' } }
    const book = await run('journal', fileOf(workbookOf({ sheets: { One: xml } }), 'j.xlsx'), options)
    const csv = await run('journal', example('journal.csv'), options)
    expect(bodies(book)).toEqual(bodies(csv))
    expect(book.bad).toEqual([])
  })
})

it('shipped maps are each for a kind that there is', () => {
  for (const map of shippedMaps()) expect(kindNames()).toContain(map.kind)
})

describe('payables', () => {
  it('are vendors, approved bills and payments that go out', async () => {
    const ran = await run('payables', example('payables.csv'), {
      map: ACME('payables'),
      plan: { currency: 'BDT' },
    })
    expect(ran.counts.masters).toBe(3)
    expect(bodies(ran, 'bill.create')[0]).toMatchObject({
      id: 'acme:B-501',
      vendorId: 'V-01',
      billNumber: 'B-501',
      vendorInvoiceNumber: 'KPM/26/118',
      billDate: '2026-07-02',
      dueDate: '2026-08-01',
      status: 'APPROVED',
      issuedElsewhere: true,
      lines: [{ unitPrice: '125000.00', vatCode: 'none', category: 'materials' }],
    })
    expect(bodies(ran, 'bill.create')[2]).toMatchObject({
      disputed: true,
      lines: [{ category: 'transport' }],
    })
    expect(bodies(ran, 'payment.receive')).toEqual([
      expect.objectContaining({
        id: 'acme:B-501:settled',
        direction: 'out',
        vendorId: 'V-01',
        paymentDate: '2026-08-05',
        amount: '125000.00',
        allocations: [{ billId: 'acme:B-501', amount: '125000.00' }],
      }),
    ])
  })

  it('without a TIN need a vendor that is there', async () => {
    const file = fileOf(['vendorId,billNumber,billDate,dueDate,amount', 'V-1,B-1,2026-01-01,2026-01-31,5.00'])
    const ran = await run('payables', file, { plan: { currency: 'BDT' } })
    expect(ran.items.map(({ type }) => type)).toEqual(['bill.create'])
  })
})

describe('masters', () => {
  it('leave out what is empty, and keep ids that can be ids', async () => {
    const ran = await run('vendors', example('vendors.csv'))
    expect(bodies(ran)[1]).toEqual({
      id: 'V-02',
      vendorNumber: 'V-02',
      name: 'Dhaka Power Supply',
      nameBn: 'ঢাকা পাওয়ার সাপ্লাই',
      tin: '2345-6789-0123',
      paymentTermsDays: 15,
      phone: '01812345679',
      withholdsVat: false,
    })
    expect(bodies(ran)[2]).toMatchObject({ withholdsVat: true, certificates: ['ISO 9001', 'ISO 28000'] })
    const bengali = await run('customers', fileOf(['customerId,name', 'গ্রাহক ১,রহিম']))
    expect(bodies(bengali)[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      customerNumber: 'গ্রাহক ১',
      name: 'রহিম',
    })
  })

  it('tell what is wrong with which column', async () => {
    const file = fileOf([
      'customerId,name,paymentTermsDays,phone',
      'C-1,A,30,01712345678',
      'C-1,B,30,',
      'C-2,,30,',
      'C-3,C,a month,',
      'C-4,D,400,',
      'C-5,E,30,12',
    ])
    expect((await run('customers', file)).bad).toEqual([
      { line: 3, column: 'customerId', reason: 'number C-1 stands in an earlier line too' },
      { line: 4, column: 'name', reason: 'is empty' },
      { line: 5, column: 'paymentTermsDays', reason: '"a month" is not a whole number' },
      { line: 6, column: 'paymentTermsDays', reason: expect.stringContaining('365') },
      { line: 7, column: 'phone', reason: expect.stringContaining('mobile number') },
    ])
  })
})

describe('a chart', () => {
  it('is sent parents first, one batch after the other', async () => {
    const ran = await run('chart', example('chart.csv'))
    expect(bodies(ran).map(({ id }) => id)).toEqual(['1140', '1141', '6330', '2350'])
    expect(bodies(ran)[1]).toEqual({
      id: '1141',
      code: '1141',
      name: 'City Bank current account',
      nameBn: 'সিটি ব্যাংক চলতি হিসাব',
      accountClass: 'ASSET',
      subtype: 'BANK',
      parentId: '1140',
    })
  })

  it('with a circle of parents is refused, at its line', async () => {
    const file = fileOf(['code,name,accountClass,parent', '1,A,ASSET,', '2,B,assets,3', '3,C,ASSET,2'])
    const { bad, items } = await run('chart', file)
    expect(bad).toEqual([{ line: 3, column: 'parent', reason: 'account 2 would be summed under itself' }])
    expect(items).toEqual([])
  })
})

describe('opening balances', () => {
  const options = { plan: { currency: 'BDT', cutOff: '2026-06-30' } }
  it('are one command of the whole file', async () => {
    const ran = await run('opening-balances', example('opening-balances.csv'), options)
    expect(bodies(ran)).toEqual([
      {
        id: 'file:opening:2026-06-30',
        cutOff: '2026-06-30',
        lines: [
          { accountCode: '1101', debit: '25000.00', memo: 'cash counted' },
          { accountCode: '1110', debit: '1480000.00', memo: 'bank statement' },
          { accountCode: '1620', debit: '900000.00', memo: 'machines' },
          { accountCode: '1690', credit: '150000.00' },
          { accountCode: '2500', credit: '600000.00', memo: 'term loan' },
          { accountCode: '3100', credit: '1500000.00' },
          { accountCode: '3200', credit: '155000.00' },
        ],
      },
    ])
  })

  it('are not sent at all when one of them is bad', async () => {
    const file = fileOf(['account,amount', '1101,5.00', '1110,x', '1101,6.00', '1200,0', '1300,1.005'])
    const { bad, items, counts } = await run('opening-balances', file, options)
    expect(items).toEqual([])
    expect(bad).toEqual([
      { line: 3, column: 'amount', reason: '"x" is not a plain amount such as 1250.00' },
      { line: 4, column: 'account', reason: 'number 1101 stands in an earlier line too' },
      { line: 5, reason: 'has a balance of 0', leftOut: true },
      { line: 6, column: 'amount', reason: '"1.005" has more than the 2 decimals of BDT' },
      { line: 2, reason: 'opening-balances is left out whole, because of line 3' },
    ])
    expect(counts).toMatchObject({ rows: 5, bad: 4, leftOut: 1 })
  })

  it('have one cut-off', async () => {
    const file = fileOf(['account,amount,cutOff', '1,5,2026-06-30', '2,-5,2026-07-01'])
    const { bad } = await run('opening-balances', file, { plan: { currency: 'BDT' } })
    expect(bad).toEqual([{ line: 3, column: 'cutOff', reason: 'is 2026-07-01, in the first row 2026-06-30' }])
    const none = await run('opening-balances', fileOf(['account,amount', '1,5']), {
      plan: { currency: 'BDT' },
    })
    expect(none.bad[0]?.reason).toContain('--cut-off')
  })
})

describe('a journal', () => {
  const journal = (rows: readonly string[], more: object = {}) =>
    run('journal', fileOf(['e,d,k,a', ...rows]), {
      map: {
        name: 'j',
        source: 'gl',
        dateFormat: 'YYYY-MM-DD',
        currency: 'BDT',
        columns: { entry: 'e', date: 'd', account: 'k', amount: 'a' },
        ...more,
      },
    })

  it('is posted entries, debits more than zero and credits less', async () => {
    const ran = await journal(['A,2026-01-01,1,5.10', 'A,2026-01-01,2,-5.1', 'A,2026-01-01,3,0'])
    expect(bodies(ran)).toEqual([
      {
        id: 'gl:entry:A',
        journalNumber: 'A',
        issuedElsewhere: true,
        entryDate: '2026-01-01',
        description: 'gl A',
        status: 'POSTED',
        currency: 'BDT',
        lines: [
          { accountCode: '1', debit: '5.10' },
          { accountCode: '2', credit: '5.10' },
        ],
      },
    ])
  })

  it('rounds half away from zero, and posts what is left to the named account', async () => {
    // 3.335 -> 3.34 and 3.335 -> 3.34 against 6.67: one paisa too much on the debit side.
    const rows = ['A,2026-01-01,1,3.335', 'A,2026-01-01,2,3.335', 'A,2026-01-01,3,-6.67']
    const ran = await journal(rows, { roundingAccount: '6990' })
    expect(bodies(ran)[0]?.['lines']).toEqual([
      { accountCode: '1', debit: '3.34' },
      { accountCode: '2', debit: '3.34' },
      { accountCode: '3', credit: '6.67' },
      { accountCode: '6990', credit: '0.01', memo: 'Rounding' },
    ])
    expect((await journal(rows)).bad).toEqual([
      {
        line: 2,
        reason: 'is off by 0.01 after rounding: name an account for it in the map, as roundingAccount',
      },
    ])
  })

  it('takes what floats left for balanced, and nothing more', async () => {
    const floats = ['A,2026-01-01,1,0.30000000000000004', 'A,2026-01-01,2,-0.3']
    expect((await journal(floats)).counts).toMatchObject({ imported: 1, bad: 0 })
    const off = ['A,2026-01-01,1,10.01', 'A,2026-01-01,2,-10']
    expect((await journal(off)).bad).toEqual([
      { line: 2, reason: 'does not balance: debits are 0.01 more than credits' },
    ])
  })

  it('refuses an entry of two days, and leaves out one of zeros', async () => {
    const ran = await journal([
      'A,2026-01-01,1,5',
      'A,2026-01-02,2,-5',
      'B,2026-01-01,1,0',
      'B,2026-01-01,2,0.00',
    ])
    expect(ran.bad).toEqual([
      { line: 3, column: 'd', reason: '2026-01-02: the entry began on 2026-01-01' },
      { line: 4, reason: 'has amounts of 0 only', leftOut: true },
    ])
  })

  it('has debit and credit in two columns, one of them a row', async () => {
    const file = fileOf([
      'entry,date,account,debit,credit',
      'A,2026-01-01,1,5,',
      'A,2026-01-01,2,-2,',
      'A,2026-01-01,3,,3',
      'B,2026-01-01,1,5,5',
    ])
    const ran = await run('journal', file, { plan: { currency: 'BDT' } })
    expect(bodies(ran)[0]?.['lines']).toEqual([
      { accountCode: '1', debit: '5.00' },
      { accountCode: '2', credit: '2.00' },
      { accountCode: '3', credit: '3.00' },
    ])
    expect(ran.bad).toEqual([
      { line: 5, column: 'credit', reason: 'is there beside a debit: a row has one side' },
    ])
  })
})

describe('sales', () => {
  const cdnow = [
    ' customer_id  date number_of_cds  dollar_value',
    ' 00001 19970101  1   11.77',
    ' 00002 19970112  1   12.00',
    ' 00002 19970112  5   77.00',
    ' 00002 19970112  5   77.00',
    ' 00003 19970102  2    0.00',
    ' 00003 19970102  3   20.76',
    ' 00003 19970230  1   20.76',
  ]

  it('of CDNOW keep equal rows apart, keep quantities that come out even, and tell zeros', async () => {
    const ran = await run('sales', fileOf(cdnow), { plan: { currency: 'USD' } })
    expect(bodies(ran, 'invoice.create').map(({ id, lines }) => [id, (lines as object[])[0]])).toEqual([
      [
        'cdnow:00001.1997-01-01.1',
        { quantity: '1', unitPrice: '11.77', description: 'Sale', vatCode: 'none' },
      ],
      [
        'cdnow:00002.1997-01-12.1',
        { quantity: '1', unitPrice: '12.00', description: 'Sale', vatCode: 'none' },
      ],
      [
        'cdnow:00002.1997-01-12.2',
        { quantity: '5', unitPrice: '15.40', description: 'Sale', vatCode: 'none' },
      ],
      [
        'cdnow:00002.1997-01-12.3',
        { quantity: '5', unitPrice: '15.40', description: 'Sale', vatCode: 'none' },
      ],
      [
        'cdnow:00003.1997-01-02.2',
        { quantity: '3', unitPrice: '6.92', description: 'Sale', vatCode: 'none' },
      ],
    ])
    expect(bodies(ran, 'payment.receive')).toHaveLength(5)
    expect(ran.bad).toEqual([
      {
        line: 6,
        column: 'dollar_value',
        reason: 'is 0: nothing was charged, so there is no invoice',
        leftOut: true,
      },
      { line: 8, column: 'date', reason: '"19970230" is not a date YYYYMMDD' },
    ])
    expect(ran.counts).toEqual({ rows: 7, imported: 5, existing: 0, bad: 1, leftOut: 1, masters: 3 })
  })

  it('of a quantity that does not come out even are one line of the whole', async () => {
    const file = fileOf(['customerId,date,quantity,amount', 'C,2026-01-01,3,10.00', 'C,2026-01-01,1.5,3.00'])
    const ran = await run('sales', file, { plan: { currency: 'BDT' } })
    expect(bodies(ran, 'invoice.create').map(({ lines }) => (lines as object[])[0])).toEqual([
      { quantity: '1', unitPrice: '10.00', description: 'Sale of 3', vatCode: 'none' },
      { quantity: '1', unitPrice: '3.00', description: 'Sale of 1.5', vatCode: 'none' },
    ])
  })
})
