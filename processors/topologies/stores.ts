/**
 * The stores of the finance topologies, and how their values become bytes.
 *
 * S1: canonical: every value is written as an array in one fixed order, amounts as decimal text, so equal values give
 * equal bytes. S2: one entry per invoice, payment, customer, tenant-month: a change rewrites little. S3: a change of a
 * codec raises its version and keeps reading the older ones.
 */
import type { Figures } from '../../schemas/rules/kpis.ts'
import type { BookStores } from '../domain/book.ts'
import type { FigureIndex, MonthFigures } from '../domain/figures.ts'
import { flatten, type Histogram, unflatten } from '../domain/histogram.ts'
import type { Allocation, Balance, Claim, Expense, Invoice, Payment, Tenant } from '../domain/records.ts'
import type { LedgerIndex, LedgerMonth } from '../domain/ledger.ts'
import type { DayMoves } from '../domain/moves.ts'
import { jsonCodec } from '../runtime/state/codec.ts'
import type { Context, StoreSpec } from '../runtime/topology.ts'
import type { Finals } from '../runtime/window/finals.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { arrayCodec } from './array-codec.ts'
import { LEDGER_INDEX, LEDGER_MONTHS } from './ledger-stores.ts'

const texts = (amounts: readonly bigint[]): string[] => amounts.map(String)

type Day = number | null
type PartRow = [number, string]
type DocumentRow1 = [string, string, string, string, number, number, string, string]
type DocumentRow = [...DocumentRow1, PartRow[]]
type ChangeRow = [number, Day, boolean | null]
type ClaimRow = [string, number, number, Day, string, string]
type InvoiceRow1 = [Invoice['status'], boolean, Day, DocumentRow1 | null, number[], ClaimRow[]]
type InvoiceRow = [Invoice['status'], boolean, Day, DocumentRow | null, ChangeRow[], ClaimRow[]]

/** Version 1 had no instalments, and changes of the due date alone: pairs of a day and a due date. */
const invoiceRow = ([status, disputed, cancelled, d, dues, claims]: InvoiceRow1): InvoiceRow => [
  status,
  disputed,
  cancelled,
  d && [...d, []],
  Array.from({ length: dues.length / 2 }, (_, i) => [dues[2 * i] ?? 0, dues[2 * i + 1] ?? 0, null]),
  claims,
]

export const INVOICES: StoreSpec<Invoice> = {
  name: 'invoices',
  cells: 1024,
  codec: arrayCodec<Invoice, InvoiceRow, InvoiceRow1>(
    ({ status, disputed, cancelled, document: d, changes, claims }) => [
      status,
      disputed,
      cancelled,
      d && [
        d.customerId,
        d.currency,
        String(d.rate),
        d.base,
        d.date,
        d.due,
        String(d.subtotal),
        String(d.total),
        d.parts.map(({ due, amount }) => [due, String(amount)]),
      ],
      changes.map((c) => [c.from, c.due, c.disputed]),
      claims.map((c) => [c.payment, c.seq, c.day, c.until, String(c.amount), String(c.granted)]),
    ],
    ([status, disputed, cancelled, d, changes, claims]) => ({
      status,
      disputed,
      cancelled,
      document: d && {
        customerId: d[0],
        currency: d[1],
        rate: BigInt(d[2]),
        base: d[3],
        date: d[4],
        due: d[5],
        subtotal: BigInt(d[6]),
        total: BigInt(d[7]),
        parts: d[8].map(([due, amount]) => ({ due, amount: BigInt(amount) })),
      },
      changes: changes.map(([from, due, disputes]) => ({ from, due, disputed: disputes })),
      claims: claims.map(
        ([payment, seq, day, until, amount, granted]): Claim => ({
          payment,
          seq,
          day,
          until,
          amount: BigInt(amount),
          granted: BigInt(granted),
        }),
      ),
    }),
    invoiceRow,
  ),
}

type AllocationRow = [string, number, string, Day, Day, string, string]
type PaymentRow1 = [string, string, string, string, number, string, Day, boolean, AllocationRow[]]
/** With the cash, and the revenue taken back; version 1 knew payments alone, all of their amount cash. */
type PaymentRow = [...PaymentRow1, string, string | null]

