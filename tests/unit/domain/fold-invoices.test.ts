/** Write-offs, disputes, instalments and supplementary duty of invoices, with figures computed by hand. */
import { describe, expect, it } from '@jest/globals'
import {
  approval,
  cancellation,
  dispute,
  dueChange,
  invoice,
  payment,
  reversal,
  shown,
  TestBook,
  writeOff,
} from './support.ts'

const refusal = (code: string) => expect.objectContaining({ name: 'RefusedEvent', code })

describe('a write-off', () => {
  it('settles from its day on, is no cash and takes back no revenue', () => {
    const book = new TestBook('2026-01-19').fold(
      invoice('I1', { date: '2026-01-10', total: 115, vat: 15 }),
      payment('P1', { date: '2026-01-12', amount: 75, to: { I1: 75 } }),
      writeOff('I1', '2026-01-20', 40),
    )
    expect([shown(book), book.on('2026-01-10')['paidRevenue']]).toEqual(['0 40 0 0 0 0', undefined])
    book.moveTo('2026-01-20')
    expect(shown(book)).toBe('0 0 0 0 0 0')
    expect(book.on('2026-01-20')).toEqual({ receivables: -40 })
    // Nothing is open, so the invoice counts as settled.
    expect(book.on('2026-01-10')).toMatchObject({ paidRevenue: 100 })
    expect(book.counted).toEqual([])
  })

  it('that is dated before the invoice counts from the invoice date', () => {
    const book = new TestBook('2026-01-09').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      writeOff('I1', '2026-01-02', 30),
    )
    expect(shown(book)).toBe('0 0 0 0 0 0')
    expect(shown(book.moveTo('2026-01-10'))).toBe('70 0 0 0 0 0')
    expect(book.on('2026-01-10')).toEqual({
      netRevenue: 100,
      sales: 100,
      receivables: 70,
      invoices: 1,
      customers: 1,
    })
  })

  it('of more than is open takes what is open, and is counted', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 90, to: { I1: 90 } }),
      writeOff('I1', '2026-01-15', 40),
    )
    expect([shown(book), book.counted]).toEqual(['0 0 0 0 0 0', ['allocation_capped']])
    expect(book.on('2026-01-15')).toEqual({ receivables: -10 })
  })

  it('takes what payments of its day leave, whichever came first, and gives way to a backdated payment', () => {
    const parts = [
      writeOff('I1', '2026-01-15', 100),
      payment('P1', { date: '2026-01-15', amount: 60, to: { I1: 60 } }),
      payment('P2', { date: '2026-01-14', amount: 30, to: { I1: 30 } }),
    ]
    for (const order of [parts, parts.toReversed()]) {
      const book = new TestBook('2026-01-20').fold(invoice('I1', { date: '2026-01-10', total: 100 }))
      expect(shown(book.fold(...order))).toBe('0 0 0 0 0 0')
      expect(book.on('2026-01-15')).toEqual({ cashIn: 60, receivables: -70 })
    }
  })

  it('leaves what a reversed payment opens again', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 60, to: { I1: 60 } }),
      writeOff('I1', '2026-01-15', 40),
      reversal('P1', '2026-01-18'),
    )
    expect(shown(book)).toBe('0 60 0 0 0 0')
    expect(book.aging().total).toBe(book.figures.through(book.today).receivables)
  })

  it('of an invoice that is cancelled later is not taken away twice', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      writeOff('I1', '2026-01-12', 40),
      cancellation('I1', '2026-01-18'),
    )
    expect(book.on('2026-01-18')).toMatchObject({ receivables: -60, netRevenue: -100 })
    expect([shown(book), book.figures.through(book.today).receivables]).toEqual(['0 0 0 0 0 0', 0n])
  })

  it('in another currency leaves the base amount of the remainder', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: '10.01', currency: 'USD', rate: '121.355' }),
      writeOff('I1', '2026-01-12', 10),
    )
    // 10.01 x 121.355 = 1214.76355 -> 1214.76; 0.01 x 121.355 = 1.21355 -> 1.21.
    expect(shown(book)).toBe('0 1.21 0 0 0 0')
    expect(book.on('2026-01-12')).toEqual({ receivables: -1213.55 })
  })

  it.each([
    ['unknown_invoice', writeOff('I9', '2026-01-10', 1)],
    ['invoice_not_approved', writeOff('D1', '2026-01-10', 1)],
    ['already_cancelled', writeOff('C1', '2026-01-10', 1)],
    ['bad_amount', writeOff('I1', '2026-01-10', 0)],
    ['bad_amount', writeOff('I1', '2026-01-10', '0.001')],
    ['bad_date', writeOff('I1', 999_999, 1)],
  ])('is refused with %s', (code, wrong) => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      invoice('D1', { date: '2026-01-10', total: 100, status: 'DRAFT' }),
      invoice('C1', { date: '2026-01-10', total: 100 }),
      cancellation('C1', '2026-01-11'),
    )
    expect(() => book.fold(wrong)).toThrow(refusal(code))
  })
})

