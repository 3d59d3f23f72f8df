/** What purchases mean for the ledger, against tables computed by hand. */
import { describe, expect, it } from '@jest/globals'
import { PurchaseBooks } from '../purchase-books.ts'

const books = () => new PurchaseBooks(['1', '2', 'p', 'q'], { rice: true, advice: false })
const bill = (more: object) => ({
  id: '1',
  vendorId: 'v',
  status: 'APPROVED',
  billDate: '2026-11-01',
  ...more,
})
const pay = (more: object) => ({
  direction: 'out',
  id: 'p',
  vendorId: 'v',
  paymentDate: '2026-11-10',
  ...more,
})
const to = (billId: string, amount: string) => ({ billId, amount })

describe('a bill in the base currency', () => {
  const lines = [
    // 3 x 33.35 = 100.05, VAT 15.0075 -> 15.01
    { quantity: '3', unitPrice: '33.35', vatCode: 'standard', category: 'rent', department: 'HQ' },
    // 200.00, VAT 10.00 that is no credit: part of the cost
    { unitPrice: '200.00', vatCode: 'truncated', accountId: '5210', vatCreditable: false },
    // goods into stock: 400.00, VAT 60.00
    { quantity: '4', unitPrice: '100.00', vatCode: 'standard', productId: 'rice', category: 'ignored' },
    // a product without stock is an expense
    { unitPrice: '50.00', productId: 'advice', category: 'consulting' },
  ]
  // VDS 7.5 % of 100.05, 200.00, 400.00 = 7.50 + 15.00 + 30.00; TDS 5 % of 750.05 = 37.50 (37.5025)
  const withheld = { lines, vdsRate: '0.075', tdsRate: '0.05' }
  const APPROVAL =
    '2026-11-01 Dr expense:rent 100.05, Dr expense:5210 210.00, Dr goods-in-transit 400.00, ' +
    'Dr expense:consulting 50.00, Dr input-vat 75.01, Cr payables 745.06, Cr vds-payable 52.50, Cr tds-payable 37.50'

  it('is cost and input VAT against what is owed to vendor and tax office', () => {
    const one = books()
    one.must('bill.create', '1', bill(withheld))
    expect(one.entries()).toEqual([APPROVAL])
  })

  it('posts nothing as a draft, and all of it when approved', () => {
    const one = books()
    one.must('bill.create', '1', bill({ ...withheld, status: 'DRAFT' }))
    expect(one.entries()).toEqual([])
    one.must('bill.approve', '1', {})
    expect(one.entries()).toEqual([APPROVAL])
    const two = books()
    two.must('bill.create', '1', bill({ ...withheld, status: 'DRAFT' }))
    two.must('bill.cancel', '1', {})
    expect(two.entries()).toEqual([])
  })

  it('names vendor, department, product and VAT code on the lines', () => {
    const one = books()
    one.must('bill.create', '1', bill(withheld))
    const found = one.posted[0]?.posting.lines ?? []
    const of = (role: string) => found.filter((line) => line.role === role)
    expect(of('payables')[0]?.party).toEqual({ type: 'vendor', id: 'v' })
    expect(of('expense')[0]?.department).toBe('HQ')
    expect(of('goods-in-transit')[0]?.productId).toBe('rice')
    expect(of('input-vat').map((line) => line.taxCode)).toEqual(['standard'])
  })

  it('is taken back exactly, write-offs too, on the day of the cancellation', () => {
    const one = books()
    one.must('bill.create', '1', bill(withheld))
    one.must('payment.receive', 'p', pay({ amount: '300.00', allocations: [to('1', '300.00')] }))
    one.must('bill.write-off', '1', { writeOffDate: '2026-11-12', amount: '45.06' })
    one.must('bill.write-off', '1', { writeOffDate: '2026-11-25', amount: '1.00' })
    expect(one.entries().slice(1)).toEqual([
      '2026-11-10 Dr payables 300.00, Cr cash:bank 300.00',
      '2026-11-12 Dr payables 45.06, Cr payable-forgiven 45.06',
      '2026-11-25 Dr payables 1.00, Cr payable-forgiven 1.00',
    ])
    one.must('bill.cancel', '1', { cancelledDate: '2026-11-20' })
    expect(one.entries()).toEqual([
      '2026-11-20 Cr expense:rent 100.05, Cr expense:5210 210.00, Cr goods-in-transit 400.00, ' +
        'Cr expense:consulting 50.00, Cr input-vat 75.01, Dr payables 745.06, Dr vds-payable 52.50, Dr tds-payable 37.50',
      '2026-11-20 Cr payables 45.06, Dr payable-forgiven 45.06',
      '2026-11-25 Cr payables 1.00, Dr payable-forgiven 1.00',
    ])
  })

  it('posts nothing for due dates and disputes', () => {
    const one = books()
    one.must('bill.create', '1', bill(withheld))
    one.entries()
    one.must('bill.due-date', '1', { dueDate: '2027-01-01' })
    one.must('bill.dispute', '1', { disputed: true })
    expect(one.entries()).toEqual([])
  })
})

