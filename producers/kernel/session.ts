/**
 * Owns one tenant's view inside one transaction: what was loaded, changed in memory by the events of the commands so
 * far, and what is to be written. Refuses: I/O.
 * S1: a command is applied wholly or not at all: nothing changes before its decision has returned.
 * S2: what follows from an event (numbers, serials, allocations) is derived from the event here and nowhere else.
 * S3: asking for something that was not loaded throws NotLoaded; it is never taken for "does not exist". The executor
 *     then runs that command alone, after the commands before it in its group are in the store.
 */
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { dayAt, type EpochDay } from '../../schemas/values/calendar.ts'
import { type Allocation, endedOn, voided } from '../payments/allocations.ts'
import { Refusal } from './errors.ts'
import type { AggregateType, DomainEvent, Facts, TenantSettings } from './events.ts'
import type { NumberKind, SerialKind } from './numbers.ts'
import { serialIn } from './numbers.ts'
import type { AggregateRef, CounterRef, NumberRef } from './operation.ts'
import { EVOLVE, type States } from './state.ts'

export interface StoredAggregate extends AggregateRef {
  readonly version: number
  readonly state: States[AggregateType]
  readonly createdDigest: string
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
  readonly #allocations = new Map<string, Allocation>()
  readonly #byOwner = new Map<string, Set<string>>()

  readonly events: NewEvent[] = []
  readonly changedAggregates = new Map<string, StoredAggregate>()
  readonly newNumbers: (NumberRef & { readonly id: string })[] = []
  readonly changedCounters = new Map<string, CounterRef & { readonly value: number }>()
  readonly changedAllocations = new Map<string, Allocation>()

  constructor(tenantId: string, nowMs: number) {
    this.tenantId = tenantId
    this.nowMs = nowMs
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
    for (const one of found) this.#keep(one)
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

  allocationsOf(type: 'invoice' | 'payment', id: string): readonly Allocation[] {
    if (!this.#asked.has(keyOf('allocations', type, id))) {
      throw new NotLoaded(`allocations of ${type} ${id} were not loaded (S3)`)
    }
    const keys = this.#byOwner.get(keyOf(type, id)) ?? []
    return Array.from(keys, (key) => this.#allocations.get(key)).filter((one) => one !== undefined)
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
    return { nowMs: this.nowMs, today: dayAt(this.nowMs, tenant.zone), tenant }
  }

  /** Applies the events of one command (S1); gives the aggregate's version after them. */
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
    return version
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
        if (event.notes?.['mushakNumber']) this.#take('mushak', this.#fiscalYearOfInvoice(id))
        break
      case 'InvoiceCancelled':
        this.#endAllocations('invoice', id, event.data.cancelledDate)
        break
      case 'PaymentReceived':
        this.#number('payment', event.data.paymentNumber, id)
        this.#serialOf('payment', event.data.paymentNumber)
        this.#allocate(id, version, event.data.paymentDate, event.data.allocations)
        break
      case 'PaymentAllocated':
        this.#allocate(id, version, event.data.allocationDate, event.data.allocations)
        break
      case 'PaymentReversed':
        this.#endAllocations('payment', id, event.data.reversalDate)
        break
      case 'PaymentFailed':
        for (const one of this.allocationsOf('payment', id)) this.#change(voided(one))
        break
      case 'ExpenseRecorded':
        this.#number('expense', event.data.expenseNumber, id)
        this.#serialOf('expense', event.data.expenseNumber)
        break
      case 'ExpenseApproved':
      case 'InvoiceDueDateChanged':
      case 'TenantRegistered':
      case 'TenantSettingsChanged':
      case 'FxRateSet':
      case 'TaxRateSet':
      case 'Tick':
        break
    }
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

  /** The serial of a generated number is taken; one that another system gave moves the counter on (N2). */
  #serialOf(kind: 'invoice' | 'payment' | 'expense', number: string): void {
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

  #allocate(
    paymentId: string,
    paymentVersion: number,
    day: EpochDay,
    allocations: readonly { readonly invoiceId: string; readonly amount: bigint }[],
  ): void {
    for (const { invoiceId, amount } of allocations) {
      const invoice = this.state('invoice', invoiceId)
      if (!invoice) throw new Error(`invoice ${invoiceId} is allocated to but was not loaded (S3)`)
      const fromDay = Math.max(day, invoice.invoiceDate)
      this.#change({ paymentId, paymentVersion, invoiceId, amount, fromDay, toDay: null })
    }
  }

  #endAllocations(type: 'invoice' | 'payment', id: string, day: EpochDay): void {
    for (const one of this.allocationsOf(type, id)) {
      const ended = endedOn(one, day)
      if (ended !== one) this.#change(ended)
    }
  }

  #change(one: Allocation): void {
    this.changedAllocations.set(this.#keep(one), one)
  }

  #keep(one: Allocation): string {
    const key = keyOf(one.paymentId, one.paymentVersion, one.invoiceId)
    this.#allocations.set(key, one)
    this.#ownedBy('invoice', one.invoiceId).add(key)
    this.#ownedBy('payment', one.paymentId).add(key)
    return key
  }

  #ownedBy(type: AggregateType, id: string): Set<string> {
    const owner = keyOf(type, id)
    const known = this.#byOwner.get(owner)
    if (known) return known
    const made = new Set<string>()
    this.#byOwner.set(owner, made)
    return made
  }
}
