import { describe, expect, it } from '@jest/globals'
import {
  type ApproveInvoice,
  approveInvoice,
  cancelInvoice,
  changeDueDate,
  createInvoice,
  disputeInvoice,
  writeOffInvoice,
} from '../../../../producers/invoices/commands.ts'
import {
  type CreateInvoiceFacts,
  decideApprove,
  decideCancel,
  decideCreate,
  decideDispute,
  decideDueDate,
  decideWriteOff,
} from '../../../../producers/invoices/decide.ts'
import { evolveInvoice, type InvoiceEvent, type InvoiceState } from '../../../../producers/invoices/evolve.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import type { Allocation } from '../../../../producers/payments/allocations.ts'
import { customer, facts, outcome, productOf, TODAY } from '../facts.ts'

const known: CreateInvoiceFacts = {
  ...facts,
  id: 'inv-1',
  customer,
  numberOwner: undefined,
  serials: { invoice: 7, mushak: 3 },
  productOf,
}
const command = (more: object = {}) =>
  createInvoice.parse({ customerId: 'c', lines: [{ unitPrice: '100.00', vatCode: 'standard' }], ...more })
const create = (more: object = {}, with_: Partial<CreateInvoiceFacts> = {}) => {
  const [event] = decideCreate(null, command(more), { ...known, ...with_ })
  if (!event) throw new Error('no event')
  return event
}
const stateAfter = (...events: readonly InvoiceEvent[]): InvoiceState => {
  let state: InvoiceState | null = null
  for (const event of events) state = evolveInvoice(state, event)
  if (!state) throw new Error('no events')
  return state
}
const later = { ...facts, id: 'inv-1', serials: { mushak: 3 }, creditNotes: [] }
const approval: ApproveInvoice = approveInvoice.parse({})

describe('creating an invoice', () => {
  it("dates it today in the tenant's zone and gives it the customer's terms", () => {
    const { data } = create()
    expect([data.invoiceDate, data.dueDate, data.customerName]).toEqual([TODAY, TODAY + 30, 'Rahim Traders'])
  })

  it('numbers it by fiscal year, and gives a Mushak number only to what is binding', () => {
    expect(create().data).toMatchObject({
      invoiceNumber: 'INV-2026-27-000007',
      mushakNumber: null,
      fiscalYear: '2026-27',
    })
    expect(create({ status: 'APPROVED' }).data.mushakNumber).toBe('MUSHAK-6.3-2026-11-000003')
    expect(create({ status: 'APPROVED', invoiceDate: '2026-06-30' }).data).toMatchObject({
      fiscalYear: '2025-26',
      mushakNumber: 'MUSHAK-6.3-2026-06-000003',
    })
  })

  it('gives no Mushak number to what another system issued, nor to books in another currency', () => {
    const elsewhere = { status: 'APPROVED', issuedElsewhere: true, invoiceNumber: 'X-1' }
    expect(create(elsewhere).data.mushakNumber).toBeNull()
    const dollars = { tenant: { ...facts.tenant, currency: 'USD' } }
    expect(create({ status: 'APPROVED' }, dollars).data.mushakNumber).toBeNull()
  })

  it.each<[string, object, Partial<CreateInvoiceFacts>, string]>([
    ['an unknown customer', {}, { customer: undefined }, 'reference_not_found'],
    ['a customer that is not active', {}, { customer: { ...customer, active: false } }, 'customer_inactive'],
    ['a number that is taken', { invoiceNumber: 'A-1' }, { numberOwner: 'inv-0' }, 'number_taken'],
    ['a number like generated ones', { invoiceNumber: 'INV-2026-27-000001' }, {}, 'number_reserved'],
    [
      'the same from another system',
      { invoiceNumber: 'INV-2026-27-000001', issuedElsewhere: true },
      {},
      'accepted',
    ],
    ['another system without a number', { issuedElsewhere: true }, {}, 'validation_failed'],
    ['a due date before the invoice', { invoiceDate: '2026-11-02', dueDate: '2026-11-01' }, {}, 'date_order'],
    ['a due date on its own day', { invoiceDate: '2026-11-02', dueDate: '2026-11-02' }, {}, 'accepted'],
    ['foreign currency without a rate', { currency: 'USD' }, {}, 'fx_rate_required'],
    ['foreign currency with a rate', { currency: 'USD', fxRate: '121.5' }, {}, 'accepted'],
    ['a rate of zero', { currency: 'USD', fxRate: '0' }, {}, 'validation_failed'],
    ['a rate other than 1 in the base currency', { fxRate: '2' }, {}, 'validation_failed'],
  ])('%s', (_what, more, with_, expected) => {
    expect(outcome(() => create(more, with_))).toBe(expected)
  })

  it('is refused for an id that is there', () => {
    expect(outcome(() => decideCreate(stateAfter(create()), command(), known))).toBe('already_exists')
  })
})