export const PAYMENTS: StoreSpec<Payment> = {
  name: 'payments',
  cells: 1024,
  codec: arrayCodec<Payment, PaymentRow, PaymentRow1>(
    ({ document: d, reversed, failed, allocations }) => [
      d.customerId,
      d.currency,
      String(d.rate),
      d.base,
      d.date,
      String(d.amount),
      reversed,
      failed,
      allocations.map((a) => [
        a.invoice,
        a.day,
        String(a.requested),
        a.from,
        a.until,
        String(a.amount),
        String(a.granted),
      ]),
      String(d.cash),
      d.revenue === null ? null : String(d.revenue),
    ],
    ([customerId, currency, rate, base, date, amount, reversed, failed, allocations, cash, revenue]) => ({
      document: {
        customerId,
        currency,
        rate: BigInt(rate),
        base,
        date,
        amount: BigInt(amount),
        cash: BigInt(cash),
        revenue: revenue === null ? null : BigInt(revenue),
      },
      reversed,
      failed,
      allocations: allocations.map(
        ([invoice, day, requested, from, until, given, granted]): Allocation => ({
          invoice,
          day,
          requested: BigInt(requested),
          from,
          until,
          amount: BigInt(given),
          granted: BigInt(granted),
        }),
      ),
    }),
    (row) => [...row, row[5], null],
  ),
}

type HistogramRow = [number[], string[]]
const toRow = (histogram: Histogram): HistogramRow => {
  const { days, amounts } = flatten(histogram)
  return [days, texts(amounts)]
}
const fromRow = ([days, amounts]: HistogramRow): Histogram => unflatten(days, amounts.map(BigInt))

export const BALANCES: StoreSpec<Balance> = {
  name: 'balances',
  cells: 512,
  codec: arrayCodec<Balance, [string, boolean, boolean, HistogramRow, HistogramRow, string, string, number]>(
    (b) => [
      b.name,
      b.mastered,
      b.listed,
      toRow(b.due),
      toRow(b.posting),
      String(b.unapplied),
      String(b.disputed),
      b.openItems,
    ],
    ([name, mastered, listed, due, posting, unapplied, disputed, openItems]) => ({
      name,
      mastered,
      listed,
      due: fromRow(due),
      posting: fromRow(posting),
      unapplied: BigInt(unapplied),
      disputed: BigInt(disputed),
      openItems,
    }),
  ),
}

type FiguresRow1 = [string, string, string, string, string, string, number]
type FiguresRow = [...FiguresRow1, number]
const figuresRow = (f: Figures): FiguresRow => [
  String(f.netRevenue),
  String(f.sales),
  String(f.paidRevenue),
  String(f.cashIn),
  String(f.expenses),
  String(f.receivables),
  f.invoices,
  f.customers,
]
const figuresOf = ([
  netRevenue,
  sales,
  paidRevenue,
  cashIn,
  expenses,
  receivables,
  invoices,
  customers,
]: FiguresRow): Figures => ({
  netRevenue: BigInt(netRevenue),
  sales: BigInt(sales),
  paidRevenue: BigInt(paidRevenue),
  cashIn: BigInt(cashIn),
  expenses: BigInt(expenses),
  receivables: BigInt(receivables),
  invoices,
  customers,
})

/** Version 1 counted no customers. */
const withoutCustomers = ([days, rows]: [number[], FiguresRow1[]]): [number[], FiguresRow[]] => [
  days,
  rows.map((row) => [...row, 0]),
]

export const MONTHS: StoreSpec<MonthFigures> = {
  name: 'figures',
  cells: 512,
  codec: arrayCodec<MonthFigures, [number[], FiguresRow[]], [number[], FiguresRow1[]]>(
    ({ days, values }) => [[...days], values.map(figuresRow)],
    ([days, values]) => ({ days, values: values.map(figuresOf) }),
    withoutCustomers,
  ),
}

export const FIGURE_INDEX: StoreSpec<FigureIndex> = {
  name: 'figure-index',
  cells: 128,
  codec: arrayCodec<FigureIndex, [number[], FiguresRow[]], [number[], FiguresRow1[]]>(
    ({ months, totals }) => [[...months], totals.map(figuresRow)],
    ([months, totals]) => ({ months, totals: totals.map(figuresOf) }),
    withoutCustomers,
  ),
}

const idsCodec = arrayCodec<readonly string[], string[]>(
  (ids) => [...ids],
  (ids) => ids,
)
const numberCodec = arrayCodec<number, [number]>(
  (value) => [value],
  ([value]) => value,
)

/** Day of a customer's first approved invoice. */
export const CUSTOMERS: StoreSpec<number> = { name: 'customers', cells: 256, codec: numberCodec }

export const DIRECTORY: StoreSpec<readonly string[]> = { name: 'directory', cells: 256, codec: idsCodec }
export const AGENDA: StoreSpec<readonly string[]> = { name: 'agenda', cells: 256, codec: idsCodec }

/** Version 1 kept the day of an approved expense alone. */
export const EXPENSES: StoreSpec<Expense> = {
  name: 'expenses',
  cells: 512,
  codec: arrayCodec<Expense, [Day, string | null, Day], [number]>(
    ({ day, base, cancelled }) => [day, base === null ? null : String(base), cancelled],
    ([day, base, cancelled]) => ({ day, base: base === null ? null : BigInt(base), cancelled }),
    ([day]) => [day, null, null],
  ),
}

