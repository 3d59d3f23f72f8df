/**
 * Receivables and payables as of a day, in SQL over the raw events (one text for both: book-sides.ts): the second opinion to the fold of the processors, and what the
 * API reads for any day but today. Shares no code with the fold; follows the table of effective dates.
 * Q1: one definition of "open" for every reader: all texts below are built from the same parts. Q2: an event counts
 * when its own day is not after the day asked for; when we learned of it matters to the scope KNOWN alone. Q3: amounts in the base
 * currency are amount x document rate, rounded half away from zero to the currency's minor unit. Q4: an allocation
 * counts from max(its day, invoice date) until the earlier of the invoice's cancelling and the payment's reversal.
 * Credit notes are payments here, without cash; a write-off is an allocation of nobody.
 * Q6: what command services refuse and a careless source may send is capped by document: an invoice is never less than
 * settled, a payment never more than applied. The fold caps allocation by allocation, so with over-allocated documents, or
 * allocations across currencies, the two may say differently what is left of which payment.
 * Q7: instalments: what settles takes the parts that are due first; a part is worth the base amount of what is open
 * from it on less that of what is open after it, so the parts sum to the item. A moved due date is that of the last one.
 * What is withheld of a bill settles too: its parts sum to more than is owed, and the first of them are less.
 * Q5: the texts are flat and say each thing once: analysing a query costs more than running it over 5,000 invoices.
 */

import { type BookSide, RECEIVABLES } from './book-sides.ts'

/** Minor digits by currency, as in schemas/values/amount.ts (a test compares them). */
const NO_DIGITS = ['JPY', 'KRW', 'VND', 'CLP', 'ISK', 'UGX', 'XAF', 'XOF', 'PYG', 'RWF']
const THREE_DIGITS = ['KWD', 'BHD', 'OMR', 'JOD', 'TND', 'IQD', 'LYD']
const quoted = (codes: readonly string[]): string => codes.map((code) => `'${code}'`).join(', ')

/** Minor digits of a currency. */
export const digitsOf = (currency: string): string =>
  `multiIf(${currency} IN (${quoted(NO_DIGITS)}), 0, ${currency} IN (${quoted(THREE_DIGITS)}), 3, 2)`

/** Condition on rows of event_log: the processor did not refuse the event. */
export const notRefusedIn = (database: string): string =>
  `(tenant_id, _position) NOT IN (SELECT tenant_id, _position FROM ${database}.refused_events)`
export const NOT_REFUSED = notRefusedIn('finance')

/** Which tenants, and what holds for each: expressions over a row that has tenant_id. */
export interface Scope {
  /** WITH clause that the other expressions need. */
  readonly with: string
  /** Condition on rows of event_log: of these tenants, and not refused by the processor. */
  readonly rows: string
  /** Tenant as a leading key, with its comma; nothing where there is one tenant. */
  readonly key: string
  /** The day. */
  readonly asOf: string
  /** Minor digits of the base currency. */
  readonly digits: string
}

/** One tenant and one day, as query parameters. */
export const PARAMETERS: Scope = {
  // Scalars are computed once; refusals are few, and mostly none.
  with: `WITH (SELECT groupArray(_position) FROM finance.refused_events WHERE tenant_id = {tenant:String}) AS refused,
  (SELECT ${digitsOf('argMax(currency, _position)')} FROM finance.event_log
  WHERE tenant_id = {tenant:String} AND entity = 'tenant') AS base_digits`,
  rows: 'tenant_id = {tenant:String} AND NOT has(refused, _position)',
  key: '',
  asOf: '{asOf:Date32}',
  digits: 'base_digits',
}

/**
 * The same by what was known before {knownBefore:Int64} (milliseconds UTC): the events that the broker had appended by then.
 * That instant is when the pipeline learned of them, and nobody but the broker sets it: recorded_at is what a source says.
 * Whether an event was refused follows from the log before it, so what is refused now was refused then.
 */
export const KNOWN: Scope = {
  ...PARAMETERS,
  rows: `${PARAMETERS.rows} AND appended_at < fromUnixTimestamp64Milli({knownBefore:Int64})`,
}