describe('the life of an invoice', () => {
  const draft = create()
  const approved = create({ status: 'APPROVED' })
  const cancelled: InvoiceEvent = { type: 'InvoiceCancelled', data: { cancelledDate: TODAY, reason: '' } }
  const cancel = cancelInvoice.parse({})
  const due = changeDueDate.parse({ dueDate: '2027-01-31' })

  it.each<[string, InvoiceState | null, Record<'approve' | 'cancel' | 'due', string>]>([
    [
      'nothing',
      null,
      { approve: 'invoice_not_found', cancel: 'invoice_not_found', due: 'invoice_not_found' },
    ],
    ['a draft', stateAfter(draft), { approve: 'accepted', cancel: 'accepted', due: 'accepted' }],
    [
      'an approved one',
      stateAfter(approved),
      { approve: 'invoice_not_draft', cancel: 'accepted', due: 'accepted' },
    ],
    [
      'a cancelled one',
      stateAfter(approved, cancelled),
      { approve: 'invoice_cancelled', cancel: 'invoice_cancelled', due: 'invoice_cancelled' },
    ],
  ])('%s', (_what, state, expected) => {
    expect({
      approve: outcome(() => decideApprove(state, approval, later)),
      cancel: outcome(() => decideCancel(state, cancel, later)),
      due: outcome(() => decideDueDate(state, due, later)),
    }).toEqual(expected)
  })

  it('approves with everything that counts in the event', () => {
    const [event] = decideApprove(stateAfter(draft), approval, later)
    const {
      lines: _l,
      disputed: _d,
      reference: _r,
      status: _s,
      mushakNumber: _m,
      fiscalYear: _f,
      ...carried
    } = draft.data
    expect(event?.data).toEqual({
      ...carried,
      approvedDate: TODAY,
      mushakNumber: 'MUSHAK-6.3-2026-11-000003',
    })
    if (event) expect(stateAfter(draft, event).mushakNumber).toBe('MUSHAK-6.3-2026-11-000003')
  })

  it('remembers the due date that a change replaced', () => {
    const [event] = decideDueDate(stateAfter(draft), due, later)
    expect(event?.data).toMatchObject({
      dueDate: parseDay('2027-01-31'),
      previousDueDate: TODAY + 30,
      effectiveDate: TODAY,
    })
    if (event) expect(stateAfter(draft, event).dueDate).toBe(parseDay('2027-01-31'))
  })

  it.each([
    ['2026-12-23', 'nothing_changed'],
    ['2026-11-22', 'date_order'],
  ])('refuses a new due date of %s: %s', (dueDate, expected) => {
    expect(outcome(() => decideDueDate(stateAfter(draft), changeDueDate.parse({ dueDate }), later))).toBe(
      expected,
    )
  })
})

const pointerOf = (work: () => unknown): string | undefined => {
  try {
    work()
    return 'accepted'
  } catch (error) {
    return error instanceof Refusal ? error.options.errors?.[0]?.pointer : String(error)
  }
}