export const TENANTS: StoreSpec<Tenant> = {
  name: 'tenants',
  cells: 64,
  codec: arrayCodec<Tenant, [string, string, string, string, boolean, number, number, number, number]>(
    (t) => [
      t.name,
      t.zone,
      t.currency,
      t.fiscalYearStart,
      t.registered,
      t.today,
      t.nextDayAt,
      t.snapshotAt,
      t.latestChange,
    ],
    ([name, zone, currency, fiscalYearStart, registered, today, nextDayAt, snapshotAt, latestChange]) => ({
      name,
      zone,
      currency,
      fiscalYearStart,
      registered,
      today,
      nextDayAt,
      snapshotAt,
      latestChange,
    }),
  ),
}

/** Instant of the next local midnight for which the KPIs of a tenant are armed. */
export const KPI_CLOCKS: StoreSpec<number> = { name: 'kpi-clocks', cells: 64, codec: numberCodec }

/** Closes of a tenant that are out. */
export const CLOSINGS: StoreSpec<Finals> = { name: 'closings', cells: 64, codec: jsonCodec<Finals>() }
/** By tenant and day: what moved the tenant's balance on that day. */
export const MOVES: StoreSpec<DayMoves> = { name: 'moves', cells: 256, codec: jsonCodec<DayMoves>() }

/** What one side of the books is kept in. */
export interface AgingStores {
  readonly invoices: StoreSpec<Invoice>
  readonly payments: StoreSpec<Payment>
  readonly balances: StoreSpec<Balance>
  readonly directory: StoreSpec<readonly string[]>
  readonly agenda: StoreSpec<readonly string[]>
  readonly months: StoreSpec<MonthFigures>
  readonly index: StoreSpec<FigureIndex>
  readonly expenses: StoreSpec<Expense> | null
  readonly customers: StoreSpec<EpochDay> | null
  readonly ledgerMonths: StoreSpec<LedgerMonth> | null
  readonly ledgerIndex: StoreSpec<LedgerIndex> | null
  readonly tenants: StoreSpec<Tenant>
  readonly closings: StoreSpec<Finals>
  readonly moves: StoreSpec<DayMoves>
}

export const RECEIVABLE_STORES: AgingStores = {
  invoices: INVOICES,
  payments: PAYMENTS,
  balances: BALANCES,
  directory: DIRECTORY,
  agenda: AGENDA,
  months: MONTHS,
  index: FIGURE_INDEX,
  expenses: EXPENSES,
  customers: CUSTOMERS,
  ledgerMonths: LEDGER_MONTHS,
  ledgerIndex: LEDGER_INDEX,
  tenants: TENANTS,
  closings: CLOSINGS,
  moves: MOVES,
}

const named = <V>(spec: StoreSpec<V>, name: string): StoreSpec<V> => ({ ...spec, name })

/**
 * The same for payables (records.ts, R5). The daily figures are in the words of the other side as well: netRevenue is what
 * was bought without taxes, sales what bills make payable, cashIn what went out to vendors, receivables the payables.
 */
export const PAYABLE_STORES: AgingStores = {
  invoices: named(INVOICES, 'bills'),
  payments: named(PAYMENTS, 'vendor-payments'),
  balances: named(BALANCES, 'payable-balances'),
  directory: named(DIRECTORY, 'payable-directory'),
  agenda: named(AGENDA, 'payable-agenda'),
  months: named(MONTHS, 'payable-figures'),
  index: named(FIGURE_INDEX, 'payable-figure-index'),
  expenses: null,
  customers: null,
  ledgerMonths: null,
  ledgerIndex: null,
  tenants: named(TENANTS, 'payable-tenants'),
  closings: named(CLOSINGS, 'payable-closings'),
  moves: named(MOVES, 'payable-moves'),
}

export const storeList = (stores: AgingStores): readonly StoreSpec<never>[] =>
  Object.values(stores).filter((spec): spec is StoreSpec<never> => spec !== null)

export const bookStores = (ctx: Pick<Context, 'store'>, stores: AgingStores): BookStores => ({
  invoices: ctx.store(stores.invoices),
  payments: ctx.store(stores.payments),
  balances: ctx.store(stores.balances),
  directory: ctx.store(stores.directory),
  agenda: ctx.store(stores.agenda),
  months: ctx.store(stores.months),
  index: ctx.store(stores.index),
  expenses: stores.expenses === null ? null : ctx.store(stores.expenses),
  customers: stores.customers === null ? null : ctx.store(stores.customers),
  ledgerMonths: stores.ledgerMonths === null ? null : ctx.store(stores.ledgerMonths),
  ledgerIndex: stores.ledgerIndex === null ? null : ctx.store(stores.ledgerIndex),
})