/** All tenants, each on its own today. */
export const TODAY: Scope = {
  with: `WITH (SELECT (mapFromArrays(groupArray(id), groupArray(day)), mapFromArrays(groupArray(id), groupArray(digits)))
  FROM (
    SELECT tenant_id AS id, toDate32(toTimeZone(now(), argMax(zone, _position))) AS day,
      ${digitsOf('argMax(currency, _position)')} AS digits
    FROM finance.event_log WHERE entity = 'tenant' GROUP BY tenant_id
  )) AS settings`,
  rows: NOT_REFUSED,
  key: 'tenant_id, ',
  // A tenant that was never registered has the default settings: Asia/Dhaka, BDT.
  asOf: `if(mapContains(settings.1, tenant_id), settings.1[tenant_id], toDate32(toTimeZone(now(), 'Asia/Dhaka')))`,
  digits: 'if(mapContains(settings.1, tenant_id), settings.2[tenant_id], 2)',
}

/** Q3. */
export const toBase = (s: Scope, amount: string): string =>
  `round(toDecimal128(${amount}, 4) * toDecimal128(fx_rate, 8), ${s.digits})`

/** Column of the event from which an invoice counts. There is one: the processor refuses a second (NOT_REFUSED). */
const approved = (column: string): string => `anyIf(${column}, status = 'APPROVED')`

/** Payments that are out by the day: failed (on any day), or reversed; credit notes that are cancelled. */
const goneSql = (s: Scope, b: BookSide): string => `
    SELECT ${s.key}entity, aggregate_id FROM finance.event_log
    WHERE ${s.rows} AND ${b.settlers} AND (${b.fails} OR ${b.ends} AND effective_date <= ${s.asOf})`

/** Condition on rows of payments and credit notes: their allocations are in force by the day. */
const settles = (s: Scope, b: BookSide): string => `${b.settlers}
    AND (${b.opens} AND posting_date <= ${s.asOf} OR ${b.allocates} AND effective_date <= ${s.asOf})
    AND (${s.key}entity, aggregate_id) NOT IN (${goneSql(s, b)})`

/**
 * Invoices that count by the day, paid and cancelled ones included, with what is open of them. One pass: an invoice's own events
 * (a write-off among them takes its amount) and the allocations to it are grouped by its id. Q4 without a comparison per allocation: readers leave an invoice that is
 * cancelled by the day out as a whole, and what its allocations were worth returns to the payments.
 */
const itemsSql = (s: Scope, b: BookSide): string => `
  SELECT ${s.key}item.1 AS invoice_id,
    ${approved('document_number')} AS invoice_number, ${approved(b.partyId)} AS customer,
    ${approved(b.partyName)} AS customer_title, ${approved('event_log.salesperson_id')} AS salesperson, ${approved('currency')} AS document_currency,
    ${approved('event_log.fx_rate')} AS fx_rate, ${approved('posting_date')} AS invoice_date,
    ${approved('event_log.due_date')} AS first_due, ${approved('instalment_due_dates')} AS part_days,
    ${approved('instalment_amounts')} AS part_amounts, ${approved('net_amount')} AS subtotal, ${approved(b.owed)} AS total,
    argMaxIf(toNullable(event_log.due_date), (effective_date, _position),
      event_type = '${b.dueDateChanged}' AND effective_date <= ${s.asOf}) AS moved_to,
    argMinOrNullIf(effective_date, _position, event_type = '${b.cancelled}') AS cancels,
    if(cancels <= ${s.asOf}, cancels, null) AS cancelled_on,
    ifNull(argMaxIf(toNullable(is_disputed), (effective_date, _position),
      event_type = '${b.disputeChanged}' AND effective_date <= ${s.asOf}),
      maxIf(is_disputed, event_type = '${b.received}')) AS disputed,
    greatest(total - sum(toDecimal128(item.2, 4)), 0) AS open_amount
  FROM finance.event_log
  ARRAY JOIN if(entity = '${b.document}',
    [(aggregate_id, if(event_type = '${b.writtenOff}' AND effective_date <= ${s.asOf}, amount, toDecimal64(0, 4)))],
    arrayZip(${b.settledIds}, ${b.settledAmounts})) AS item
  WHERE ${s.rows} AND (entity = '${b.document}' OR ${settles(s, b)})
  GROUP BY ${s.key}item.1
  HAVING countIf(status = 'APPROVED' AND posting_date <= ${s.asOf}) > 0`