describe('instalments', () => {
  const parts = (...list: readonly (readonly [string, string])[]) => ({
    invoiceDate: '2026-11-01',
    instalments: list.map(([dueDate, amount]) => ({ dueDate, amount })),
  })

  it('are parts that are due on days of their own; the last is the due date', () => {
    const { data } = create(parts(['2026-11-01', '15.00'], ['2026-12-01', '50.00'], ['2027-01-01', '50.00']))
    expect(data.instalments.map(({ amount }) => amount)).toEqual([150_000n, 500_000n, 500_000n])
    expect(data.dueDate).toBe(parseDay('2027-01-01'))
    const [event] = decideApprove(stateAfter(create(parts(['2026-12-01', '115.00']))), approval, later)
    expect(event?.data.instalments).toHaveLength(1)
  })

  it.each<[string, object, string]>([
    ['less than the total', parts(['2026-12-01', '114.99']), '/instalments'],
    ['more than the total', parts(['2026-12-01', '100.00'], ['2026-12-02', '15.01']), '/instalments'],
    ['before the invoice', parts(['2026-10-31', '115.00']), '/instalments/0/dueDate'],
    ['twice on a day', parts(['2026-12-01', '100.00'], ['2026-12-01', '15.00']), '/instalments/1/dueDate'],
    ['of nothing', parts(['2026-12-01', '115.00'], ['2026-12-02', '0.00']), '/instalments/1/amount'],
    ['and another due date', { ...parts(['2026-12-01', '115.00']), dueDate: '2026-12-02' }, '/dueDate'],
    ['and the same due date', { ...parts(['2026-12-01', '115.00']), dueDate: '2026-12-01' }, 'accepted'],
  ])('%s', (_what, more, pointer) => {
    expect(pointerOf(() => create(more))).toBe(pointer)
  })

  it('do not move with the due date', () => {
    const state = stateAfter(create(parts(['2026-12-01', '115.00'])))
    const command_ = changeDueDate.parse({ dueDate: '2027-01-31' })
    expect(outcome(() => decideDueDate(state, command_, later))).toBe('instalments_fixed')
  })
})

describe('what an invoice knows of its customer', () => {
  it('is the BIN of the day, and who sells', () => {
    const known_ = { customer: { ...customer, bin: '0030658230101', salespersonId: 'kamal' } }
    expect(create({}, known_).data).toMatchObject({ customerBin: '0030658230101', salespersonId: 'kamal' })
    expect(create({ salespersonId: 'rina' }, known_).data.salespersonId).toBe('rina')
    expect(create().data).toMatchObject({ customerBin: null, salespersonId: null })
  })
})

describe('writing off', () => {
  const approved = stateAfter(create({ status: 'APPROVED', invoiceDate: '2026-11-10' }))
  const day = (text: string) => parseDay(text)
  const settled = (amount: bigint, fromDay: string, toDay: string | null = null): Allocation => ({
    sourceType: 'payment',
    sourceId: 'p',
    sourceVersion: 1,
    targetType: 'invoice',
    targetId: 'inv-1',
    amount,
    fromDay: day(fromDay),
    toDay: toDay === null ? null : day(toDay),
  })
  const writeOff = (state: InvoiceState | null, body: object, allocations: readonly Allocation[] = []) =>
    decideWriteOff(state, writeOffInvoice.parse(body), { ...facts, id: 'inv-1', allocations })[0]?.data

  it('gives up all that is open, today, where nothing is said', () => {
    expect(writeOff(approved, { reason: 'bankrupt' }, [settled(400_000n, '2026-11-12')])).toEqual({
      writeOffDate: TODAY,
      amount: 750_000n,
      reason: 'bankrupt',
    })
  })

  it('gives up no more than is open on its day and on every later one', () => {
    // Open: 115.00, from the 15th 75.00, from the 20th 115.00 again; from the 25th 65.00.
    const before = [settled(400_000n, '2026-11-15', '2026-11-20'), settled(500_000n, '2026-11-25')]
    expect(writeOff(approved, { writeOffDate: '2026-11-11' }, before)?.amount).toBe(650_000n)
    expect(writeOff(approved, { writeOffDate: '2026-11-15', amount: '65.00' }, before)?.amount).toBe(650_000n)
    expect(pointerOf(() => writeOff(approved, { writeOffDate: '2026-11-15', amount: '65.01' }, before))).toBe(
      '/amount',
    )
  })

  it.each<[string, InvoiceState | null, string]>([
    ['nothing', null, 'invoice_not_found'],
    ['a draft', stateAfter(create()), 'invoice_not_approved'],
    ['a cancelled invoice', { ...approved, status: 'CANCELLED' }, 'invoice_cancelled'],
  ])('of %s', (_what, state, expected) => {
    expect(outcome(() => writeOff(state, {}))).toBe(expected)
  })

  it('of a paid invoice', () => {
    expect(outcome(() => writeOff(approved, {}, [settled(1_150_000n, '2026-11-12')]))).toBe('nothing_open')
  })

  it.each(['0', '0.00', '0.001', '1000000000.00'])('refuses %s', (amount) => {
    expect(pointerOf(() => writeOff(approved, { amount }))).toBe('/amount')
  })
})

