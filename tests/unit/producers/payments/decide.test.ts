import { describe, expect, it } from '@jest/globals'
import { INVOICE_DEFAULTS, type InvoiceState } from '../../../../producers/invoices/evolve.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import type { Allocation } from '../../../../producers/payments/allocations.ts'
import {
  allocatePayment,
  failPayment,
  reconcilePayment,
  receivePayment,
  reversePayment,
} from '../../../../producers/payments/commands.ts'
import {
  decideAllocate,
  decideFail,
  decideReceive,
  decideReconcile,
  decideReverse,
  type PaymentFacts,
  type ReceiveFacts,
} from '../../../../producers/payments/decide.ts'
import { recordPayment } from '../../../../producers/payments/directions.ts'
import { evolvePayment, type PaymentEvent, type PaymentState } from '../../../../producers/payments/evolve.ts'
import { RATE_ONE } from '../../../../schemas/values/amount.ts'
import { customer, facts, outcome, TODAY } from '../facts.ts'

const invoice: InvoiceState = {
  status: 'APPROVED',
  invoiceNumber: 'A-1',
  mushakNumber: null,
  fiscalYear: '2026-27',
  customerId: 'c',
  customerName: 'Rahim Traders',
  currency: 'BDT',
  fxRate: RATE_ONE,
  invoiceDate: TODAY - 10,
  dueDate: TODAY + 20,
  category: '',
  productCategory: '',
  subtotal: 1_000_000n,
  vatAmount: 0n,
  total: 1_000_000n,
  ...INVOICE_DEFAULTS,
}

interface Books {
  readonly invoices?: Readonly<Record<string, InvoiceState>>
  readonly allocations?: readonly Allocation[]
}
const booksOf = ({ invoices = { i: invoice }, allocations = [] }: Books) => ({
  invoiceOf: (id: string) => invoices[id],
  allocationsOfInvoice: (id: string) => allocations.filter((one) => one.targetId === id),
})
const receive = (more: object, books: Books = {}, with_: Partial<ReceiveFacts> = {}) => {
  const command = receivePayment.parse({ customerId: 'c', amount: '100.00', ...more })
  const [event] = decideReceive(null, command, {
    ...facts,
    ...booksOf(books),
    id: 'p',
    customer,
    numberOwner: undefined,
    serial: 1,
    ...with_,
  })
  if (!event) throw new Error('no event')
  return event
}
const to = (invoiceId: string, amount: string) => ({ invoiceId, amount })
const settled = (amount: bigint, fromDay: number, toDay: number | null = null): Allocation => ({
  sourceType: 'payment',
  sourceId: 'other',
  sourceVersion: 1,
  targetType: 'invoice',
  targetId: 'i',
  amount,
  fromDay,
  toDay,
})