describe('a dispute', () => {
  const disputed = (book: TestBook, customer = '') => Number(book.balance(customer).disputed) / 10_000

  it('marks what is open from its effective day on, and ends on one', () => {
    const book = new TestBook('2026-01-14').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      dispute('I1', '2026-01-15', true),
      dispute('I1', '2026-01-18', false),
      payment('P1', { date: '2026-01-16', amount: 30, to: { I1: 30 } }),
    )
    const seen = ['14', '15', '16', '17', '18'].map((d) => disputed(book.moveTo(`2026-01-${d}`)))
    expect(seen).toEqual([0, 100, 70, 70, 0])
    expect([disputed(book, 'C1'), shown(book)]).toEqual([0, '0 70 0 0 0 0'])
  })

  it('that began with the invoice ends with the first change; of two for one day the later event holds', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100, disputed: true }),
    )
    expect(disputed(book)).toBe(100)
    expect(disputed(book.fold(dispute('I1', '2026-01-15', false)))).toBe(0)
    expect(disputed(book.fold(dispute('I1', '2026-01-15', true)))).toBe(100)
    // Backdated before both: it is over by the 15th.
    expect(disputed(book.fold(dispute('I1', '2026-01-12', false)))).toBe(100)
  })

  it('says nothing of the due date, nor a due date of it', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      dispute('I1', '2026-01-11', true),
      dueChange('I1', '2026-01-12', '2026-02-28'),
      dispute('I1', '2026-01-13', true),
    )
    expect([shown(book), disputed(book)]).toEqual(['100 0 0 0 0 0', 100])
  })

  it('is refused for an invoice that is not there or is cancelled', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      cancellation('I1', '2026-01-11'),
    )
    expect(() => book.fold(dispute('I1', '2026-01-12', true))).toThrow(refusal('already_cancelled'))
    expect(() => book.fold(dispute('I9', '2026-01-12', true))).toThrow(refusal('unknown_invoice'))
  })
})

