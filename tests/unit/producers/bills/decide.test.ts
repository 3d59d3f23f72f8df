import { describe, expect, it } from '@jest/globals'
import {
  approveBill,
  cancelBill,
  changeBillDueDate,
  createBill,
  disputeBill,
  writeOffBill,
} from '../../../../producers/bills/commands.ts'
import {
  type CreateBillFacts,
  decideApprove,
  decideCancel,
  decideCreate,
  decideDispute,
  decideDueDate,
  decideWriteOff,
  vendorInvoiceKey,
} from '../../../../producers/bills/decide.ts'
import { type BillEvent, type BillState, evolveBill } from '../../../../producers/bills/evolve.ts'
import { payableOf } from '../../../../producers/bills/settlements.ts'
import type { Allocation } from '../../../../producers/payments/allocations.ts'
import { facts, outcome, productOf, TODAY, vendor } from '../facts.ts'

const known: CreateBillFacts = {
  ...facts,
  id: 'b',
  vendor,
  productOf,
  numberOwner: undefined,
  duplicate: undefined,
  serial: 7,
}
const received = (more: object = {}, with_: Partial<CreateBillFacts> = {}) => {
  const lines = [{ quantity: '3', unitPrice: '33.35', vatCode: 'standard', category: 'rent' }]
  const command = createBill.parse({ vendorId: 'v', lines, ...more })
  const [event] = decideCreate(null, command, { ...known, ...with_ })
  if (!event) throw new Error('no event')
  return event
}
const after = (...events: readonly BillEvent[]): BillState => {
  let state: BillState | null = null
  for (const event of events) state = evolveBill(state, event)
  if (!state) throw new Error('no events')
  return state
}
const line = (more: object) => ({ lines: [{ unitPrice: '10.00', ...more }] })

describe('entering a bill', () => {
  it('computes lines, totals and what is withheld; the vendor gets the rest', () => {
    const { data } = received({ vdsRate: '0.15', tdsRate: '0.05', vendorInvoiceNumber: 'K-77' })
    // 3 x 33.35 = 100.05; VAT 15.0075 -> 15.01; VDS 15.01; TDS 5.0025 -> 5.00
    expect(data).toMatchObject({
      billNumber: 'BILL-2026-27-000007',
      vendorName: 'Karim Steel',
      vendorInvoiceNumber: 'K-77',
      fiscalYear: '2026-27',
      billDate: TODAY,
      dueDate: TODAY + 45,
      subtotal: 1_000_500n,
      vatAmount: 150_100n,
      total: 1_150_600n,
      vdsWithheld: 150_100n,
      tdsWithheld: 50_000n,
      status: 'DRAFT',
    })
    expect(payableOf(data)).toBe(950_500n)
    expect(data.lines[0]).toMatchObject({ category: 'rent', vatCreditable: true, stocked: false })
  })

  it('knows which goods go into stock', () => {
    const stocked = (productId?: string) => received(line({ productId })).data.lines[0]?.stocked
    expect([stocked('rice'), stocked('advice'), stocked()]).toEqual([true, false, false])
  })

  it.each<[string, object, Partial<CreateBillFacts>, string]>([
    ['an unknown vendor', {}, { vendor: undefined }, 'reference_not_found'],
    ['a vendor that is not active', {}, { vendor: { ...vendor, active: false } }, 'vendor_inactive'],
    ['an invoice entered before', {}, { duplicate: 'b0' }, 'duplicate_vendor_invoice'],
    ['a number that is taken', { billNumber: 'X-1' }, { numberOwner: 'b0' }, 'number_taken'],
    ['a generated form', { billNumber: 'BILL-2026-27-000001' }, {}, 'number_reserved'],
    [
      'a form generated elsewhere',
      { billNumber: 'BILL-2026-27-000001', issuedElsewhere: true },
      {},
      'accepted',
    ],
    ['a due date before it', { billDate: '2026-11-20', dueDate: '2026-11-19' }, {}, 'date_order'],
    ['a due date on its day', { billDate: '2026-11-20', dueDate: '2026-11-20' }, {}, 'accepted'],
    ['a bad VAT code', line({ vatCode: 'nonsense' }), {}, 'validation_failed'],
    ['amount 0', line({ unitPrice: '0.00' }), {}, 'validation_failed'],
    ['half a poisha', line({ unitPrice: '1.005' }), {}, 'validation_failed'],
    ['an unknown product', line({ productId: 'x' }), {}, 'reference_not_found'],
    ['a product that is not active', line({ productId: 'old' }), {}, 'product_inactive'],
    ['an account for goods into stock', line({ productId: 'rice', accountId: '1' }), {}, 'validation_failed'],
    ['foreign money without a rate', { currency: 'USD' }, {}, 'fx_rate_required'],
    ['foreign money', { currency: 'USD', fxRate: '121.5' }, {}, 'accepted'],
    ['more VDS than VAT', { vdsWithheld: '15.02' }, {}, 'withholding_exceeds'],
  ])('%s: %#', (_what, more, with_, expected) => {
    expect(outcome(() => received(more, with_))).toBe(expected)
  })

  it('is due in instalments whose sum is the total', () => {
    const instalments = (last: string) => ({
      billDate: '2026-11-01',
      instalments: [
        { dueDate: '2026-12-01', amount: '100.00' },
        { dueDate: '2027-01-01', amount: last },
      ],
    })
    const { data } = received(instalments('15.06'))
    expect(data.dueDate).toBe(data.instalments[1]?.dueDate)
    expect(outcome(() => received(instalments('15.07')))).not.toBe('accepted')
    expect(outcome(() => received({ ...instalments('15.06'), dueDate: '2026-12-01' }))).not.toBe('accepted')
  })

  it("tells a vendor's own numbers apart by vendor, not by case", () => {
    expect(vendorInvoiceKey('a/b', 'c')).not.toBe(vendorInvoiceKey('a', 'b/c'))
    expect(vendorInvoiceKey('a', 'inv 1')).toBe(vendorInvoiceKey('a', 'INV 1'))
    expect(vendorInvoiceKey('a', '')).toBeUndefined()
  })
})

