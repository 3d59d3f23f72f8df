/** Events with defaults, and a book over plain maps, for tests that need no engine. */
import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import type {
  DefaultedFields,
  EventRecords,
  EventType,
  FinanceEvent,
} from '../../../schemas/generated/records.ts'
import { parseDecimal, RATE_ONE } from '../../../schemas/values/amount.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { agingOf, NO_BALANCE } from '../../../processors/domain/balances.ts'
import { Book, type BookStores, type Cells, readableFigures } from '../../../processors/domain/book.ts'
import { figureSource } from '../../../processors/domain/figures.ts'
import { foldEvent, isBooked } from '../../../processors/domain/fold.ts'
import { foldPayable, isPayable } from '../../../processors/domain/fold-payables.ts'
import { PAYABLES, RECEIVABLES } from '../../../processors/domain/records.ts'

export const day = parseDay
/** "12.34" as an amount. */
export const taka = (text: string | number): bigint => parseDecimal(String(text))

let serial = 0
/** An event with an envelope; a content field may be left out where its schema has a default. */
export function event<T extends EventType>(
  type: T,
  aggregateId: string,
  content: Omit<EventRecords[T], keyof Envelope | DefaultedFields[T]> &
    Partial<Pick<EventRecords[T], DefaultedFields[T] & keyof EventRecords[T]>> &
    Partial<Envelope>,
): FinanceEvent {
  serial++
  const id = serial.toString(16).padStart(12, '0')
  const envelope: Envelope = {
    eventId: `01900000-0000-7000-8000-${id}`,
    tenantId: 'acme',
    aggregateType:
      /^(CreditNote|[A-Z][a-z]+)/.exec(type)?.[0].replace('CreditNote', 'credit-note').toLowerCase() ?? '',
    aggregateId,
    aggregateVersion: null,
    schemaVersion: 1,
    occurredAt: 0,
    recordedAt: 0,
    actor: 'service:test',
    correlationId: null,
    causationId: null,
  }
  return { type, data: { ...defaultsOf(type), ...envelope, ...content } } as unknown as FinanceEvent
}

interface Envelope {
  readonly eventId: string
  readonly tenantId: string
  readonly aggregateType: string
  readonly aggregateId: string
  readonly aggregateVersion: number | null
  readonly schemaVersion: number
  readonly occurredAt: number
  readonly recordedAt: number
  readonly actor: string
  readonly correlationId: string | null
  readonly causationId: string | null
}

export interface InvoiceOptions {
  readonly customer?: string
  readonly date: string | number
  readonly due?: string | number
  /** Total; without `vat` all of it is subtotal. */
  readonly total: string | number
  readonly vat?: string | number
  readonly sd?: string | number
  /** Instalments: due day and amount. */
  readonly parts?: readonly (readonly [due: string | number, amount: string | number])[]
  readonly currency?: string
  readonly rate?: string
  readonly disputed?: boolean
  readonly status?: 'DRAFT' | 'APPROVED' | 'UNKNOWN'
  readonly tenantId?: string
}

const dayOf = (value: string | number): number => (typeof value === 'number' ? value : day(value))

function invoiceContent(o: InvoiceOptions) {
  const total = taka(o.total)
  const vatAmount = taka(o.vat ?? 0)
  const sdAmount = taka(o.sd ?? 0)
  return {
    ...(o.tenantId === undefined ? {} : { tenantId: o.tenantId }),
    invoiceNumber: 'N',
    customerId: o.customer ?? 'C1',
    customerName: `Name of ${o.customer ?? 'C1'}`,
    currency: o.currency ?? 'BDT',
    fxRate: o.rate === undefined ? RATE_ONE : parseDecimal(o.rate, 8),
    invoiceDate: dayOf(o.date),
    dueDate: dayOf(o.due ?? o.date),
    category: 'goods',
    productCategory: 'rice',
    subtotal: total - vatAmount - sdAmount,
    sdAmount,
    vatAmount,
    total,
    instalments: (o.parts ?? []).map(([due, amount]) => ({ dueDate: dayOf(due), amount: taka(amount) })),
  }
}

