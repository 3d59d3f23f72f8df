/** Events of the books for tests: whole records from the few fields that a test is about. */
import type { EventRecords, JournalLine } from '../../../../schemas/generated/records.ts'
import { RATE_ONE } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { event, money } from './events.ts'

type Class = EventRecords['AccountCreated']['accountClass']

export const CHART: Readonly<Record<string, readonly [name: string, accountClass: Class]>> = {
  '1000': ['Cash', 'ASSET'],
  '1100': ['Receivables', 'ASSET'],
  '1900': ['Unused', 'ASSET'],
  '2000': ['Payables', 'LIABILITY'],
  '2100': ['Output VAT', 'LIABILITY'],
  '3000': ['Capital', 'EQUITY'],
  '4000': ['Sales', 'INCOME'],
  '5000': ['Rent', 'EXPENSE'],
}

const accountBody = (code: string, name?: string) => {
  const [own, accountClass] = CHART[code] ?? ['?', 'ASSET']
  return { code, name: name ?? own, accountClass, cashFlow: 'OPERATING' as const }
}

export const account = (code: string) =>
  event('AccountCreated', code, { ...accountBody(code), aggregateType: 'account', aggregateVersion: 1 })
export const renamed = (code: string, name: string) =>
  event('AccountUpdated', code, { ...accountBody(code, name), aggregateType: 'account', aggregateVersion: 2 })
export const deactivated = (code: string) =>
  event('AccountDeactivated', code, { aggregateType: 'account', aggregateVersion: 2, reason: 'not used' })

/** By account code: above zero is a debit, below a credit. */
export type Sides = Readonly<Record<string, string>>

export interface EntryFields {
  readonly on: string
  readonly sides: Sides
  readonly kind?: EventRecords['JournalEntryPosted']['kind']
  readonly source?: readonly [type: string, id: string]
  readonly reverses?: string
  readonly party?: string
  readonly tenant?: string
}

function linesOf(sides: Sides, party: string): JournalLine[] {
  return Object.entries(sides).map(([code, text]) => {
    const value = money(text)
    const [name, accountClass] = CHART[code] ?? ['?', 'ASSET']
    const size = value < 0n ? -value : value
    return {
      accountId: code,
      accountCode: code,
      accountName: name,
      accountClass,
      accountSubtype: '',
      debit: value > 0n ? size : 0n,
      credit: value < 0n ? size : 0n,
      amount: size,
      partyType: code === '1100' ? 'customer' : '',
      partyId: code === '1100' ? party : '',
      productId: '',
      taxCode: code === '2100' ? 'standard' : '',
      department: '',
      memo: `line of ${code}`,
      cashFlow: '',
    }
  })
}

function entryBody(id: string, { on, sides, kind = 'MANUAL', source, reverses, party, tenant }: EntryFields) {
  const lines = linesOf(sides, party ?? 'c1')
  return {
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    aggregateType: 'journal-entry',
    journalNumber: `N-${id}`,
    entryDate: parseDay(on),
    fiscalYear: '2025-26',
    kind,
    description: `entry ${id}`,
    currency: 'BDT',
    fxRate: RATE_ONE,
    sourceType: source?.[0] ?? '',
    sourceId: source?.[1] ?? '',
    sourceVersion: source ? 1 : 0,
    reversesId: reverses ?? null,
    total: lines.reduce((sum, { debit }) => sum + debit, 0n),
    lines,
  }
}

export const drafted = (id: string, fields: EntryFields) =>
  event('JournalEntryCreated', id, { ...entryBody(id, fields), aggregateVersion: 1 })
export const posted = (id: string, fields: EntryFields, version = 1) =>
  event('JournalEntryPosted', id, { ...entryBody(id, fields), aggregateVersion: version })
export const undone = (id: string, by: string, on: string, version = 2) =>
  event('JournalEntryReversed', id, {
    aggregateType: 'journal-entry',
    aggregateVersion: version,
    reversalId: by,
    reversalDate: parseDay(on),
    reason: 'wrong',
  })

export interface BillFields {
  readonly on: string
  readonly total: string
  readonly vds?: string
  readonly tds?: string
  readonly status?: 'DRAFT' | 'APPROVED'
  readonly disputed?: boolean
}

function billBody(id: string, f: BillFields) {
  return {
    aggregateType: 'bill',
    billNumber: `B-${id}`,
    vendorId: 'v1',
    vendorName: 'Vendor v1',
    vendorInvoiceNumber: `V-${id}`,
    currency: 'BDT',
    fxRate: RATE_ONE,
    billDate: parseDay(f.on),
    dueDate: parseDay(f.on) + 30,
    subtotal: money(f.total),
    vatAmount: 0n,
    total: money(f.total),
    vdsWithheld: money(f.vds ?? '0'),
    tdsWithheld: money(f.tds ?? '0'),
  }
}

export const billed = (id: string, f: BillFields) =>
  event('BillReceived', id, {
    ...billBody(id, f),
    aggregateVersion: 1,
    status: f.status ?? 'APPROVED',
    disputed: f.disputed ?? false,
  })