describe('instalments', () => {
  const PARTS = [
    ['2026-03-31', 40],
    ['2026-01-31', 25],
    ['2026-02-28', 35],
  ] as const
  const plan = (today: string) =>
    new TestBook(today).fold(
      invoice('I1', { date: '2026-01-01', due: '2026-01-31', total: 100, parts: PARTS }),
    )

  it('age by their own due dates; on posting basis the invoice ages as one', () => {
    const book = plan('2026-01-31')
    expect(shown(book)).toBe('100 0 0 0 0 0')
    expect(shown(book.moveTo('2026-02-01'))).toBe('75 25 0 0 0 0')
    expect(shown(book.moveTo('2026-02-28'))).toBe('75 25 0 0 0 0')
    expect(shown(book.moveTo('2026-03-01'))).toBe('40 60 0 0 0 0')
    // 31 January is 31 days past on 3 March.
    expect(shown(book.moveTo('2026-03-03'))).toBe('40 35 25 0 0 0')
    expect(shown(book, '', 'posting')).toBe('0 0 0 100 0 0')
    expect(book.balance().openItems).toBe(1)
  })

  it('are settled from the one that is due first', () => {
    const book = plan('2026-03-03').fold(payment('P1', { date: '2026-03-03', amount: 30, to: { I1: 30 } }))
    expect(shown(book)).toBe('40 30 0 0 0 0')
    book.fold(reversal('P1', '2026-03-04'))
    expect(shown(book.moveTo('2026-03-04'))).toBe('40 35 25 0 0 0')
  })

  it('take a changed due date as that of the last one', () => {
    const book = plan('2026-03-03').fold(dueChange('I1', '2026-03-03', '2026-02-10'))
    // 40 now due on 10 February (21 days), 35 on 28 February, 25 on 31 January.
    expect(shown(book)).toBe('0 75 25 0 0 0')
    // 45 settle the 25 and 20 of the 40 that are due next.
    book.fold(payment('P1', { date: '2026-03-03', amount: 45, to: { I1: 45 } }))
    expect(shown(book)).toBe('0 55 0 0 0 0')
    expect(shown(book.moveTo('2026-03-13'))).toBe('0 35 20 0 0 0')
  })

  it('of one day are one, and sum to the base amount of the invoice', () => {
    const book = new TestBook('2026-02-01').fold(
      invoice('I1', {
        date: '2026-01-01',
        total: '0.03',
        currency: 'USD',
        rate: '100.5',
        parts: [
          ['2026-01-31', '0.01'],
          ['2026-02-28', '0.01'],
          ['2026-01-31', '0.01'],
        ],
      }),
    )
    // 0.03 x 100.5 = 3.015 -> 3.02; what is due later is 0.01 x 100.5 = 1.005 -> 1.01; the first part is the difference.
    expect(shown(book)).toBe('1.01 2.01 0 0 0 0')
    expect(book.aging().total).toBe(book.figures.through(book.today).receivables)
  })

  it('come with the approval of a draft', () => {
    const book = new TestBook('2026-02-01').fold(
      invoice('I1', { date: '2026-01-01', total: 100, status: 'DRAFT' }),
      approval('I1', { date: '2026-01-01', total: 100, parts: PARTS }),
    )
    expect(shown(book)).toBe('75 25 0 0 0 0')
  })

  it.each([
    ['bad_total', [['2026-01-31', 99]]],
    [
      'bad_amount',
      [
        ['2026-01-31', 0],
        ['2026-02-28', 100],
      ],
    ],
    ['bad_date', [[999_999, 100]]],
    ['too_many_instalments', Array.from({ length: 361 }, (_, n) => [20_000 + n, 1] as const)],
  ] as const)('are refused with %s', (code, parts) => {
    const total = code === 'too_many_instalments' ? 361 : 100
    const wrong = invoice('I1', { date: '2026-01-01', total, parts })
    expect(() => new TestBook('2026-01-20').fold(wrong)).toThrow(refusal(code))
  })
})

describe('supplementary duty', () => {
  it('is owed with the total, and no revenue', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-20', total: 138, sd: 20, vat: 18 }),
    )
    expect(book.on('2026-01-20')).toEqual({
      netRevenue: 100,
      sales: 138,
      receivables: 138,
      invoices: 1,
      customers: 1,
    })
  })

  it('is part of the sum that the total must be', () => {
    const right = invoice('I1', { date: '2026-01-20', total: 138, sd: 20, vat: 18 })
    const wrong = { ...right, data: { ...right.data, sdAmount: 0n } } as typeof right
    expect(() => new TestBook('2026-01-20').fold(wrong)).toThrow(refusal('bad_total'))
    const below = { ...right, data: { ...right.data, sdAmount: -1n } } as typeof right
    expect(() => new TestBook('2026-01-20').fold(below)).toThrow(refusal('bad_amount'))
  })
})
