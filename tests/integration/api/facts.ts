/** Puts events into ClickHouse as the facts sink does, through the sink's own mapping. */
import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import type { EventRecords, EventType, FinanceEvent } from '../../../schemas/generated/records.ts'
import { parseDecimal, RATE_SCALE } from '../../../schemas/values/amount.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { openStore, type Row, type Store } from '../../../sinks/clickhouse/client.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'

export const amount = (text: string): bigint => parseDecimal(text)
export const rate = (text: string): bigint => parseDecimal(text, RATE_SCALE)
export const day = (text: string): number => parseDay(text)

type Own<T extends EventType> = Omit<EventRecords[T], Envelope>
type Envelope =
  | 'eventId'
  | 'tenantId'
  | 'aggregateType'
  | 'aggregateId'
  | 'aggregateVersion'
  | 'schemaVersion'
  | 'occurredAt'
  | 'recordedAt'
  | 'actor'
  | 'correlationId'
  | 'causationId'

export class FactsWriter {
  private readonly store: Store
  private readonly rows: Row[] = []
  private offset = 0

  constructor(clickhouse: { url: string; user: string; password: string }) {
    this.store = openStore({ url: clickhouse.url, username: clickhouse.user, password: clickhouse.password })
  }

  add<T extends EventType>(tenant: string, type: T, id: string, own: Own<T>): this {
    const data = {
      eventId: `${tenant}-${++this.offset}`,
      tenantId: tenant,
      aggregateType: type.replace(/[A-Z][a-z]+$/, '').toLowerCase(),
      aggregateId: id,
      aggregateVersion: null,
      schemaVersion: 1,
      occurredAt: 0,
      recordedAt: 0,
      actor: 'user:test',
      correlationId: null,
      causationId: null,
      ...own,
    }
    const event = { type, data } as unknown as FinanceEvent
    const record = {
      topic: 't',
      partition: 0,
      offset: this.offset,
      timestamp: Date.now(),
      key: null,
      value: null,
      headers: {},
    }
    this.rows.push(factRow(event, record, 1))
    return this
  }

  async write(): Promise<void> {
    const rows = this.rows.splice(0)
    await this.store.insert({
      table: 'finance.event_log',
      rows,
      token: `api-test-${Date.now()}-${this.offset}`,
    })
  }

  /** Points of the KPI history, as the history sink writes them. */
  async history(rows: readonly Row[]): Promise<void> {
    await this.store.insert({ table: 'finance.kpi_points', rows, token: `api-test-history-${Date.now()}` })
  }

  close(): Promise<void> {
    return this.store.close()
  }
}

interface InvoiceFields {
  readonly customer: string
  readonly from: string
  readonly due: string
  readonly net: string
  readonly vat?: string
  readonly currency?: string
  readonly rate?: string
  readonly status?: 'APPROVED' | 'DRAFT'
  readonly name?: string
}

export function invoice(fields: InvoiceFields): Own<'InvoiceCreated'> {
  const net = amount(fields.net)
  const vat = amount(fields.vat ?? '0')
  return {
    ...defaultsOf('InvoiceCreated'),
    invoiceNumber: `INV-${fields.from}-${fields.net}`,
    customerId: fields.customer,
    customerName: fields.name ?? `Customer ${fields.customer}`,
    currency: fields.currency ?? 'BDT',
    fxRate: rate(fields.rate ?? '1'),
    invoiceDate: day(fields.from),
    dueDate: day(fields.due),
    category: 'goods',
    productCategory: 'yarn',
    subtotal: net,
    vatAmount: vat,
    total: net + vat,
    status: fields.status ?? 'APPROVED',
    fiscalYear: '2025-26',
    mushakNumber: null,
    disputed: false,
    lines: [],
    reference: '',
  }
}

interface PaymentFields {
  readonly customer: string
  readonly on: string
  readonly amount: string
  readonly currency?: string
  readonly rate?: string
  readonly allocations?: Readonly<Record<string, string>>
}

const allocations = (byInvoice: Readonly<Record<string, string>> = {}) =>
  Object.entries(byInvoice).map(([invoiceId, text]) => ({ invoiceId, amount: amount(text) }))

export const payment = (fields: PaymentFields): Own<'PaymentReceived'> => ({
  ...defaultsOf('PaymentReceived'),
  paymentNumber: `PAY-${fields.on}`,
  customerId: fields.customer,
  customerName: `Customer ${fields.customer}`,
  method: 'bkash',
  reference: '',
  currency: fields.currency ?? 'BDT',
  fxRate: rate(fields.rate ?? '1'),
  paymentDate: day(fields.on),
  amount: amount(fields.amount),
  allocations: allocations(fields.allocations),
})

export const allocated = (
  on: string,
  byInvoice: Readonly<Record<string, string>>,
): Own<'PaymentAllocated'> => ({ allocationDate: day(on), allocations: allocations(byInvoice) })

export const expense = (on: string, net: string, vat = '0'): Own<'ExpenseApproved'> => ({
  ...defaultsOf('ExpenseApproved'),
  expenseNumber: `EXP-${on}`,
  category: 'rent',
  vendorId: 'v1',
  vendorName: 'Landlord',
  department: 'office',
  description: 'rent of the office',
  currency: 'BDT',
  fxRate: rate('1'),
  expenseDate: day(on),
  netAmount: amount(net),
  vatAmount: amount(vat),
  total: amount(net) + amount(vat),
  approvedDate: day(on),
})