export const billApproved = (id: string, f: BillFields & { readonly approvedOn: string }) =>
  event('BillApproved', id, {
    ...billBody(id, f),
    aggregateVersion: 2,
    approvedDate: parseDay(f.approvedOn),
  })
export const billCancelled = (id: string, on: string, version = 2) =>
  event('BillCancelled', id, {
    aggregateType: 'bill',
    aggregateVersion: version,
    cancelledDate: parseDay(on),
    reason: '',
  })
export const billMoved = (id: string, due: string, on: string, version = 2) =>
  event('BillDueDateChanged', id, {
    aggregateType: 'bill',
    aggregateVersion: version,
    dueDate: parseDay(due),
    previousDueDate: 0,
    effectiveDate: parseDay(on),
  })
export const billDisputed = (id: string, disputed: boolean, on: string, version = 2) =>
  event('BillDisputeChanged', id, {
    aggregateType: 'bill',
    aggregateVersion: version,
    disputed,
    effectiveDate: parseDay(on),
  })
export const billForgiven = (id: string, amount: string, on: string, version = 2) =>
  event('BillWrittenOff', id, {
    aggregateType: 'bill',
    aggregateVersion: version,
    amount: money(amount),
    writeOffDate: parseDay(on),
  })

const billAllocations = (to: Readonly<Record<string, string>>) =>
  Object.entries(to).map(([billId, text]) => ({ billId, amount: money(text) }))

export const paidOut = (id: string, on: string, amount: string, to: Readonly<Record<string, string>> = {}) =>
  event('VendorPaymentSent', id, {
    aggregateType: 'payment',
    aggregateVersion: 1,
    paymentNumber: `VP-${id}`,
    vendorId: 'v1',
    vendorName: 'Vendor v1',
    method: 'bkash',
    currency: 'BDT',
    fxRate: RATE_ONE,
    paymentDate: parseDay(on),
    amount: money(amount),
    allocations: billAllocations(to),
  })
export const paidOutAllocated = (id: string, on: string, to: Readonly<Record<string, string>>, version = 2) =>
  event('VendorPaymentAllocated', id, {
    aggregateType: 'payment',
    aggregateVersion: version,
    allocationDate: parseDay(on),
    allocations: billAllocations(to),
  })
export const paidOutReversed = (id: string, on: string, version = 2) =>
  event('VendorPaymentReversed', id, {
    aggregateType: 'payment',
    aggregateVersion: version,
    reversalDate: parseDay(on),
  })
export const paidOutFailed = (id: string, on: string, version = 2) =>
  event('VendorPaymentFailed', id, {
    aggregateType: 'payment',
    aggregateVersion: version,
    failedDate: parseDay(on),
  })
export const reconciled = (id: string, on: string, version = 2) =>
  event('PaymentReconciled', id, {
    aggregateType: 'payment',
    aggregateVersion: version,
    statementDate: parseDay(on),
    statementReference: 'line 7',
  })

export interface MovementFields {
  readonly on: string
  readonly movement: EventRecords['StockMoved']['movement']
  readonly quantity: string
  readonly value: string
  readonly warehouse?: string
  readonly to?: string
  readonly batch?: string
  readonly version?: number
}

export const stocked = (product: string, movementId: string, f: MovementFields) =>
  event('StockMoved', product, {
    aggregateType: 'stock',
    aggregateVersion: f.version ?? null,
    movementId,
    sku: `SKU-${product}`,
    productName: `Product ${product}`,
    movement: f.movement,
    movementDate: parseDay(f.on),
    warehouse: f.warehouse ?? 'main',
    toWarehouse: f.to ?? '',
    batch: f.batch ?? '',
    quantity: money(f.quantity),
    unit: 'PCS',
    unitCost: 0n,
    value: money(f.value),
    quantityAfter: 0n,
    valueAfter: 0n,
  })

export const product = (id: string, fields: Partial<EventRecords['ProductCreated']> = {}) =>
  event('ProductCreated', id, {
    aggregateType: 'product',
    aggregateVersion: 1,
    sku: `SKU-${id}`,
    name: `Product ${id}`,
    unit: 'PCS',
    category: 'Rice',
    ...fields,
  })

export const vendor = (id: string, fields: Partial<EventRecords['VendorCreated']> = {}) =>
  event('VendorCreated', id, {
    aggregateType: 'vendor',
    aggregateVersion: 1,
    vendorNumber: `V-${id}`,
    name: `Vendor ${id}`,
    tin: '123456789012',
    ...fields,
  })

export const targeted = (id: string, amount: string, withdrawn: boolean, version: number) =>
  event('TargetSet', id, {
    aggregateType: 'target',
    aggregateVersion: version,
    measure: 'netRevenue',
    slice: 'category:Rice',
    from: parseDay('2026-07-01'),
    to: parseDay('2027-06-30'),
    amount: money(amount),
    withdrawn,
  })
