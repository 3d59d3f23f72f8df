/**
 * One example of each record, made from its schema: by the name of the field where it is known here, by its type where it
 * is not. X1: an example is a valid record: it encodes. X2: sums are right: lines add up to their document, debits are
 * equal to credits.
 */
import type { AnyRecords, RecordType } from '../generated/records.ts'
import { SCHEMAS } from '../codec/avro-types.ts'
import { RATE_ONE } from '../values/amount.ts'
import { parseDay } from '../values/calendar.ts'
import { type AvroSchema, branchOf, isUnion, namedIn, type RecordSchema } from './schema-text.ts'

const ISSUED = parseDay('2026-07-15')
const NOON = Date.parse('2026-07-15T06:00:00Z')
const units = (whole: number): bigint => BigInt(whole) * 10_000n

const NAMED: Readonly<Record<string, unknown>> = {
  eventId: '019812f0-4c00-7a1b-8c2d-3e4f5a6b7c8d',
  tenantId: 'demo',
  aggregateVersion: 1,
  schemaVersion: 1,
  actor: 'user:rahima',
  occurredAt: NOON,
  recordedAt: NOON,
  currency: 'BDT',
  fxRate: RATE_ONE,
  fiscalYear: '2026-27',
  dueDate: ISSUED + 30,
  previousDueDate: ISSUED + 15,
  subtotal: units(1_000),
  vatAmount: units(150),
  total: units(1_150),
  amount: units(1_150),
  netAmount: units(1_000),
  quantity: units(10),
  unitPrice: units(100),
  unitCost: units(100),
  value: units(1_000),
  quantityAfter: units(10),
  valueAfter: units(1_000),
  netIncome: units(250_000),
  vatCode: 'standard',
  vatRate: 15_000_000n,
  rate: 15_000_000n,
  customerId: 'cust-7',
  customerName: 'Meghna Traders',
  customerNumber: 'C-7',
  vendorId: 'vend-3',
  vendorName: 'Padma Paper Ltd',
  vendorNumber: 'V-3',
  invoiceId: 'inv-1001',
  invoiceNumber: 'INV-2026-1001',
  billId: 'bill-88',
  billNumber: 'BILL-2026-0088',
  vendorInvoiceNumber: 'PP-4711',
  paymentNumber: 'PAY-2026-0500',
  expenseNumber: 'EXP-2026-0031',
  journalNumber: 'INV-2026-1001',
  creditNoteNumber: 'CN-2026-0007',
  mushakNumber: '6.3-2026-001001',
  description: 'Paper, A4',
  method: 'bkash',
  reason: 'agreed with the customer',
  name: 'Meghna Traders',
  nameBn: 'মেঘনা ট্রেডার্স',
  tin: '123456789012',
  sku: 'PAPER-A4',
  productName: 'Paper, A4',
  unit: 'PCS',
  category: 'office',
  productCategory: 'Paper',
  movementId: 'mov-42',
  warehouse: 'main',
  code: '1100',
  measure: 'netRevenue',
  zone: 'Asia/Dhaka',
  fiscalYearStart: '07-01',
  reversalId: 'jrn-1002',
  journalId: 'jrn-1003',
  sourceType: 'invoice',
  sourceId: 'inv-1001',
  sourceVersion: 1,
  instalments: [],
}

const line = (code: string, name: string, accountClass: string, debit: number, credit: number) => ({
  accountId: code,
  accountCode: code,
  accountName: name,
  accountClass,
  accountSubtype: '',
  debit: units(debit),
  credit: units(credit),
  amount: units(debit + credit),
  partyType: code === '1100' ? 'customer' : '',
  partyId: code === '1100' ? 'cust-7' : '',
  productId: '',
  taxCode: code === '2100' ? 'standard' : '',
  department: '',
  memo: '',
  cashFlow: '',
})

/** X2. */
const JOURNAL_LINES = [
  line('1100', 'Accounts receivable', 'ASSET', 1_150, 0),
  line('4000', 'Sales', 'INCOME', 0, 1_000),
  line('2100', 'Output VAT', 'LIABILITY', 0, 150),
]