describe('a payment to a vendor in the base currency', () => {
  it('takes from the payables at once, and nothing more when it is allocated later', () => {
    const one = books()
    one.must('bill.create', '1', bill({ lines: [{ unitPrice: '100.00', category: 'rent' }] }))
    one.entries()
    one.must('payment.receive', 'p', pay({ amount: '120.00', method: 'bkash' }))
    one.must('payment.receive', 'q', pay({ id: 'q', amount: '5.00', accountId: '1020' }))
    expect(one.entries()).toEqual([
      '2026-11-10 Dr payables 120.00, Cr cash:bkash 120.00',
      '2026-11-10 Dr payables 5.00, Cr cash:1020 5.00',
    ])
    one.must('payment.allocate', 'p', { allocations: [to('1', '100.00')] })
    expect(one.entries()).toEqual([])
    one.must('payment.reverse', 'p', { reversalDate: '2026-11-15' })
    one.must('payment.fail', 'q', {})
    expect(one.entries()).toEqual([
      '2026-11-15 Cr payables 120.00, Dr cash:bkash 120.00',
      '2026-11-10 Cr payables 5.00, Dr cash:1020 5.00',
    ])
  })
})

describe('purchases in USD', () => {
  /** USD 100.00 at 120 on 1 November. */
  const usd = bill({ currency: 'USD', fxRate: '120', lines: [{ unitPrice: '100.00', category: 'software' }] })
  const paid = (more: object) => pay({ currency: 'USD', fxRate: '118', ...more })

  it('leave a gain where the payment is cheaper than the bill', () => {
    const one = books()
    one.must('bill.create', '1', usd)
    one.must('payment.receive', 'p', paid({ amount: '100.00', allocations: [to('1', '100.00')] }))
    expect(one.entries()).toEqual([
      '2026-11-01 Dr expense:software 12000.00, Cr payables 12000.00',
      '2026-11-10 Dr payables 11800.00, Cr cash:bank 11800.00',
      '2026-11-10 Dr payables 200.00, Cr fx-gain 200.00',
    ])
  })

  it('leave a loss on the day of the allocation where the payment is dearer', () => {
    const one = books()
    one.must('bill.create', '1', usd)
    one.must('payment.receive', 'p', paid({ fxRate: '123.5', amount: '100.00' }))
    one.must('payment.allocate', 'p', { allocationDate: '2026-11-20', allocations: [to('1', '40.00')] })
    expect(one.entries()).toEqual([
      '2026-11-01 Dr expense:software 12000.00, Cr payables 12000.00',
      '2026-11-10 Dr payables 12350.00, Cr cash:bank 12350.00',
      // 40 x (123.5 - 120)
      '2026-11-20 Cr payables 140.00, Dr fx-loss 140.00',
    ])
  })

  it('settle from the day of the bill where that is later than the payment', () => {
    const one = books()
    one.must('bill.create', '1', { ...usd, billDate: '2026-11-15' })
    one.must('payment.receive', 'p', paid({ amount: '100.00', allocations: [to('1', '100.00')] }))
    expect(one.entries().slice(1)).toEqual([
      '2026-11-10 Dr payables 11800.00, Cr cash:bank 11800.00',
      '2026-11-15 Dr payables 200.00, Cr fx-gain 200.00',
    ])
  })

  it('take the gain back when the payment comes back, on that day', () => {
    const one = books()
    one.must('bill.create', '1', usd)
    one.must('payment.receive', 'p', paid({ amount: '100.00', allocations: [to('1', '100.00')] }))
    one.entries()
    one.must('payment.reverse', 'p', { reversalDate: '2026-11-16' })
    expect(one.entries()).toEqual([
      '2026-11-16 Cr payables 11800.00, Dr cash:bank 11800.00',
      '2026-11-16 Cr payables 200.00, Dr fx-gain 200.00',
    ])
  })

  it('take it back on its own day when the payment failed', () => {
    const one = books()
    one.must('bill.create', '1', usd)
    one.must('payment.receive', 'p', paid({ amount: '100.00' }))
    one.must('payment.allocate', 'p', { allocationDate: '2026-11-20', allocations: [to('1', '100.00')] })
    one.entries()
    one.must('payment.fail', 'p', {})
    expect(one.entries()).toEqual([
      '2026-11-10 Cr payables 11800.00, Dr cash:bank 11800.00',
      '2026-11-20 Cr payables 200.00, Dr fx-gain 200.00',
    ])
  })

  it('turn a paid bill that is cancelled into an advance at the rate of the payment', () => {
    const one = books()
    one.must('bill.create', '1', usd)
    one.must('payment.receive', 'p', paid({ amount: '60.00', allocations: [to('1', '60.00')] }))
    one.entries()
    one.must('bill.cancel', '1', { cancelledDate: '2026-11-20' })
    // Before: bill 40 x 120 = 4800. After: payment -60 x 118 = -7080. 4800 - 12000 + 120 = -7080.
    expect(one.entries()).toEqual([
      '2026-11-20 Cr expense:software 12000.00, Dr payables 12000.00',
      '2026-11-20 Cr payables 120.00, Dr fx-gain 120.00',
    ])
  })

  it('lose no poisha to rounding, whatever parts are settled in', () => {
    const one = books()
    // 1.01 at 1.5 = 1.515 -> 1.52; a part of 0.01 leaves 1.00 = 1.50: it is worth 0.02, and so is 0.01 at 1.5 -> 0.02
    one.must('bill.create', '1', { ...usd, fxRate: '1.5', lines: [{ unitPrice: '1.01', category: 'x' }] })
    one.must('bill.write-off', '1', { writeOffDate: '2026-11-12', amount: '0.01' })
    // 1.00 -> 0.99 = 1.485 -> 1.49: worth 0.01, but 0.01 at 1.5 is 0.02
    one.must('bill.write-off', '1', { writeOffDate: '2026-11-13', amount: '0.01' })
    expect(one.entries().slice(1)).toEqual([
      '2026-11-12 Dr payables 0.02, Cr payable-forgiven 0.02',
      '2026-11-13 Dr payables 0.02, Cr payable-forgiven 0.02',
      '2026-11-13 Cr payables 0.01, Dr rounding 0.01',
    ])
  })
})

