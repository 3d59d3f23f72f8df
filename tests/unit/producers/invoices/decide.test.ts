import { describe, expect, it } from '@jest/globals'
import {
  type ApproveInvoice,
  approveInvoice,
  cancelInvoice,
  changeDueDate,
  createInvoice,
} from '../../../../producers/invoices/commands.ts'
import {
  type CreateInvoiceFacts,
  decideApprove,
  decideCancel,
  decideCreate,
  decideDueDate,
} from '../../../../producers/invoices/decide.ts'
import { evolveInvoice, type InvoiceEvent, type InvoiceState } from '../../../../producers/invoices/evolve.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { customer, facts, outcome, TODAY } from '../facts.ts'

const known: CreateInvoiceFacts = {
  ...facts,
  id: 'inv-1',
  customer,
  numberOwner: undefined,
  serials: { invoice: 7, mushak: 3 },
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
const later = { ...facts, id: 'inv-1', serials: { mushak: 3 } }
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
    expect(event?.data).toEqual({ ...carried, approvedDate: TODAY })
    expect(event?.notes).toEqual({ mushakNumber: 'MUSHAK-6.3-2026-11-000003' })
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