/** Where the name alone does not tell. */
const OF_RECORD: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  AccountCreated: {
    name: 'Accounts receivable',
    nameBn: null,
    subtype: 'RECEIVABLE',
    control: 'receivables',
  },
  AccountUpdated: {
    name: 'Accounts receivable',
    nameBn: null,
    subtype: 'RECEIVABLE',
    control: 'receivables',
  },
  JournalEntryCreated: {
    lines: JOURNAL_LINES,
    kind: 'MANUAL',
    sourceType: '',
    sourceId: '',
    sourceVersion: 0,
  },
  JournalEntryPosted: { lines: JOURNAL_LINES, kind: 'DOCUMENT' },
  ProductCreated: { name: 'Paper, A4', nameBn: 'কাগজ', category: 'Paper' },
  ProductUpdated: { name: 'Paper, A4', nameBn: 'কাগজ', category: 'Paper' },
  VendorCreated: { name: 'Padma Paper Ltd', nameBn: null },
  VendorUpdated: { name: 'Padma Paper Ltd', nameBn: null },
  StockMoved: { sourceType: 'bill', sourceId: 'bill-88', reason: '' },
  TargetSet: { unit: 'currency', amount: units(1_000_000) },
  TenantRegistered: { name: 'Demo Trading' },
  TenantSettingsChanged: { name: 'Demo Trading' },
  PostingRule: { role: 'cash', key: 'bkash', accountId: '1030' },
  Tick: { tenantId: '~', instant: NOON },
  TaxRateSet: {
    tenantId: '~',
    code: 'standard',
    name: 'VAT, standard rate',
    source: 'VAT and SD Act 2012, s. 15',
  },
  FxRateSet: { tenantId: '~', rate: 12_050_000_000n },
  FiscalYearClosed: { fiscalYear: '2025-26', from: parseDay('2025-07-01'), to: parseDay('2026-06-30') },
}

const NAMED_TYPES = new Map(Object.values(SCHEMAS).flatMap((schema) => [...namedIn(schema as RecordSchema)]))

function valueOf(schema: AvroSchema, field: string, record: string): unknown {
  const own = OF_RECORD[record]?.[field] ?? NAMED[field]
  if (own !== undefined && fits(schema, own)) return own
  if (OF_RECORD[record]?.[field] === null) return null
  if (typeof schema === 'string') {
    const named = NAMED_TYPES.get(schema)
    return named ? valueOf(named, field, record) : PRIMITIVES[schema]
  }
  if (isUnion(schema)) return null
  if (schema.logicalType === 'decimal') return 0n
  if (schema.logicalType === 'date') return ISSUED
  if (schema.logicalType === 'timestamp-millis') return NOON
  switch (schema.type) {
    case 'array':
      return typeof schema.items === 'object' && 'fields' in schema.items
        ? [valueOf(schema.items, '', record)]
        : []
    case 'map':
      return {}
    case 'enum':
      return (schema.symbols ?? []).find((symbol) => symbol !== 'UNKNOWN' && symbol !== 'DRAFT') ?? ''
    case 'record':
      return recordOf(schema as RecordSchema)
    default:
      return typeof schema.type === 'string' ? PRIMITIVES[schema.type] : undefined
  }
}

const PRIMITIVES: Readonly<Record<string, unknown>> = {
  string: '',
  int: 0,
  long: 0,
  boolean: false,
  null: null,
  bytes: Buffer.alloc(0),
}

/** A known value is of the kind that the field wants: `amount` is a decimal in one record, `unit` a text in another. */
function fits(schema: AvroSchema, value: unknown): boolean {
  const type = branchOf(schema)
  if (typeof value === 'bigint') return typeof type === 'object' && type.logicalType === 'decimal'
  if (Array.isArray(value)) return typeof type === 'object' && type.type === 'array'
  if (typeof value === 'string')
    return type === 'string' || (typeof type === 'object' && (type.symbols ?? []).includes(value))
  return typeof type === 'object'
    ? type.type === 'int' || type.type === 'long'
    : type === 'int' || type === 'long'
}

function recordOf(schema: RecordSchema): Record<string, unknown> {
  return Object.fromEntries(schema.fields.map(({ name, type }) => [name, valueOf(type, name, schema.name)]))
}

/** X1. `aggregate` is the kind and id of the thing, of events. */
export function exampleOf<T extends RecordType>(type: T, aggregate?: readonly [kind: string, id: string]) {
  const example = recordOf(SCHEMAS[type] as RecordSchema)
  if (aggregate) Object.assign(example, { aggregateType: aggregate[0], aggregateId: aggregate[1] })
  return example as unknown as AnyRecords[T]
}
