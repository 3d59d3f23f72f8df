/** Events of payables, cash and alerts for tests: whole records from the few fields that a test is about. */
import type { EventRecords, FinanceEvent } from '../../../schemas/generated/records.ts'
import { parseDecimal, RATE_ONE } from '../../../schemas/values/amount.ts'
import { day, event, taka } from './support.ts'

const dayOf = (value: string | number): number => (typeof value === 'number' ? value : day(value))

export interface BillOptions {
  readonly date?: string | number
  readonly due: string | number
  readonly total: string | number
  /** Withheld of the total. */
  readonly tds?: string | number
  readonly parts?: readonly (readonly [due: string | number, amount: string | number])[]
  readonly currency?: string
  readonly rate?: string
  readonly status?: 'DRAFT' | 'APPROVED'
}

const billContent = (o: BillOptions) => ({
  billNumber: 'B',
  vendorId: 'V1',
  vendorName: 'Name of V1',
  vendorInvoiceNumber: 'VI',
  currency: o.currency ?? 'BDT',
  fxRate: o.rate === undefined ? RATE_ONE : parseDecimal(o.rate, 8),
  billDate: dayOf(o.date ?? o.due),
  dueDate: dayOf(o.due),
  fiscalYear: '2025-26',
  reference: '',
  subtotal: taka(o.total),
  vatAmount: 0n,
  total: taka(o.total),
  vdsWithheld: 0n,
  tdsWithheld: taka(o.tds ?? 0),
  instalments: (o.parts ?? []).map(([due, amount]) => ({ dueDate: dayOf(due), amount: taka(amount) })),
  lines: [],
})

export const bill = (id: string, o: BillOptions): FinanceEvent =>
  event('BillReceived', id, { ...billContent(o), status: o.status ?? 'APPROVED', disputed: false })
export const billApproval = (id: string, o: BillOptions): FinanceEvent =>
  event('BillApproved', id, { ...billContent(o), approvedDate: dayOf(o.date ?? o.due) })
export const billCancellation = (id: string, on: string | number): FinanceEvent =>
  event('BillCancelled', id, { cancelledDate: dayOf(on), reason: '' })
export const billDue = (id: string, due: string | number): FinanceEvent =>
  event('BillDueDateChanged', id, {
    dueDate: dayOf(due),
    previousDueDate: 0,
    effectiveDate: 0,
    reason: '',
  })
export const billWriteOff = (id: string, on: string | number, amount: string | number): FinanceEvent =>
  event('BillWrittenOff', id, { writeOffDate: dayOf(on), amount: taka(amount), reason: '' })

type To = Readonly<Record<string, string | number>>
const allocations = (to: To) =>
  Object.entries(to).map(([billId, amount]) => ({ billId, amount: taka(amount) }))

const sameId = (made: FinanceEvent, aggregateType: string): FinanceEvent =>
  ({ ...made, data: { ...made.data, aggregateType } }) as FinanceEvent

export const payout = (
  id: string,
  o: { date: string | number; amount: string | number; to?: To; currency?: string; rate?: string },
): FinanceEvent =>
  sameId(
    event('VendorPaymentSent', id, {
      paymentNumber: 'VP',
      vendorId: 'V1',
      vendorName: 'Name of V1',
      method: 'bank',
      reference: '',
      currency: o.currency ?? 'BDT',
      fxRate: o.rate === undefined ? RATE_ONE : parseDecimal(o.rate, 8),
      paymentDate: dayOf(o.date),
      amount: taka(o.amount),
      accountId: null,
      allocations: allocations(o.to ?? {}),
    }),
    'payment',
  )
export const payoutAllocation = (id: string, on: string | number, to: To): FinanceEvent =>
  sameId(
    event('VendorPaymentAllocated', id, { allocationDate: dayOf(on), allocations: allocations(to) }),
    'payment',
  )
export const payoutReversal = (id: string, on: string | number): FinanceEvent =>
  sameId(event('VendorPaymentReversed', id, { reversalDate: dayOf(on), reason: '' }), 'payment')
export const payoutFailure = (id: string, on: string | number, reason = ''): FinanceEvent =>
  sameId(event('VendorPaymentFailed', id, { failedDate: dayOf(on), reason }), 'payment')

export const paidExpense = (
  id: string,
  o: { date: string | number; total: string | number; account?: string | null },
): FinanceEvent =>
  event('ExpenseApproved', id, {
    expenseNumber: 'E',
    category: 'rent',
    vendorId: null,
    vendorName: '',
    department: '',
    description: '',
    currency: 'BDT',
    fxRate: RATE_ONE,
    expenseDate: dayOf(o.date),
    netAmount: taka(o.total),
    vatAmount: 0n,
    total: taka(o.total),
    approvedDate: dayOf(o.date),
    paidFromAccountId: o.account === undefined ? '1101' : o.account,
  })

const line = (accountSubtype: string, debit: bigint, credit: bigint) => ({
  accountId: accountSubtype,
  accountCode: '',
  accountName: '',
  accountClass: '',
  accountSubtype,
  debit,
  credit,
  amount: debit + credit,
  partyType: '',
  partyId: '',
  productId: '',
  taxCode: '',
  department: '',
  memo: '',
  cashFlow: '',
})

/** Moves `amount` into an account of cash (out of it below zero), against equity. */
export function journal(
  id: string,
  o: {
    date: string | number
    amount: string | number
    subtype?: string
    kind?: EventRecords['JournalEntryPosted']['kind']
    source?: string
  },
): FinanceEvent {
  const amount = taka(o.amount)
  const size = amount < 0n ? -amount : amount
  const [debit, credit] = amount < 0n ? [0n, size] : [size, 0n]
  return event('JournalEntryPosted', id, {
    journalNumber: 'J',
    entryDate: dayOf(o.date),
    fiscalYear: '2025-26',
    kind: o.kind ?? 'MANUAL',
    description: '',
    currency: 'BDT',
    fxRate: RATE_ONE,
    sourceType: o.source ?? '',
    sourceId: '',
    sourceVersion: 0,
    reversesId: null,
    total: size,
    lines: [line(o.subtype ?? 'BANK', debit, credit), line('EQUITY', credit, debit)],
  })
}

export const alertRule = (
  id: string,
  o: Pick<EventRecords['AlertRuleSet'], 'measure' | 'threshold'> &
    Partial<Omit<EventRecords['AlertRuleSet'], 'measure' | 'threshold'>>,
): FinanceEvent => event('AlertRuleSet', id, { operator: 'ABOVE', severity: 'WARNING', impact: 'LOW', ...o })

export const acknowledgement = (id: string, note = ''): FinanceEvent =>
  event('AlertAcknowledged', id, { note })
export const escalation = (id: string, escalatedTo = '', note = ''): FinanceEvent =>
  event('AlertEscalated', id, { escalatedTo, note })
export const resolution = (id: string, note = ''): FinanceEvent => event('AlertResolved', id, { note })
