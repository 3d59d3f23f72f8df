/**
 * Owns one tenant's view inside one transaction: what was loaded, changed in memory by the events of the commands so
 * far, and what is to be written. Refuses: I/O.
 * S1: a command is applied wholly or not at all: nothing changes before its decision has returned.
 * S2: what follows from an event (numbers, serials, allocations) is derived from the event here and nowhere else.
 * S3: asking for something that was not loaded throws NotLoaded; it is never taken for "does not exist". The executor
 *     then runs that command alone, after the commands before it in its group are in the store.
 * S4: the chart is the tenant's as the commands so far of this transaction left it.
 */
import { defaultTaxRates, type TaxRates } from '../../schemas/rules/tax-rates.ts'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { Chart } from '../ledger/chart.ts'
import { vendorInvoiceKey } from '../bills/decide.ts'
import { billSettlementsOf } from '../bills/settlements.ts'
import type { CreditNoteState } from '../credit-notes/evolve.ts'
import type { Allocation, AllocationOwner } from '../payments/allocations.ts'
import { settlementsOf } from '../payments/settlements.ts'
import { TAX_RATES } from '../reference/tax-rates.ts'
import { AllocationIndex } from './allocation-index.ts'
import { Refusal } from './errors.ts'
import type { AggregateType, DomainEvent, Facts, TenantSettings } from './events.ts'
import type { NumberKind, Prefixed, SerialKind } from './numbers.ts'
import { serialIn } from './numbers.ts'
import type { AggregateRef, CounterRef, NumberRef } from './operation.ts'
import { EVOLVE, type States } from './state.ts'
import { today } from './today.ts'

export interface StoredAggregate extends AggregateRef {
  readonly version: number
  readonly state: States[AggregateType]
  readonly createdDigest: string
}

/** One event of what a command writes. */
export interface Step {
  readonly aggregate: AggregateRef
  readonly event: DomainEvent
}

/** Movement of one account, base currency. */
export interface AccountSums {
  readonly accountId: string
  /** Debits less credits before `from` of the query, and in it. */
  readonly before: Amount
  readonly within: Amount
  /** Lines of documents up to `to`. */
  readonly documents: number
}

export interface NewEvent {
  /** Index of the command in its group. */
  readonly item: number
  readonly aggregate: AggregateRef
  readonly version: number
  readonly event: DomainEvent
}

/** Where reference data lives: no tenant of its own, so no settings are needed. */
const NO_TENANT: TenantSettings = { name: '', zone: 'UTC', currency: 'BDT', fiscalYearStart: '07-01' }

export class NotLoaded extends Error {
  override readonly name = 'NotLoaded'
}

const keyOf = (...parts: readonly (string | number)[]): string => parts.join('\u0000')

export class Session {
  readonly tenantId: string
  readonly nowMs: number
  readonly #asked = new Set<string>()
  readonly #aggregates = new Map<string, StoredAggregate>()
  readonly #numbers = new Map<string, string | undefined>()
  readonly #counters = new Map<string, number>()
  readonly #allocations = new AllocationIndex()
  #chart: Chart | undefined
  #chartVersion = 0
  #sums: readonly AccountSums[] | undefined
  #taxRates: TaxRates = defaultTaxRates

  readonly events: NewEvent[] = []
  readonly changedAggregates = new Map<string, StoredAggregate>()
  readonly newNumbers: (NumberRef & { readonly id: string })[] = []
  readonly freedNumbers: NumberRef[] = []
  readonly changedCounters = new Map<string, CounterRef & { readonly value: number }>()

  constructor(tenantId: string, nowMs: number) {
    this.tenantId = tenantId
    this.nowMs = nowMs
  }

  get changedAllocations(): ReadonlyMap<string, Allocation> {
    return this.#allocations.changed
  }

  adoptAggregates(asked: readonly AggregateRef[], found: readonly StoredAggregate[]): void {
    for (const ref of asked) this.#asked.add(keyOf(ref.type, ref.id))
    for (const one of found) this.#aggregates.set(keyOf(one.type, one.id), one)
  }

  adoptNumbers(asked: readonly NumberRef[], found: readonly (NumberRef & { readonly id: string })[]): void {
    for (const ref of asked) this.#numbers.set(keyOf(ref.kind, ref.number), undefined)
    for (const one of found) this.#numbers.set(keyOf(one.kind, one.number), one.id)
  }

  adoptCounters(found: readonly (CounterRef & { readonly value: number })[]): void {
    for (const one of found) this.#counters.set(keyOf(one.kind, one.period), one.value)
  }

  adoptAllocations(asked: readonly AggregateRef[], found: readonly Allocation[]): void {
    for (const ref of asked) this.#asked.add(keyOf('allocations', ref.type, ref.id))
    for (const one of found) this.#allocations.keep(one)
  }

  adoptChart(chart: Chart): void {
    this.#chart = chart
    this.#chartVersion = chart.version
  }

  adoptSums(sums: readonly AccountSums[]): void {
    this.#sums = sums
  }