const difference = (list: string): string =>
  `arrayMap((now, later) -> now - later, ${list}, arrayPushBack(arrayPopFront(${list}), 0))`

/**
 * Open invoices with their open parts by due day, ascending (Q7): due_days, due_amounts, due_bases. An invoice without
 * instalments has one part. `left_from`: what is open from that day on.
 */
const openSql = (s: Scope, b: BookSide): string => `
  SELECT *, ${toBase(s, 'open_amount')} AS open_base,
    arraySort(x -> x.1, if(empty(part_days), [(ifNull(moved_to, first_due), total)],
      arrayPushBack(arrayPopBack(arrayZip(part_days, part_amounts)),
        (ifNull(moved_to, part_days[-1]), part_amounts[-1])))) AS plan,
    arrayReverse(arrayCumSum(arrayReverse(arrayMap(x -> toDecimal128(x.2, 4), plan)))) AS planned_from,
    arrayFilter((x, n) -> n = 1, arrayZip(arrayMap(x -> x.1, plan), planned_from),
      arrayEnumerateUniq(arrayMap(x -> x.1, plan))) AS days,
    arrayMap(x -> x.1, days) AS due_days,
    arrayMap(x -> least(x.2, open_amount), days) AS left_from, ${difference('left_from')} AS due_amounts,
    arrayMap(x -> ${toBase(s, 'x')}, left_from) AS bases_from, ${difference('bases_from')} AS due_bases
  FROM (${itemsSql(s, b)})
  WHERE open_amount > 0 AND isNull(cancelled_on)`

const openColumns = (s: Scope): string => `${s.key}invoice_id, invoice_number, customer AS customer_id,
  customer_title AS customer_name, salesperson AS salesperson_id, document_currency AS currency, invoice_date`

/** One row per open invoice; due_date is the first day on which something open is due. */
export const openItemsOf = (s: Scope, b: BookSide = RECEIVABLES): string => `${s.with}
SELECT ${openColumns(s)}, arrayFirst((day, part) -> part > 0, due_days, due_amounts) AS due_date, total, open_amount,
  open_base, disputed
FROM (${openSql(s, b)})`

/** One row per open part of an open invoice; `is_first` is true for one of them. */
export const openPartsOf = (s: Scope, b: BookSide = RECEIVABLES): string => `${s.with}
SELECT ${openColumns(s)}, due.1 AS due_date, total, due.2 AS part_amount, due.3 AS part_base, disputed,
  toBool(due.1 = arrayFirst((day, part) -> part > 0, due_days, due_amounts)) AS is_first
FROM (${openSql(s, b)})
ARRAY JOIN arrayZip(due_days, due_amounts, due_bases) AS due
WHERE part_amount > 0`

/** One row per invoice that counts by the day, open or not, for readers inside of a text that has the WITH of the scope. */
export const itemsOf = itemsSql

/** The day from which the newest settlement of an invoice by money or credit note counts (Q4, as of the day). */
export const settlementDaysOf = (s: Scope, b: BookSide = RECEIVABLES): string => `
  SELECT ${s.key}item AS invoice_id, max(if(${b.opens}, posting_date, effective_date)) AS settled_on
  FROM finance.event_log
  ARRAY JOIN ${b.settledIds} AS item
  WHERE ${s.rows} AND ${settles(s, b)}
  GROUP BY ${s.key}item`

/** Invoices in force on the day. */
const inForceSql = (s: Scope, b: BookSide): string => `
    SELECT ${s.key}aggregate_id FROM finance.event_log WHERE ${s.rows} AND entity = '${b.document}'
    GROUP BY ${s.key}aggregate_id
    HAVING countIf(status = 'APPROVED' AND posting_date <= ${s.asOf}) > 0
      AND countIf(event_type = '${b.cancelled}' AND effective_date <= ${s.asOf}) = 0`

/** As `approved`, for a payment or credit note. */
const received = (column: string, b: BookSide = RECEIVABLES): string => `anyIf(${column}, ${b.opens})`