describe('receiving a payment', () => {
  it('carries its allocations, and leaves the rest unapplied', () => {
    const { data } = receive({ allocations: [to('i', '60.00')] })
    expect(data).toMatchObject({
      amount: 1_000_000n,
      allocations: [{ invoiceId: 'i', amount: 600_000n }],
      paymentDate: TODAY,
    })
    expect(data.paymentNumber).toBe('PAY-2026-27-000001')
  })

  it.each<[string, object, Books, string]>([
    ['all of it', { allocations: [to('i', '100.00')] }, {}, 'accepted'],
    [
      'more than the payment',
      { amount: '50.00', allocations: [to('i', '50.01')] },
      {},
      'allocation_exceeds_open',
    ],
    [
      'more than the payment in two parts',
      { amount: '100.00', allocations: [to('i', '60.00'), to('j', '40.01')] },
      { invoices: { i: invoice, j: invoice } },
      'allocation_exceeds_open',
    ],
    [
      'more than the invoice',
      { amount: '200.00', allocations: [to('i', '100.01')] },
      {},
      'allocation_exceeds_open',
    ],
    [
      'more than is left of the invoice',
      { allocations: [to('i', '40.01')] },
      { allocations: [settled(600_000n, TODAY - 5)] },
      'allocation_exceeds_open',
    ],
    [
      'exactly what is left of the invoice',
      { allocations: [to('i', '40.00')] },
      { allocations: [settled(600_000n, TODAY - 5)] },
      'accepted',
    ],
    [
      'what a reversal freed, from its day on',
      { allocations: [to('i', '100.00')] },
      { allocations: [settled(1_000_000n, TODAY - 9, TODAY)] },
      'accepted',
    ],
    [
      'what a reversal freed, dated before it',
      { paymentDate: '2026-11-22', allocations: [to('i', '100.00')] },
      { allocations: [settled(1_000_000n, TODAY - 9, TODAY)] },
      'allocation_exceeds_open',
    ],
    [
      'what an allocation of a later day needs',
      { allocations: [to('i', '50.01')] },
      { allocations: [settled(500_000n, TODAY + 9)] },
      'allocation_exceeds_open',
    ],
    ['nothing there', { allocations: [to('x', '1.00')] }, {}, 'reference_not_found'],
    [
      'a draft',
      { allocations: [to('i', '1.00')] },
      { invoices: { i: { ...invoice, status: 'DRAFT' } } },
      'invoice_not_approved',
    ],
    [
      'a cancelled one',
      { allocations: [to('i', '1.00')] },
      { invoices: { i: { ...invoice, status: 'CANCELLED' } } },
      'invoice_cancelled',
    ],
    [
      "another customer's",
      { allocations: [to('i', '1.00')] },
      { invoices: { i: { ...invoice, customerId: 'd' } } },
      'customer_mismatch',
    ],
    [
      'another currency',
      { allocations: [to('i', '1.00')] },
      { invoices: { i: { ...invoice, currency: 'USD' } } },
      'currency_mismatch',
    ],
    ['half a poisha', { allocations: [to('i', '1.005')] }, {}, 'validation_failed'],
  ])('allocated to %s: %#', (_what, more, books, expected) => {
    expect(outcome(() => receive(more, books))).toBe(expected)
  })

  it.each<[string, object, Partial<ReceiveFacts>, string]>([
    ['an unknown customer', {}, { customer: undefined }, 'reference_not_found'],
    ['zero', { amount: '0' }, {}, 'validation_failed'],
    ['the greatest amount', { amount: '999999999.99' }, {}, 'accepted'],
    ['one poisha more', { amount: '1000000000.00' }, {}, 'validation_failed'],
    ['a number that is taken', { paymentNumber: 'R-1' }, { numberOwner: 'p0' }, 'number_taken'],
    ['foreign money without a rate', { amount: { amount: '1.00', currency: 'USD' } }, {}, 'fx_rate_required'],
  ])('%s: %#', (_what, more, with_, expected) => {
    expect(outcome(() => receive(more, {}, with_))).toBe(expected)
  })
})

describe('the life of a payment', () => {
  const after = (...events: readonly PaymentEvent[]): PaymentState => {
    let state: PaymentState | null = null
    for (const event of events) state = evolvePayment(state, event)
    if (!state) throw new Error('no events')
    return state
  }
  const received = receive({})
  const reversed: PaymentEvent = { type: 'PaymentReversed', data: { reversalDate: TODAY, reason: '' } }
  const failed: PaymentEvent = { type: 'PaymentFailed', data: { failedDate: TODAY, reason: '' } }
  const later: PaymentFacts = { ...facts, ...booksOf({}), id: 'p', allocationsOfPayment: [] }
  const allocate = allocatePayment.parse({ allocations: [to('i', '100.00')] })

  it.each<[string, PaymentState | null, string]>([
    ['nothing', null, 'payment_not_found'],
    ['a received one', after(received), 'accepted'],
    ['a reversed one', after(received, reversed), 'payment_reversed'],
    ['a failed one', after(received, failed), 'payment_failed'],
  ])('of %s', (_what, state, expected) => {
    expect([
      outcome(() => decideAllocate(state, allocate, later)),
      outcome(() => decideReverse(state, reversePayment.parse({}), later)),
      outcome(() => decideFail(state, failPayment.parse({}), later)),
    ]).toEqual([expected, expected, expected])
  })

  it('allocates no sooner than the money came, and today by default', () => {
    const early = allocatePayment.parse({ allocationDate: '2026-11-22', allocations: [to('i', '1.00')] })
    expect(outcome(() => decideAllocate(after(received), early, later))).toBe('date_order')
    const [event] = decideAllocate(after(received), allocate, later)
    expect(event?.data).toEqual({
      allocationDate: TODAY,
      allocations: [{ invoiceId: 'i', amount: 1_000_000n }],
    })
  })

  it('counts what it allocated before', () => {
    const earlier: Allocation = { ...settled(400_000n, TODAY - 1), sourceId: 'p', targetId: 'j' }
    const known = { ...later, allocationsOfPayment: [earlier] }
    const amount = (text: string) => allocatePayment.parse({ allocations: [to('i', text)] })
    expect(outcome(() => decideAllocate(after(received), amount('60.00'), known))).toBe('accepted')
    expect(outcome(() => decideAllocate(after(received), amount('60.01'), known))).toBe(
      'allocation_exceeds_open',
    )
  })
})

