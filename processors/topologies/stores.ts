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
import type { Allocation, Balance, Claim, Invoice, Payment, Tenant } from '../domain/records.ts'
import type { Codec, Context, StoreSpec } from '../runtime/topology.ts'

/** Codec by way of a JSON array. `write` and `read` are inverse. */
function arrayCodec<V, A extends readonly unknown[]>(
  write: (value: V) => A,
  read: (array: A) => V,
): Codec<V> {
  return {
    version: 1,
    encode: (value) => Buffer.from(JSON.stringify(write(value))),
    decode(bytes, version) {
      if (version !== 1)
        throw new Error(`state was written by codec version ${version}, this program reads 1`)
      return read(JSON.parse(bytes.toString()) as A)
    },
  }
}

const texts = (amounts: readonly bigint[]): string[] => amounts.map(String)

type Day = number | null
type DocumentRow = [string, string, string, string, number, number, string, string]
type ClaimRow = [string, number, number, Day, string, string]
type InvoiceRow = [Invoice['status'], boolean, Day, DocumentRow | null, number[], ClaimRow[]]

export const INVOICES: StoreSpec<Invoice> = {
  name: 'invoices',
  cells: 1024,
  codec: arrayCodec<Invoice, InvoiceRow>(
    ({ status, disputed, cancelled, document: d, dueChanges, claims }) => [
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
      ],
      dueChanges.flatMap(({ from, due }) => [from, due]),
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
      },
      dueChanges: Array.from({ length: changes.length / 2 }, (_, i) => ({
        from: changes[2 * i] ?? 0,
        due: changes[2 * i + 1] ?? 0,
      })),
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
  ),
}

type AllocationRow = [string, number, string, Day, Day, string, string]
type PaymentRow = [string, string, string, string, number, string, Day, boolean, AllocationRow[]]

export const PAYMENTS: StoreSpec<Payment> = {
  name: 'payments',
  cells: 1024,
  codec: arrayCodec<Payment, PaymentRow>(
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
    ],
    ([customerId, currency, rate, base, date, amount, reversed, failed, allocations]) => ({
      document: { customerId, currency, rate: BigInt(rate), base, date, amount: BigInt(amount) },
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

type FiguresRow = [string, string, string, string, string, string, number]
const figuresRow = (f: Figures): FiguresRow => [
  String(f.netRevenue),
  String(f.sales),
  String(f.paidRevenue),
  String(f.cashIn),
  String(f.expenses),
  String(f.receivables),
  f.invoices,
]
const figuresOf = ([
  netRevenue,
  sales,
  paidRevenue,
  cashIn,
  expenses,
  receivables,
  invoices,
]: FiguresRow): Figures => ({
  netRevenue: BigInt(netRevenue),
  sales: BigInt(sales),
  paidRevenue: BigInt(paidRevenue),
  cashIn: BigInt(cashIn),
  expenses: BigInt(expenses),
  receivables: BigInt(receivables),
  invoices,
})

export const MONTHS: StoreSpec<MonthFigures> = {
  name: 'figures',
  cells: 512,
  codec: arrayCodec<MonthFigures, [number[], FiguresRow[]]>(
    ({ days, figures }) => [[...days], figures.map(figuresRow)],
    ([days, figures]) => ({ days, figures: figures.map(figuresOf) }),
  ),
}

export const FIGURE_INDEX: StoreSpec<FigureIndex> = {
  name: 'figure-index',
  cells: 128,
  codec: arrayCodec<FigureIndex, [number[], FiguresRow[]]>(
    ({ months, totals }) => [[...months], totals.map(figuresRow)],
    ([months, totals]) => ({ months, totals: totals.map(figuresOf) }),
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

export const DIRECTORY: StoreSpec<readonly string[]> = { name: 'directory', cells: 256, codec: idsCodec }
export const AGENDA: StoreSpec<readonly string[]> = { name: 'agenda', cells: 256, codec: idsCodec }
export const EXPENSES: StoreSpec<number> = { name: 'expenses', cells: 512, codec: numberCodec }

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

export const BOOK_STORES = [
  INVOICES,
  PAYMENTS,
  BALANCES,
  DIRECTORY,
  AGENDA,
  MONTHS,
  FIGURE_INDEX,
  EXPENSES,
  TENANTS,
] as const

export const bookStores = (ctx: Pick<Context, 'store'>): BookStores => ({
  invoices: ctx.store(INVOICES),
  payments: ctx.store(PAYMENTS),
  balances: ctx.store(BALANCES),
  directory: ctx.store(DIRECTORY),
  agenda: ctx.store(AGENDA),
  months: ctx.store(MONTHS),
  index: ctx.store(FIGURE_INDEX),
  expenses: ctx.store(EXPENSES),
})