/** Payments and credit notes in force on the day with what no invoice in force has of them. */
const creditsSql = (s: Scope, b: BookSide): string => `
  SELECT ${s.key}entity AS kind, aggregate_id AS payment_id, ${received(b.partyId, b)} AS customer,
    ${received(b.partyName, b)} AS customer_title, ${received('currency', b)} AS document_currency,
    ${received('event_log.fx_rate', b)} AS fx_rate, ${received('posting_date', b)} AS payment_date,
    ${received('net_amount', b)} AS subtotal, ${received(b.allocatable, b)} AS paid,
    greatest(paid - sumIf(toDecimal128(settled, 4), (${s.key}settled_id) IN (${inForceSql(s, b)})), 0) AS unapplied_amount
  FROM finance.event_log
  LEFT ARRAY JOIN ${b.settledIds} AS settled_id, ${b.settledAmounts} AS settled
  WHERE ${s.rows} AND ${settles(s, b)}
  GROUP BY ${s.key}entity, aggregate_id
  HAVING countIf(${b.opens}) > 0`

/** One row per payment or credit note of which something is not applied. */
export const unappliedOf = (s: Scope, b: BookSide = RECEIVABLES): string => `${s.with}
SELECT ${s.key}kind, payment_id, customer AS customer_id, customer_title AS customer_name, document_currency AS currency,
  payment_date, unapplied_amount, ${toBase(s, 'unapplied_amount')} AS unapplied_base
FROM (${creditsSql(s, b)})
WHERE unapplied_amount > 0`

/** Sums by customer, both bases; `edges` is an expression of Array(Int32). */
export const agingOf = (s: Scope, edges: string, b: BookSide = RECEIVABLES): string => {
  const bucket = (anchor: string) =>
    `arrayCount(edge -> toInt32(${s.asOf}) - toInt32(${anchor}) > edge, ${edges})`
  const sums = (map: string) => `arrayMap(n -> ${map}.2[indexOf(${map}.1, n)], range(length(${edges}) + 1))`
  return `${s.with}
SELECT ${s.key}customer_id, max(title) AS customer_name,
  sumMap(due_buckets, due_bases) AS due_map, sumMap([posting_bucket], [base]) AS posting_map,
  ${sums('due_map')} AS due, ${sums('posting_map')} AS posting,
  -sum(credit) AS unapplied, sum(if(is_disputed, base, 0)) AS disputed, sum(base) - sum(credit) AS total,
  countIf(base_rows) AS open_items
FROM (
  SELECT ${s.key}customer AS customer_id, customer_title AS title, open_base AS base,
    arrayMap(day -> ${bucket('day')}, due_days) AS due_buckets, due_bases, ${bucket('invoice_date')} AS posting_bucket,
    toDecimal128(0, 4) AS credit, disputed AS is_disputed, true AS base_rows
  FROM (${openSql(s, b)})
  UNION ALL
  SELECT ${s.key}customer AS customer_id, customer_title AS title, toDecimal128(0, 4) AS base,
    [0] AS due_buckets, [toDecimal128(0, 4)] AS due_bases, 0 AS posting_bucket,
    ${toBase(s, 'unapplied_amount')} AS credit, false AS is_disputed, false AS base_rows
  FROM (${creditsSql(s, b)})
  WHERE unapplied_amount > 0
)
GROUP BY ${s.key}customer_id`
}

/** A day later than any: documents that nothing ends. */
const NEVER = `toDate32('2299-12-31')`

/** Invoices that ever count, with the interval in which each does, and what is written off of them. */
const standingInvoicesSql = (s: Scope): string => `
  SELECT ${s.key}aggregate_id AS id, ${approved('event_log.fx_rate')} AS fx_rate, ${approved('currency')} AS money,
    ${approved('posting_date')} AS since, ${approved('amount')} AS total,
    if(countIf(event_type = 'InvoiceCancelled') = 0, ${NEVER},
      greatest(since, argMinIf(effective_date, _position, event_type = 'InvoiceCancelled'))) AS ends,
    arrayMap(x -> (greatest(x.1, since), -toDecimal128(x.2, 4)),
      arrayFilter(x -> x.1 < ends, groupArrayIf((effective_date, amount), event_type = 'InvoiceWrittenOff'))) AS lost
  FROM finance.event_log
  WHERE ${s.rows} AND entity = 'invoice'
  GROUP BY ${s.key}aggregate_id
  HAVING countIf(status = 'APPROVED') > 0`