describe('what the customer deducted', () => {
  it('settles besides the money: VDS and TDS', () => {
    const more = { amount: '80.00', vdsWithheld: '15.00', tdsWithheld: '5.00', accountId: '1012' }
    expect(receive({ ...more, allocations: [to('i', '100.00')] }).data).toMatchObject({
      amount: 800_000n,
      vdsWithheld: 150_000n,
      tdsWithheld: 50_000n,
      accountId: '1012',
    })
    expect(outcome(() => receive({ ...more, amount: '79.99', allocations: [to('i', '100.00')] }))).toBe(
      'allocation_exceeds_open',
    )
    expect(receive({}).data).toMatchObject({ vdsWithheld: 0n, tdsWithheld: 0n, accountId: null })
  })

  it.each<[object, string]>([
    [{ vdsWithheld: '0' }, '/vdsWithheld'],
    [{ tdsWithheld: '0.001' }, '/tdsWithheld'],
    [{ vdsWithheld: { amount: '1.00', currency: 'USD' } }, '/vdsWithheld/currency'],
    [{ amount: '0' }, '/amount'],
    [{ amount: '1000000000' }, '/amount'],
    [{ allocations: [to('i', '100.01')] }, '/allocations/0/amount'],
    [{ allocations: [to('none', '1.00')] }, '/allocations/0/invoiceId'],
  ])('%j points at %s', (more, pointer) => {
    try {
      receive(more)
      throw new Error('accepted')
    } catch (error) {
      expect(error instanceof Refusal ? error.options.errors?.[0]?.pointer : error).toBe(pointer)
    }
  })
})

describe('reconciling', () => {
  const facts_ = { ...facts, id: 'p' }
  const received = evolvePayment(null, receive({ paymentDate: '2026-11-20' }))
  const reconcile = (state: PaymentState | null, body: object = {}) =>
    decideReconcile(state, reconcilePayment.parse(body), facts_)[0]

  it('notes the line of the statement; then it can be reversed, but has not failed', () => {
    const event = reconcile(received, { statementDate: '2026-11-21', statementReference: 'L-7' })
    expect(event?.data).toEqual({ statementDate: TODAY - 2, statementReference: 'L-7' })
    if (!event) throw new Error('no event')
    const found = evolvePayment(received, event)
    expect(found).toMatchObject({ direction: 'in', status: 'RECEIVED', statementDate: TODAY - 2 })
    const more = { ...facts_, ...booksOf({}), allocationsOfPayment: [] }
    expect([
      outcome(() => reconcile(found)),
      outcome(() => decideFail(found, failPayment.parse({}), more)),
      outcome(() => decideReverse(found, reversePayment.parse({}), more)),
    ]).toEqual(['payment_reconciled', 'payment_reconciled', 'accepted'])
  })

  it.each<[string, PaymentState | null, object, string]>([
    ['nothing', null, {}, 'payment_not_found'],
    ['a day before the money came', received, { statementDate: '2026-11-19' }, 'date_order'],
    ['a reversed one', { ...received, status: 'REVERSED' }, {}, 'payment_reversed'],
    ['a failed one', { ...received, status: 'FAILED' }, {}, 'payment_failed'],
  ])('%s', (_what, state, body, expected) => {
    expect(outcome(() => reconcile(state, body))).toBe(expected)
  })
})

describe('the direction of a payment', () => {
  it('is in where it is not said, and no other word', () => {
    const body = { customerId: 'c', amount: '1.00' }
    expect(recordPayment.parse(body).direction).toBe('in')
    expect(recordPayment.parse({ ...body, direction: 'in' })).toEqual(recordPayment.parse(body))
    expect(recordPayment.safeParse({ ...body, direction: 'up' }).error?.issues[0]?.path).toEqual([
      'direction',
    ])
  })
})