export const invoice = (id: string, o: InvoiceOptions): FinanceEvent =>
  event('InvoiceCreated', id, {
    ...invoiceContent(o),
    status: o.status ?? 'APPROVED',
    mushakNumber: null,
    fiscalYear: '2025-26',
    disputed: o.disputed ?? false,
    reference: '',
    lines: [],
  })

export const approval = (id: string, o: InvoiceOptions): FinanceEvent =>
  event('InvoiceApproved', id, { ...invoiceContent(o), approvedDate: dayOf(o.date) })

export const cancellation = (id: string, on: string | number): FinanceEvent =>
  event('InvoiceCancelled', id, { cancelledDate: dayOf(on), reason: 'test' })

export const dueChange = (id: string, from: string | number, due: string | number): FinanceEvent =>
  event('InvoiceDueDateChanged', id, {
    dueDate: dayOf(due),
    previousDueDate: 0,
    effectiveDate: dayOf(from),
    reason: 'test',
  })

export const dispute = (id: string, from: string | number, disputed: boolean): FinanceEvent =>
  event('InvoiceDisputeChanged', id, { disputed, effectiveDate: dayOf(from), reason: 'test' })

export const writeOff = (id: string, on: string | number, amount: string | number): FinanceEvent =>
  event('InvoiceWrittenOff', id, { writeOffDate: dayOf(on), amount: taka(amount), reason: 'test' })

export interface PaymentOptions {
  readonly customer?: string
  readonly date: string | number
  readonly amount: string | number
  readonly vds?: string | number
  readonly tds?: string | number
  readonly to?: Readonly<Record<string, string | number>>
  readonly currency?: string
  readonly rate?: string
}

const allocationsOf = (to: PaymentOptions['to']) =>
  Object.entries(to ?? {}).map(([invoiceId, amount]) => ({ invoiceId, amount: taka(amount) }))

export const payment = (id: string, o: PaymentOptions): FinanceEvent =>
  event('PaymentReceived', id, {
    paymentNumber: 'P',
    customerId: o.customer ?? 'C1',
    customerName: `Name of ${o.customer ?? 'C1'}`,
    method: 'bank',
    reference: '',
    currency: o.currency ?? 'BDT',
    fxRate: o.rate === undefined ? RATE_ONE : parseDecimal(o.rate, 8),
    paymentDate: dayOf(o.date),
    amount: taka(o.amount),
    vdsWithheld: taka(o.vds ?? 0),
    tdsWithheld: taka(o.tds ?? 0),
    allocations: allocationsOf(o.to),
  })

export const allocation = (id: string, on: string | number, to: PaymentOptions['to']): FinanceEvent =>
  event('PaymentAllocated', id, { allocationDate: dayOf(on), allocations: allocationsOf(to) })

export const reversal = (id: string, on: string | number): FinanceEvent =>
  event('PaymentReversed', id, { reversalDate: dayOf(on), reason: 'test' })

export const failure = (id: string, on: string | number): FinanceEvent =>
  event('PaymentFailed', id, { failedDate: dayOf(on), reason: 'test' })

export interface CreditNoteOptions extends Omit<PaymentOptions, 'amount' | 'vds' | 'tds'> {
  /** Total; without `vat` all of it is subtotal. */
  readonly total: string | number
  readonly vat?: string | number
}

export const creditNote = (id: string, o: CreditNoteOptions): FinanceEvent =>
  event('CreditNoteIssued', id, {
    creditNoteNumber: 'CN',
    mushakNumber: null,
    invoiceId: null,
    customerId: o.customer ?? 'C1',
    customerName: `Name of ${o.customer ?? 'C1'}`,
    currency: o.currency ?? 'BDT',
    fxRate: o.rate === undefined ? RATE_ONE : parseDecimal(o.rate, 8),
    creditDate: dayOf(o.date),
    reason: 'test',
    subtotal: taka(o.total) - taka(o.vat ?? 0),
    vatAmount: taka(o.vat ?? 0),
    total: taka(o.total),
    allocations: allocationsOf(o.to),
  })

export const creditAllocation = (id: string, on: string | number, to: PaymentOptions['to']): FinanceEvent =>
  event('CreditNoteAllocated', id, { allocationDate: dayOf(on), allocations: allocationsOf(to) })

export const creditCancellation = (id: string, on: string | number): FinanceEvent =>
  event('CreditNoteCancelled', id, { cancelledDate: dayOf(on), reason: 'test' })