/** Payments and credit notes that ever were and did not fail, with the interval in which each counts, and their allocations. */
const standingPaymentsSql = (s: Scope): string => `
  SELECT ${s.key}concat(entity, '|', aggregate_id) AS id, ${received('event_log.fx_rate')} AS fx_rate, ${received('currency')} AS money,
    ${received('posting_date')} AS since, ${received(RECEIVABLES.allocatable)} AS total,
    if(countIf(${RECEIVABLES.ends}) = 0, ${NEVER}, greatest(since, argMinIf(effective_date, _position, ${RECEIVABLES.ends}))) AS ends,
    [] AS lost,
    groupArrayArray(arrayMap((invoice, part) ->
      (invoice, part, if(${RECEIVABLES.opens}, posting_date, effective_date)),
      allocation_invoice_ids, allocation_amounts)) AS parts
  FROM finance.event_log
  WHERE ${s.rows} AND ${RECEIVABLES.settlers}
  GROUP BY ${s.key}entity, aggregate_id
  HAVING countIf(${RECEIVABLES.opens}) > 0 AND countIf(event_type = 'PaymentFailed') = 0`

/**
 * Change of the control account by day: that of the open base amounts of invoices (side 1) less that of the open base
 * amounts of payments (side -1). The amount of a document is rounded as a whole, so its steps are summed up in its own
 * currency, turned into base amounts, and only then taken apart by day (Q3).
 */
const controlAccountSql = (s: Scope): string => {
  const key = s.key === '' ? '' : 'p.tenant_id AS tenant_id, '
  const on = s.key === '' ? '' : 'i.tenant_id = p.tenant_id AND '
  const opening = (side: number, from: string): string =>
    `SELECT ${s.key}(${side}, id) AS item, fx_rate, ends, arrayPushFront(lost, (since, toDecimal128(total, 4))) AS steps
      FROM (${from})`
  return `
  SELECT ${s.key}step.1 AS day, item.1 * step.2 AS change
  FROM (
    SELECT ${s.key}item,
      arraySort(x -> x.1, groupArrayArray(steps)) AS sorted,
      if(any(ends) < ${NEVER}, arrayPushBack(sorted, (any(ends), -arraySum(x -> x.2, sorted))), sorted) AS closed,
      any(fx_rate) AS fx_rate,
      arrayMap(x -> ${toBase(s, 'x')}, arrayCumSum(x -> x.2, closed)) AS bases,
      arrayMap((x, now, before) -> (x.1, now - before), closed, bases, arrayPopBack(arrayPushFront(bases, 0))) AS moves
    FROM (
      ${opening(1, standingInvoicesSql(s))} WHERE since < ends
      UNION ALL
      ${opening(-1, standingPaymentsSql(s))} WHERE since < ends
      UNION ALL
      SELECT ${s.key}side.1 AS item, side.2 AS fx_rate, side.3 AS ends, side.4 AS steps
      FROM (
        SELECT ${key}greatest(p.part.3, i.since) AS from_day, toDecimal128(p.part.2, 4) AS settled,
          [((1, i.id), i.fx_rate, i.ends,
              if(p.ends < i.ends, [(from_day, -settled), (p.ends, settled)], [(from_day, -settled)])),
            ((-1, p.id), p.fx_rate, p.ends,
              if(i.ends < p.ends, [(from_day, -settled), (i.ends, settled)], [(from_day, -settled)]))] AS sides
        FROM (SELECT *, part FROM (${standingPaymentsSql(s)}) ARRAY JOIN parts AS part) AS p
        INNER JOIN (${standingInvoicesSql(s)}) AS i ON ${on}i.id = p.part.1
        WHERE i.money = p.money AND from_day < least(i.ends, p.ends)
      )
      ARRAY JOIN sides AS side
    )
    GROUP BY ${s.key}item
  )
  ARRAY JOIN moves AS step`
}

/** Payments and credit notes that ever were and did not fail, with the day on which each was taken back. */
const receiptsSql = (s: Scope): string => `
  SELECT ${s.key}entity AS kind, ${received('event_log.fx_rate')} AS fx_rate, ${received('posting_date')} AS paid_on,
    ${received('net_amount')} AS subtotal, ${received('amount')} AS paid,
    argMinOrNullIf(effective_date, _position, ${RECEIVABLES.ends}) AS reversed_on
  FROM finance.event_log
  WHERE ${s.rows} AND ${RECEIVABLES.settlers}
  GROUP BY ${s.key}entity, aggregate_id
  HAVING countIf(${RECEIVABLES.opens}) > 0 AND countIf(event_type = 'PaymentFailed') = 0`