  chart(): Chart {
    if (!this.#chart) throw new Error('the chart was not loaded: the operation has to say that it posts')
    return this.#chart
  }

  sums(): readonly AccountSums[] {
    if (!this.#sums) throw new NotLoaded('the ledger sums were not loaded (S3)')
    return this.#sums
  }

  /** The aggregate, where it is known here; whether it was looked for is the caller's business. */
  found(ref: AggregateRef): StoredAggregate | undefined {
    return this.#aggregates.get(keyOf(ref.type, ref.id))
  }

  /** All credit notes of these invoices. */
  adoptCreditNotes(invoiceIds: readonly string[], found: readonly StoredAggregate[]): void {
    for (const id of invoiceIds) this.#asked.add(keyOf('credit-notes', id))
    const unknown = found.filter(({ type, id }) => !this.#aggregates.has(keyOf(type, id)))
    this.adoptAggregates(unknown, unknown)
  }

  adoptTaxRates(rates: TaxRates): void {
    this.#taxRates = rates
  }

  aggregate(type: AggregateType, id: string): StoredAggregate | undefined {
    const key = keyOf(type, id)
    if (!this.#asked.has(key)) throw new NotLoaded(`${type} ${id} was not loaded (S3)`)
    return this.#aggregates.get(key)
  }

  state<T extends AggregateType>(type: T, id: string): States[T] | null {
    return (this.aggregate(type, id)?.state as States[T] | undefined) ?? null
  }

  numberOwner(kind: NumberKind, number: string | undefined): string | undefined {
    if (number === undefined) return undefined
    const key = keyOf(kind, number)
    if (!this.#numbers.has(key)) throw new NotLoaded(`number ${number} was not loaded (S3)`)
    return this.#numbers.get(key)
  }

  /** The serial that the next document of this kind gets. */
  nextSerial(kind: SerialKind, period: string): number {
    const last = this.#counters.get(keyOf(kind, period))
    if (last === undefined) throw new NotLoaded(`counter ${kind} ${period} was not loaded (S3)`)
    return last + 1
  }

  allocationsOf(type: AllocationOwner, id: string): readonly Allocation[] {
    if (!this.#asked.has(keyOf('allocations', type, id))) {
      throw new NotLoaded(`allocations of ${type} ${id} were not loaded (S3)`)
    }
    return this.#allocations.of(type, id)
  }

  /** Credit notes of an invoice, cancelled ones too. */
  creditNotesOf(invoiceId: string): readonly CreditNoteState[] {
    if (!this.#asked.has(keyOf('credit-notes', invoiceId))) {
      throw new NotLoaded(`credit notes of invoice ${invoiceId} were not loaded (S3)`)
    }
    return Array.from(this.#aggregates.values())
      .filter(({ type }) => type === 'credit-note')
      .map(({ state }) => state as CreditNoteState)
      .filter((note) => note.invoiceId === invoiceId)
  }

  tenant(): TenantSettings {
    if (this.tenantId === BROADCAST_KEY) return NO_TENANT
    const settings = this.state('tenant', this.tenantId)
    if (settings) return settings
    throw new Refusal(
      'tenant_not_found',
      `tenant ${this.tenantId} does not exist: create it first (./nikash tenant create ${this.tenantId})`,
    )
  }

  facts(): Facts {
    const tenant = this.tenant()
    const { nowMs } = this
    return { nowMs, today: today(nowMs, tenant.zone), tenant, taxRates: this.#taxRates }
  }

  /** Applies all that one command writes (S1): version of its own aggregate after it, and the index of its last event. */
  commit(
    item: number,
    own: AggregateRef,
    steps: readonly Step[],
    digest: string,
  ): { readonly version: number; readonly lastEvent: number } {
    let version = 0
    let lastEvent = -1
    for (const { aggregate, event } of steps) {
      const isOwn = aggregate.type === own.type && aggregate.id === own.id
      const after = this.append(item, aggregate, [event], isOwn ? digest : '')
      if (!isOwn) continue
      version = after
      lastEvent = this.events.length - 1
    }
    return { version, lastEvent }
  }

  /** Applies events of one aggregate; gives its version after them. */
  append(item: number, ref: AggregateRef, events: readonly DomainEvent[], digest: string): number {
    const key = keyOf(ref.type, ref.id)
    const before = this.#aggregates.get(key)
    if (!before) this.#asked.add(keyOf('allocations', ref.type, ref.id))
    let version = before?.version ?? 0
    let state = (before?.state ?? null) as never
    const createdDigest = before?.createdDigest ?? digest
    for (const event of events) {
      version++
      state = EVOLVE[ref.type](state, event) as never
      this.events.push({ item, aggregate: ref, version, event })
      this.#follow(ref.id, version, event)
    }
    const after: StoredAggregate = { ...ref, version, state, createdDigest }
    this.#aggregates.set(key, after)
    this.#asked.add(key)
    this.changedAggregates.set(key, after)
    this.#charted(after)
    return version
  }

  /** S4 */
  #charted(after: StoredAggregate): void {
    const before = this.#chart
    if (!before) return
    this.#chart = before.with(after, this.#chartVersion + 1)
    if (this.#chart !== before) this.#count('chart', '', this.#chartVersion + 1)
  }

  /** What an event means for numbers, serials and allocations (S2). */
  #follow(id: string, version: number, event: DomainEvent): void {
    switch (event.type) {
      case 'CustomerCreated':
        this.#number('customer', event.data.customerNumber, id)
        break
      case 'CustomerUpdated':
        if (this.state('customer', id)?.customerNumber !== event.data.customerNumber) {
          this.#number('customer', event.data.customerNumber, id)
        }
        break
      case 'InvoiceCreated':
        this.#number('invoice', event.data.invoiceNumber, id)
        this.#serialOf('invoice', event.data.invoiceNumber)
        if (event.data.mushakNumber !== null) this.#take('mushak', event.data.fiscalYear)
        break
      case 'InvoiceApproved':
        if (event.data.mushakNumber !== null) this.#take('mushak', this.#fiscalYearOfInvoice(id))
        break
      case 'PaymentReceived':
        this.#number('payment', event.data.paymentNumber, id)
        this.#serialOf('payment', event.data.paymentNumber)
        break
      case 'VendorCreated':
        this.#number('vendor', event.data.vendorNumber, id)
        break
      case 'VendorUpdated':
        if (this.state('vendor', id)?.vendorNumber !== event.data.vendorNumber) {
          this.#number('vendor', event.data.vendorNumber, id)
        }
        break
      case 'BillReceived': {
        const key = vendorInvoiceKey(event.data.vendorId, event.data.vendorInvoiceNumber)
        this.#number('bill', event.data.billNumber, id)
        this.#serialOf('bill', event.data.billNumber)
        if (key !== undefined) this.#number('vendor-invoice', key, id)
        break
      }
      case 'BillCancelled': {
        const bill = this.state('bill', id)
        const key = bill ? vendorInvoiceKey(bill.vendorId, bill.vendorInvoiceNumber) : undefined
        if (key !== undefined) this.#free('vendor-invoice', key)
        break
      }
      case 'VendorPaymentSent':
        this.#number('vendor-payment', event.data.paymentNumber, id)
        this.#serialOf('vendor-payment', event.data.paymentNumber)
        break
      case 'CreditNoteIssued':
        this.#number('credit-note', event.data.creditNoteNumber, id)
        this.#serialOf('credit-note', event.data.creditNoteNumber)
        if (event.data.mushakNumber !== null) this.#take('mushak-6.7', event.data.fiscalYear)
        break
      case 'ProductCreated':
        this.#number('product', event.data.sku, id)
        break
      case 'ProductUpdated':
        if (this.state('product', id)?.sku !== event.data.sku) this.#number('product', event.data.sku, id)
        break
      case 'StockMoved':
        this.#number('stock-movement', event.data.movementId, id)
        break
      case 'TaxRateSet':
        this.#take('reference', TAX_RATES)
        break
      case 'ExpenseRecorded':
        this.#number('expense', event.data.expenseNumber, id)
        this.#serialOf('expense', event.data.expenseNumber)
        break
      case 'JournalEntryCreated':
        this.#numberJournal(id, event.data.journalNumber)
        break
      case 'JournalEntryPosted':
        if (version === 1 && event.data.kind !== 'DOCUMENT') this.#numberJournal(id, event.data.journalNumber)
        break
      default:
        break
    }
    for (const one of settlementsOf(event, id, version, this)) this.#allocations.change(one)
    for (const one of billSettlementsOf(event, id, version, this)) this.#allocations.change(one)
  }

  #numberJournal(id: string, number: string): void {
    this.#number('journal', number, id)
    this.#serialOf('journal', number)
  }

  #fiscalYearOfInvoice(id: string): string {
    const invoice = this.state('invoice', id)
    if (!invoice) throw new Error(`invoice ${id} is approved but was not loaded (S3)`)
    return invoice.fiscalYear
  }

  #number(kind: NumberKind, number: string, id: string): void {
    const key = keyOf(kind, number)
    if (this.#numbers.get(key) === id) return
    this.#numbers.set(key, id)
    this.newNumbers.push({ kind, number, id })
  }

  /** The number may be given again. */
  #free(kind: NumberKind, number: string): void {
    this.#numbers.set(keyOf(kind, number), undefined)
    const taken = this.newNumbers.findIndex((one) => one.kind === kind && one.number === number)
    if (taken >= 0) this.newNumbers.splice(taken, 1)
    else this.freedNumbers.push({ kind, number })
  }

  /** The serial of a generated number is taken; one that another system gave moves the counter on (N2). */
  #serialOf(kind: Prefixed, number: string): void {
    const found = serialIn(kind, number)
    if (!found) return
    const key = keyOf(kind, found.fiscalYear)
    const last = this.#counters.get(key)
    if (last === undefined) throw new Error(`counter of ${number} was not loaded (S3)`)
    if (found.serial > last) this.#count(kind, found.fiscalYear, found.serial)
  }

  #take(kind: SerialKind, period: string): void {
    this.#count(kind, period, this.nextSerial(kind, period))
  }

  #count(kind: SerialKind, period: string, value: number): void {
    const key = keyOf(kind, period)
    this.#counters.set(key, value)
    this.changedCounters.set(key, { kind, period, value })
  }
}