export const expenseCancellation = (id: string, on: string | number): FinanceEvent =>
  event('ExpenseCancelled', id, { cancelledDate: dayOf(on), reason: 'test' })

export const expense = (
  id: string,
  o: { readonly date: string | number; readonly net: string | number; readonly vat?: string | number },
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
    netAmount: taka(o.net),
    vatAmount: taka(o.vat ?? 0),
    total: taka(o.net) + taka(o.vat ?? 0),
    approvedDate: dayOf(o.date),
  })

export const settings = (
  type: 'TenantRegistered' | 'TenantSettingsChanged',
  o: { zone?: string; currency?: string; fiscalYearStart?: string; tenantId?: string } = {},
): FinanceEvent =>
  event(type, o.tenantId ?? 'acme', {
    ...(o.tenantId === undefined ? {} : { tenantId: o.tenantId }),
    name: 'Acme',
    zone: o.zone ?? 'Asia/Dhaka',
    currency: o.currency ?? 'BDT',
    fiscalYearStart: o.fiscalYearStart ?? '07-01',
  })

class MapCells<V> implements Cells<V> {
  readonly map = new Map<string, V>()
  get(key: string) {
    return this.map.get(key)
  }
  set(key: string, value: V) {
    this.map.set(key, value)
  }
  delete(key: string) {
    this.map.delete(key)
  }
}

/** The book of tenant acme over plain maps, with a today that the test moves. */
export class TestBook {
  today: number
  currency = 'BDT'
  registered = true
  readonly changed = new Set<string>()
  readonly counted: string[] = []
  readonly stores = {
    invoices: new MapCells(),
    payments: new MapCells(),
    balances: new MapCells(),
    directory: new MapCells(),
    agenda: new MapCells(),
    months: new MapCells(),
    index: new MapCells(),
    expenses: new MapCells(),
    customers: new MapCells(),
    ledgerMonths: new MapCells(),
    ledgerIndex: new MapCells(),
  } as unknown as BookStores

  readonly side: 'receivables' | 'payables'

  constructor(today: string | number, side: 'receivables' | 'payables' = 'receivables') {
    this.today = dayOf(today)
    this.side = side
  }

  #open(): Book {
    const effects = {
      balanceChanged: (id: string) => this.changed.add(id),
      count: (metric: string) => this.counted.push(metric),
    }
    const words = this.side === 'payables' ? PAYABLES : RECEIVABLES
    return new Book('acme', this.today, this.stores, effects, null, words)
  }

  fold(...events: FinanceEvent[]): this {
    for (const one of events) {
      const book = this.#open()
      if (this.side === 'receivables' && isBooked(one)) foldEvent(one, book, this)
      if (this.side === 'payables' && isPayable(one)) foldPayable(one, book, this)
      book.commit()
    }
    return this
  }

  /** Midnights, one after the other. */
  moveTo(target: string | number): this {
    while (this.today < dayOf(target)) {
      this.today++
      const book = this.#open()
      book.startDay()
      book.showAll()
    }
    return this
  }

  balance(customerId = '') {
    return this.stores.balances.get(`acme|${customerId}`) ?? NO_BALANCE
  }

  aging(customerId = '') {
    return agingOf(this.balance(customerId), this.today)
  }

  get figures() {
    return figureSource(readableFigures('acme', this.stores.index, this.stores.months))
  }

  /** Figures of one day. */
  on(date: string | number) {
    const d = dayOf(date)
    const after = this.figures.through(d)
    const before = this.figures.through(d - 1)
    const difference = Object.entries(after).map(([name, value]) => {
      const old = before[name as keyof typeof before]
      return [
        name,
        typeof value === 'bigint' ? Number(value - (old as bigint)) / 10_000 : value - Number(old),
      ]
    })
    return Object.fromEntries(difference.filter(([, value]) => value !== 0)) as Record<string, number>
  }
}

/** Aging in whole units: [current, 1-30, 31-60, 61-90, 90+], unapplied. */
export const shown = (book: TestBook, customer = '', basis: 'due' | 'posting' = 'due') => {
  const aging = book.aging(customer)
  return [...aging[basis], aging.unapplied].map((a) => Number(a) / 10_000).join(' ')
}