describe('an expense', () => {
  const spent = (more: object) => ({
    id: '1',
    category: 'rent',
    vendorId: 'v',
    netAmount: '1000.00',
    vatAmount: '150.00',
    expenseDate: '2026-11-05',
    status: 'APPROVED',
    ...more,
  })

  it('is owed, or paid at once by an account; what is withheld is owed to the tax office', () => {
    const one = books()
    one.must('expense.record', '1', spent({ vdsRate: '0.15', tdsRate: '0.05' }))
    one.must('expense.record', '2', spent({ id: '2', paidFromAccountId: '1010', accountId: '5210' }))
    expect(one.entries()).toEqual([
      '2026-11-05 Dr expense:rent 1000.00, Dr input-vat 150.00, Cr accrued-expenses 950.00, ' +
        'Cr vds-payable 150.00, Cr tds-payable 50.00',
      '2026-11-05 Dr expense:5210 1000.00, Dr input-vat 150.00, Cr cash:1010 1150.00',
    ])
  })

  it('is taken back exactly on the day of the cancellation, and a draft posts nothing', () => {
    const one = books()
    one.must('expense.record', '1', spent({ currency: 'USD', fxRate: '121.255', tdsRate: '0.05' }))
    one.must('expense.record', '2', spent({ id: '2', status: 'DRAFT' }))
    expect(one.entries()).toEqual([
      '2026-11-05 Dr expense:rent 121255.00, Dr input-vat 18188.25, Cr accrued-expenses 133380.50, ' +
        'Cr tds-payable 6062.75',
    ])
    one.must('expense.cancel', '1', { cancelledDate: '2026-11-09' })
    one.must('expense.cancel', '2', {})
    expect(one.entries()).toEqual([
      '2026-11-09 Cr expense:rent 121255.00, Cr input-vat 18188.25, Dr accrued-expenses 133380.50, ' +
        'Dr tds-payable 6062.75',
    ])
    expect(one.run('expense.cancel', '1', {})).toBe('expense_cancelled')
    expect(one.run('expense.approve', '2', {})).toBe('expense_cancelled')
  })

  it('is not cancelled before its own day', () => {
    const one = books()
    one.must('expense.record', '1', spent({}))
    one.entries()
    one.must('expense.cancel', '1', { cancelledDate: '2026-11-01' })
    expect(one.entries()[0]).toMatch(/^2026-11-05 /)
  })
})