describe('the life of a bill', () => {
  const draft = received()
  const approved = received({ status: 'APPROVED' })
  const cancelled: BillEvent = { type: 'BillCancelled', data: { cancelledDate: TODAY, reason: '' } }
  const facts_ = { ...facts, id: 'b', settlements: [] }

  it.each<[string, BillState | null, readonly string[]]>([
    [
      'nothing',
      null,
      ['bill_not_found', 'bill_not_found', 'bill_not_found', 'bill_not_found', 'bill_not_found'],
    ],
    ['a draft', after(draft), ['accepted', 'accepted', 'accepted', 'accepted', 'bill_not_approved']],
    ['an approved one', after(approved), ['bill_not_draft', 'accepted', 'accepted', 'accepted', 'accepted']],
    [
      'a cancelled one',
      after(approved, cancelled),
      ['bill_cancelled', 'bill_cancelled', 'bill_cancelled', 'bill_cancelled', 'bill_cancelled'],
    ],
  ])('of %s', (_what, state, expected) => {
    expect([
      outcome(() => decideApprove(state, approveBill.parse({}), facts_)),
      outcome(() => decideCancel(state, cancelBill.parse({}), facts_)),
      outcome(() => decideDueDate(state, changeBillDueDate.parse({ dueDate: '2027-03-01' }), facts_)),
      outcome(() => decideDispute(state, disputeBill.parse({ disputed: true }), facts_)),
      outcome(() => decideWriteOff(state, writeOffBill.parse({}), facts_)),
    ]).toEqual(expected)
  })

  it('is approved with all that counts', () => {
    const [event] = decideApprove(after(draft), approveBill.parse({}), facts_)
    const { status: _status, disputed: _disputed, ...carried } = draft.data
    expect(event?.data).toEqual({ ...carried, approvedDate: TODAY })
  })

  it('counts no more from the later of its own day and the cancellation', () => {
    const early: BillEvent = { type: 'BillCancelled', data: { cancelledDate: TODAY - 9, reason: '' } }
    expect(after(approved, early).cancelledOn).toBe(TODAY)
  })

  it.each([
    ['2027-03-01', 'accepted'],
    ['2026-11-22', 'date_order'],
    ['2027-01-07', 'nothing_changed'],
  ])('moves its due date to %s: %s', (dueDate, expected) => {
    const command = changeBillDueDate.parse({ dueDate })
    expect(outcome(() => decideDueDate(after(approved), command, facts_))).toBe(expected)
  })

  it('keeps its instalments, and its dispute', () => {
    const instalments = [{ dueDate: '2026-12-01', amount: '115.06' }]
    const command = changeBillDueDate.parse({ dueDate: '2027-03-01' })
    expect(outcome(() => decideDueDate(after(received({ instalments })), command, facts_))).toBe(
      'instalments_fixed',
    )
    const same = disputeBill.parse({ disputed: false })
    expect(outcome(() => decideDispute(after(approved), same, facts_))).toBe('nothing_changed')
    const [event] = decideDispute(after(approved), disputeBill.parse({ disputed: true }), facts_)
    if (!event) throw new Error('no event')
    expect(after(approved, event).disputed).toBe(true)
  })
})

describe('writing a bill off', () => {
  const state = after(received({ status: 'APPROVED' }))
  const paid = (amount: bigint, fromDay: number, toDay: number | null = null): Allocation => ({
    sourceType: 'payment',
    sourceId: 'p',
    sourceVersion: 1,
    targetType: 'bill',
    targetId: 'b',
    amount,
    fromDay,
    toDay,
  })
  const writeOff = (more: object, settlements: readonly Allocation[] = []) =>
    decideWriteOff(state, writeOffBill.parse(more), { ...facts, id: 'b', settlements })

  it.each<[string, object, readonly Allocation[], string]>([
    ['all', { amount: '115.06' }, [], 'accepted'],
    ['more than all', { amount: '115.07' }, [], 'write_off_exceeds_open'],
    ['what is left', { amount: '15.06' }, [paid(1_000_000n, TODAY)], 'accepted'],
    ['more than is left', { amount: '15.07' }, [paid(1_000_000n, TODAY)], 'write_off_exceeds_open'],
    [
      'what a later payment needs',
      { amount: '15.07' },
      [paid(1_000_000n, TODAY + 9)],
      'write_off_exceeds_open',
    ],
    ['of a paid one', {}, [paid(1_150_600n, TODAY)], 'write_off_exceeds_open'],
    ['of one whose payment came back', {}, [paid(1_150_600n, TODAY, TODAY)], 'accepted'],
    ['nothing', { amount: '0' }, [], 'validation_failed'],
  ])('%s: %#', (_what, more, settlements, expected) => {
    expect(outcome(() => writeOff(more, settlements))).toBe(expected)
  })

  it('takes all that is open when no amount is given', () => {
    expect(writeOff({}, [paid(1_000_000n, TODAY)])[0]?.data.amount).toBe(150_600n)
  })
})