/** Approved expenses, with the day on which each was cancelled. */
const expensesSql = (s: Scope): string => `
  SELECT ${s.key}anyIf(event_log.fx_rate, event_type = 'ExpenseApproved') AS fx_rate,
    anyIf(posting_date, event_type = 'ExpenseApproved') AS spent_on,
    anyIf(net_amount, event_type = 'ExpenseApproved') AS subtotal,
    argMinOrNullIf(effective_date, _position, event_type = 'ExpenseCancelled') AS cancelled_on
  FROM finance.event_log
  WHERE ${s.rows} AND entity = 'expense'
  GROUP BY ${s.key}aggregate_id
  HAVING countIf(event_type = 'ExpenseApproved') > 0`

/** The days on which a document comes in (1) and goes out (-1). */
const comesAndGoes = (from: string, to: string): string =>
  `if(isNull(${to}), [(${from}, 1)], [(${from}, 1), (greatest(${from}, assumeNotNull(${to})), -1)])`

/** One row per tenant and day with movements up to the day asked for; names as in DayFigures. */
export const dailyFiguresOf = (s: Scope): string => `${s.with}
SELECT ${s.key}day, sum(net) AS net_revenue, sum(gross) AS sales, sum(settled_net) AS paid_revenue, sum(cash) AS cash_in,
  sum(spent) AS expenses, sum(change) AS receivables, sum(documents) AS invoices, sum(buyers) AS customers
FROM (
  SELECT ${s.key}move.1 AS day, move.2 * ${toBase(s, 'subtotal')} AS net, move.2 * ${toBase(s, 'total')} AS gross,
    if(open_amount = 0 AND isNull(cancelled_on), net, 0) AS settled_net, 0 AS cash, 0 AS spent, 0 AS change,
    move.2 AS documents, 0 AS buyers
  FROM (${itemsSql(s, RECEIVABLES)})
  ARRAY JOIN ${comesAndGoes('invoice_date', 'cancelled_on')} AS move
  UNION ALL
  SELECT ${s.key}move.1 AS day, if(kind = 'credit-note', -move.2 * ${toBase(s, 'subtotal')}, 0) AS net,
    if(kind = 'credit-note', -move.2 * ${toBase(s, 'paid')}, 0) AS gross, 0 AS settled_net,
    if(kind = 'payment', move.2 * ${toBase(s, 'paid')}, 0) AS cash, 0 AS spent, 0 AS change, 0 AS documents, 0 AS buyers
  FROM (${receiptsSql(s)})
  ARRAY JOIN ${comesAndGoes('paid_on', 'reversed_on')} AS move
  UNION ALL
  SELECT ${s.key}payment_date AS day, 0 AS net, 0 AS gross, -${toBase(s, 'subtotal')} AS settled_net, 0 AS cash,
    0 AS spent, 0 AS change, 0 AS documents, 0 AS buyers
  FROM (${creditsSql(s, RECEIVABLES)})
  WHERE kind = 'credit-note' AND unapplied_amount = 0
  UNION ALL
  SELECT ${s.key}move.1 AS day, 0 AS net, 0 AS gross, 0 AS settled_net, 0 AS cash,
    move.2 * ${toBase(s, 'subtotal')} AS spent, 0 AS change, 0 AS documents, 0 AS buyers
  FROM (${expensesSql(s)})
  ARRAY JOIN ${comesAndGoes('spent_on', 'cancelled_on')} AS move
  UNION ALL
  SELECT ${s.key}day, 0 AS net, 0 AS gross, 0 AS settled_net, 0 AS cash, 0 AS spent, change, 0 AS documents, 0 AS buyers
  FROM (${controlAccountSql(s)})
  UNION ALL
  SELECT ${s.key}min(posting_date) AS day, 0 AS net, 0 AS gross, 0 AS settled_net, 0 AS cash, 0 AS spent, 0 AS change,
    0 AS documents, 1 AS buyers
  FROM finance.event_log
  WHERE ${s.rows} AND entity = 'invoice' AND status = 'APPROVED'
  GROUP BY ${s.key}customer_id
)
WHERE day <= ${s.asOf}
GROUP BY ${s.key}day`
