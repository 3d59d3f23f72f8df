import { describe, expect, it } from '@jest/globals'
import { defaultsOf } from '../../../../schemas/codec/defaults.ts'
import { RATE_ONE } from '../../../../schemas/values/amount.ts'
import type { BillState } from '../../../../producers/bills/evolve.ts'
import type { Allocation } from '../../../../producers/payments/allocations.ts'
import { failPayment, reversePayment } from '../../../../producers/payments/commands.ts'
import { sendPayment } from '../../../../producers/vendor-payments/commands.ts'
import {
  decideAllocate,
  decideFail,
  decideReverse,
  decideSend,
  type SendFacts,
} from '../../../../producers/vendor-payments/decide.ts'
import {
  evolveVendorPayment,
  incoming,
  outgoing,
  type VendorPaymentEvent,
  type VendorPaymentState,
} from '../../../../producers/vendor-payments/evolve.ts'
import { facts, outcome, TODAY, vendor } from '../facts.ts'

/** 100.00 asked for, 90.00 of it owed to the vendor. */
const bill: BillState = {
  ...defaultsOf('BillReceived'),
  status: 'APPROVED',
  cancelledOn: null,
  billNumber: 'B-1',
  vendorId: 'v',
  currency: 'BDT',
  fxRate: RATE_ONE,
  billDate: TODAY - 10,
  dueDate: TODAY + 20,
  subtotal: 1_000_000n,
  vatAmount: 0n,
  total: 1_000_000n,
  tdsWithheld: 100_000n,
}

interface Books {
  readonly bills?: Readonly<Record<string, BillState>>
  readonly allocations?: readonly Allocation[]
}
const booksOf = ({ bills = { b: bill }, allocations = [] }: Books) => ({
  billOf: (id: string) => bills[id],
  allocationsOfBill: (id: string) => allocations.filter((one) => one.targetId === id),
})
const send = (more: object, books: Books = {}, with_: Partial<SendFacts> = {}) => {
  const command = sendPayment.parse({ direction: 'out', vendorId: 'v', amount: '100.00', ...more })
  const known = { ...facts, ...booksOf(books), id: 'p', vendor, numberOwner: undefined, serial: 3 }
  const [event] = decideSend(null, command, { ...known, ...with_ })
  if (!event) throw new Error('no event')
  return event
}
const to = (billId: string, amount: string) => ({ billId, amount })
const settled = (amount: bigint, fromDay: number, toDay: number | null = null): Allocation => ({
  sourceType: 'payment',
  sourceId: 'other',
  sourceVersion: 1,
  targetType: 'bill',
  targetId: 'b',
  amount,
  fromDay,
  toDay,
})
const writtenOff = (amount: bigint): Allocation => ({
  ...settled(amount, TODAY - 1),
  sourceType: 'write-off',
  sourceId: 'b',
})