describe('a dispute', () => {
  const dispute = (state: InvoiceState | null, disputed: boolean) =>
    decideDispute(state, disputeInvoice.parse({ disputed }), { ...facts, id: 'inv-1' })[0]

  it('begins and ends on a day, and is told once', () => {
    const state = stateAfter(create())
    const event = dispute(state, true)
    expect(event?.data).toEqual({ disputed: true, effectiveDate: TODAY, reason: '' })
    if (!event) throw new Error('no event')
    const disputed = evolveInvoice(state, event)
    expect([disputed.disputed, outcome(() => dispute(disputed, true))]).toEqual([true, 'nothing_changed'])
    expect([dispute(disputed, false)?.data.disputed, outcome(() => dispute(state, false))]).toEqual([
      false,
      'nothing_changed',
    ])
    expect(outcome(() => dispute(null, true))).toBe('invoice_not_found')
  })

  it('may be there from the start', () => {
    expect(stateAfter(create({ disputed: true })).disputed).toBe(true)
  })
})

describe('forms that are refused, with the field', () => {
  const line = { unitPrice: '1.00' }
  it.each<[object, string]>([
    [{ lines: [{ unitPrice: '-1' }] }, 'lines.0.unitPrice'],
    [{ lines: [{ unitPrice: '1e30' }] }, 'lines.0.unitPrice'],
    [{ lines: [{ unitPrice: 'NaN' }] }, 'lines.0.unitPrice'],
    [{ lines: [{ unitPrice: 1 }] }, 'lines.0.unitPrice'],
    [{ lines: [{ ...line, vatCode: 'STANDARD!' }] }, 'lines.0.vatCode'],
    [{ lines: [{ ...line, description: 'a\u0000b' }] }, 'lines.0.description'],
    [{ lines: [{ ...line, description: 'x'.repeat(501) }] }, 'lines.0.description'],
    [{ lines: [{ ...line, discount: '-1' }] }, 'lines.0.discount'],
    [{ lines: [{ ...line, unit: '' }] }, 'lines.0.unit'],
    [{ lines: [{ ...line, accountId: 'a b' }] }, 'lines.0.accountId'],
    [{ lines: [] }, 'lines'],
    [{ lines: [line], salespersonId: '' }, 'salespersonId'],
    [{ lines: [line], instalments: [{ dueDate: '2026-02-30', amount: '1' }] }, 'instalments.0.dueDate'],
    [{ lines: [line], reference: 'x'.repeat(201) }, 'reference'],
  ])('%j', (body, path) => {
    const parsed = createInvoice.safeParse({ customerId: 'c', ...body })
    expect(parsed.error?.issues[0]?.path.join('.')).toBe(path)
  })
})