describe('sending a payment to a vendor', () => {
  it('carries what it settles, and leaves the rest as an advance', () => {
    const { data } = send({ allocations: [to('b', '60.00')], method: 'bkash', accountId: '1030' })
    expect(data).toMatchObject({
      paymentNumber: 'VPAY-2026-27-000003',
      vendorName: 'Karim Steel',
      method: 'bkash',
      accountId: '1030',
      amount: 1_000_000n,
      allocations: [{ billId: 'b', amount: 600_000n }],
      paymentDate: TODAY,
    })
  })

  it.each<[string, object, Books, string]>([
    ['all that the vendor is owed', { allocations: [to('b', '90.00')] }, {}, 'accepted'],
    ['what goes to the tax office', { allocations: [to('b', '90.01')] }, {}, 'allocation_exceeds_open'],
    [
      'more than the payment',
      { amount: '50.00', allocations: [to('b', '50.01')] },
      {},
      'allocation_exceeds_open',
    ],
    [
      'more than the payment in two parts',
      { amount: '100.00', allocations: [to('b', '60.00'), to('c', '40.01')] },
      { bills: { b: bill, c: bill } },
      'allocation_exceeds_open',
    ],
    [
      'more than is left',
      { allocations: [to('b', '30.01')] },
      { allocations: [settled(600_000n, TODAY - 5)] },
      'allocation_exceeds_open',
    ],
    [
      'what was written off',
      { allocations: [to('b', '85.00')] },
      { allocations: [writtenOff(100_000n)] },
      'allocation_exceeds_open',
    ],
    [
      'what a reversal freed, from its day on',
      { allocations: [to('b', '90.00')] },
      { allocations: [settled(900_000n, TODAY - 9, TODAY)] },
      'accepted',
    ],
    [
      'what a reversal freed, dated before it',
      { paymentDate: '2026-11-22', allocations: [to('b', '90.00')] },
      { allocations: [settled(900_000n, TODAY - 9, TODAY)] },
      'allocation_exceeds_open',
    ],
    [
      'what an allocation of a later day needs',
      { allocations: [to('b', '40.01')] },
      { allocations: [settled(500_000n, TODAY + 9)] },
      'allocation_exceeds_open',
    ],
    ['nothing there', { allocations: [to('x', '1.00')] }, {}, 'reference_not_found'],
    [
      'a draft',
      { allocations: [to('b', '1.00')] },
      { bills: { b: { ...bill, status: 'DRAFT' } } },
      'bill_not_approved',
    ],
    [
      'a cancelled one',
      { allocations: [to('b', '1.00')] },
      { bills: { b: { ...bill, status: 'CANCELLED' } } },
      'bill_cancelled',
    ],
    [
      "another vendor's",
      { allocations: [to('b', '1.00')] },
      { bills: { b: { ...bill, vendorId: 'w' } } },
      'vendor_mismatch',
    ],
    [
      'another currency',
      { allocations: [to('b', '1.00')] },
      { bills: { b: { ...bill, currency: 'USD' } } },
      'currency_mismatch',
    ],
    ['half a poisha', { allocations: [to('b', '1.005')] }, {}, 'validation_failed'],
  ])('allocated to %s: %#', (_what, more, books, expected) => {
    expect(outcome(() => send(more, books))).toBe(expected)
  })

  it.each<[string, object, Partial<SendFacts>, string]>([
    ['an unknown vendor', {}, { vendor: undefined }, 'reference_not_found'],
    ['a vendor that is not active: debts are paid', {}, { vendor: { ...vendor, active: false } }, 'accepted'],
    ['zero', { amount: '0' }, {}, 'validation_failed'],
    ['a number that is taken', { paymentNumber: 'R-1' }, { numberOwner: 'p0' }, 'number_taken'],
    ['a generated number', { paymentNumber: 'VPAY-2026-27-000001' }, {}, 'number_reserved'],
    ['foreign money without a rate', { amount: { amount: '1.00', currency: 'USD' } }, {}, 'fx_rate_required'],
  ])('%s: %#', (_what, more, with_, expected) => {
    expect(outcome(() => send(more, {}, with_))).toBe(expected)
  })
})

describe('the life of a payment to a vendor', () => {
  const after = (...events: readonly VendorPaymentEvent[]): VendorPaymentState => {
    let state: VendorPaymentState | null = null
    for (const event of events) state = evolveVendorPayment(state, event)
    if (!state) throw new Error('no events')
    return state
  }
  const sent = send({})
  const reversed: VendorPaymentEvent = {
    type: 'VendorPaymentReversed',
    data: { reversalDate: TODAY - 5, reason: '' },
  }
  const failed: VendorPaymentEvent = { type: 'VendorPaymentFailed', data: { failedDate: TODAY, reason: '' } }
  const later = { ...facts, ...booksOf({}), id: 'p', allocationsOfPayment: [] }
  const allocate = { allocations: [to('b', '90.00')] }

  it.each<[string, VendorPaymentState | null, string]>([
    ['nothing', null, 'payment_not_found'],
    ['a sent one', after(sent), 'accepted'],
    ['a reversed one', after(sent, reversed), 'payment_reversed'],
    ['a failed one', after(sent, failed), 'payment_failed'],
  ])('of %s', (_what, state, expected) => {
    expect([
      outcome(() => decideAllocate(state, allocate, later)),
      outcome(() => decideReverse(state, reversePayment.parse({}), later)),
      outcome(() => decideFail(state, failPayment.parse({}), later)),
    ]).toEqual([expected, expected, expected])
  })

  it('counts until it comes back, at the soonest on its own day', () => {
    expect(after(sent, reversed).endedOn).toBe(TODAY)
    expect(after(sent).endedOn).toBeNull()
  })

  it('is allocated no sooner than it went, and counts what it allocated before', () => {
    const early = { allocationDate: TODAY - 1, allocations: [to('b', '1.00')] }
    expect(outcome(() => decideAllocate(after(sent), early, later))).toBe('date_order')
    const earlier: Allocation = { ...settled(400_000n, TODAY - 1), sourceId: 'p', targetId: 'c' }
    const known = { ...later, allocationsOfPayment: [earlier] }
    const amount = (text: string) => ({ allocations: [to('b', text)] })
    expect(outcome(() => decideAllocate(after(sent), amount('60.00'), known))).toBe('accepted')
    expect(outcome(() => decideAllocate(after(sent), amount('60.01'), known))).toBe('allocation_exceeds_open')
  })

  it('is not taken for one that came in', () => {
    expect(outcome(() => incoming(after(sent), 'p'))).toBe('payment_direction')
    expect([outgoing(after(sent), 'p')?.status, outgoing(null, 'p'), incoming(null, 'p')]).toEqual([
      'SENT',
      null,
      null,
    ])
  })
})
