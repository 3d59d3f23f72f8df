/**
 * Receivables as of a day, in SQL over the raw events: the second opinion to the fold of the processors, and what the
 * API reads for any day but today. Shares no code with the fold; follows the table of effective dates.
 * Q1: one definition of "open" for every reader: all texts below are built from the same parts. Q2: an event counts
 * when its own day is not after the day asked for; when we learned of it does not matter. Q3: amounts in the base
 * currency are amount x document rate, rounded half away from zero to the currency's minor unit. Q4: an allocation
 * counts from max(its day, invoice date) until the earlier of the invoice's cancelling and the payment's reversal.
 * Q6: what command services refuse and a careless source may send is capped by document: an invoice is never less than
 * settled, a payment never more than applied. The fold caps allocation by allocation, so with over-allocated documents, or
 * allocations across currencies, the two may say differently what is left of which payment.
 * Q5: the texts are flat and say each thing once: analysing a query costs more than running it over 5,000 invoices.
 */

/** Minor digits by currency, as in schemas/values/amount.ts (a test compares them). */
const NO_DIGITS = ['JPY', 'KRW', 'VND', 'CLP', 'ISK', 'UGX', 'XAF', 'XOF', 'PYG', 'RWF']
const THREE_DIGITS = ['KWD', 'BHD', 'OMR', 'JOD', 'TND', 'IQD', 'LYD']
const quoted = (codes: readonly string[]): string => codes.map((code) => `'${code}'`).join(', ')

/** Minor digits of a currency. */
export const digitsOf = (currency: string): string =>
  `multiIf(${currency} IN (${quoted(NO_DIGITS)}), 0, ${currency} IN (${quoted(THREE_DIGITS)}), 3, 2)`

/** Condition on rows of event_log: the processor did not refuse the event. */
export const NOT_REFUSED =
  '(tenant_id, _position) NOT IN (SELECT tenant_id, _position FROM finance.refused_events)'

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

const toBase = (s: Scope, amount: string): string =>
  `round(toDecimal128(${amount}, 4) * toDecimal128(fx_rate, 8), ${s.digits})`

/** Column of the event from which an invoice counts. There is one: the processor refuses a second (NOT_REFUSED). */
const approved = (column: string): string => `anyIf(${column}, status = 'APPROVED')`

/** Payments that are out by the day: failed (on any day), or reversed. */
const goneSql = (s: Scope): string => `
    SELECT ${s.key}aggregate_id FROM finance.event_log
    WHERE ${s.rows} AND entity = 'payment'
      AND (event_type = 'PaymentFailed' OR event_type = 'PaymentReversed' AND effective_date <= ${s.asOf})`

/** Condition on rows of payments: their allocations are in force by the day. */
const settles = (s: Scope): string => `entity = 'payment'
    AND if(event_type = 'PaymentReceived', posting_date, effective_date) <= ${s.asOf}
    AND (${s.key}aggregate_id) NOT IN (${goneSql(s)})`

/**
 * Invoices that count by the day, paid and cancelled ones included, with what is open of them. One pass: an invoice's own events and
 * the allocations to it are grouped by its id. Q4 without a comparison per allocation: readers leave an invoice that is
 * cancelled by the day out as a whole, and what its allocations were worth returns to the payments.
 */
const itemsSql = (s: Scope): string => `
  SELECT ${s.key}item.1 AS invoice_id,
    ${approved('document_number')} AS invoice_number, ${approved('customer_id')} AS customer,
    ${approved('customer_name')} AS customer_title, ${approved('currency')} AS document_currency,
    ${approved('event_log.fx_rate')} AS fx_rate, ${approved('posting_date')} AS invoice_date,
    ${approved('event_log.due_date')} AS first_due, ${approved('net_amount')} AS subtotal, ${approved('amount')} AS total,
    argMaxIf(toNullable(event_log.due_date), (effective_date, _position),
      event_type = 'InvoiceDueDateChanged' AND effective_date <= ${s.asOf}) AS moved_to,
    argMinOrNullIf(effective_date, _position, event_type = 'InvoiceCancelled') AS cancels,
    if(cancels <= ${s.asOf}, cancels, null) AS cancelled_on,
    max(is_disputed) AS disputed,
    greatest(total - sum(toDecimal128(item.2, 4)), 0) AS open_amount
  FROM finance.event_log
  ARRAY JOIN if(entity = 'invoice', [(aggregate_id, toDecimal64(0, 4))],
    arrayZip(allocation_invoice_ids, allocation_amounts)) AS item
  WHERE ${s.rows} AND (entity = 'invoice' OR ${settles(s)})
  GROUP BY ${s.key}item.1
  HAVING countIf(status = 'APPROVED' AND posting_date <= ${s.asOf}) > 0`

/** One row per open invoice. */
export const openItemsOf = (s: Scope): string => `${s.with}
SELECT ${s.key}invoice_id, invoice_number, customer AS customer_id, customer_title AS customer_name,
  document_currency AS currency, invoice_date, ifNull(moved_to, first_due) AS due_date, total, open_amount,
  ${toBase(s, 'open_amount')} AS open_base, disputed
FROM (${itemsSql(s)})
WHERE open_amount > 0 AND isNull(cancelled_on)`

/** Invoices in force on the day. */
const inForceSql = (s: Scope): string => `
    SELECT ${s.key}aggregate_id FROM finance.event_log WHERE ${s.rows} AND entity = 'invoice'
    GROUP BY ${s.key}aggregate_id
    HAVING countIf(status = 'APPROVED' AND posting_date <= ${s.asOf}) > 0
      AND countIf(event_type = 'InvoiceCancelled' AND effective_date <= ${s.asOf}) = 0`

/** As `approved`, for a payment. */
const received = (column: string): string => `anyIf(${column}, event_type = 'PaymentReceived')`

/** Payments in force on the day with what no invoice in force has of them. */
const creditsSql = (s: Scope): string => `
  SELECT ${s.key}aggregate_id AS payment_id, ${received('customer_id')} AS customer,
    ${received('customer_name')} AS customer_title, ${received('currency')} AS document_currency,
    ${received('event_log.fx_rate')} AS fx_rate, ${received('posting_date')} AS payment_date,
    ${received('amount')} AS paid,
    greatest(paid - sumIf(toDecimal128(settled, 4), (${s.key}settled_id) IN (${inForceSql(s)})), 0) AS unapplied_amount
  FROM finance.event_log
  LEFT ARRAY JOIN allocation_invoice_ids AS settled_id, allocation_amounts AS settled
  WHERE ${s.rows} AND ${settles(s)}
  GROUP BY ${s.key}aggregate_id
  HAVING countIf(event_type = 'PaymentReceived') > 0`

/** One row per payment of which something is not applied. */
export const unappliedOf = (s: Scope): string => `${s.with}
SELECT ${s.key}payment_id, customer AS customer_id, customer_title AS customer_name, document_currency AS currency,
  payment_date, unapplied_amount, ${toBase(s, 'unapplied_amount')} AS unapplied_base
FROM (${creditsSql(s)})
WHERE unapplied_amount > 0`

/** Sums by customer, both bases; `edges` is an expression of Array(Int32). */
export const agingOf = (s: Scope, edges: string): string => {
  const bucket = (anchor: string) =>
    `arrayCount(edge -> toInt32(${s.asOf}) - toInt32(${anchor}) > edge, ${edges})`
  const sums = (map: string) => `arrayMap(n -> ${map}.2[indexOf(${map}.1, n)], range(length(${edges}) + 1))`
  return `${s.with}
SELECT ${s.key}customer_id, max(title) AS customer_name,
  sumMap([due_bucket], [base]) AS due_map, sumMap([posting_bucket], [base]) AS posting_map,
  ${sums('due_map')} AS due, ${sums('posting_map')} AS posting,
  -sum(credit) AS unapplied, sum(if(is_disputed, base, 0)) AS disputed, sum(base) - sum(credit) AS total,
  countIf(base_rows) AS open_items
FROM (
  SELECT ${s.key}customer AS customer_id, customer_title AS title, ${toBase(s, 'open_amount')} AS base,
    ${bucket('ifNull(moved_to, first_due)')} AS due_bucket, ${bucket('invoice_date')} AS posting_bucket,
    toDecimal128(0, 4) AS credit, disputed AS is_disputed, true AS base_rows
  FROM (${itemsSql(s)})
  WHERE open_amount > 0 AND isNull(cancelled_on)
  UNION ALL
  SELECT ${s.key}customer AS customer_id, customer_title AS title, toDecimal128(0, 4) AS base,
    0 AS due_bucket, 0 AS posting_bucket,
    ${toBase(s, 'unapplied_amount')} AS credit, false AS is_disputed, false AS base_rows
  FROM (${creditsSql(s)})
  WHERE unapplied_amount > 0
)
GROUP BY ${s.key}customer_id`
}

/** A day later than any: documents that nothing ends. */
const NEVER = `toDate32('2299-12-31')`

/** Invoices that ever count, with the interval in which each does. */
const standingInvoicesSql = (s: Scope): string => `
  SELECT ${s.key}aggregate_id AS id, ${approved('event_log.fx_rate')} AS fx_rate, ${approved('currency')} AS money,
    ${approved('posting_date')} AS since, ${approved('amount')} AS total,
    if(countIf(event_type = 'InvoiceCancelled') = 0, ${NEVER},
      greatest(since, argMinIf(effective_date, _position, event_type = 'InvoiceCancelled'))) AS ends
  FROM finance.event_log
  WHERE ${s.rows} AND entity = 'invoice'
  GROUP BY ${s.key}aggregate_id
  HAVING countIf(status = 'APPROVED') > 0`

/** Payments that ever came in and did not fail, with the interval in which each counts, and their allocations. */
const standingPaymentsSql = (s: Scope): string => `
  SELECT ${s.key}aggregate_id AS id, ${received('event_log.fx_rate')} AS fx_rate, ${received('currency')} AS money,
    ${received('posting_date')} AS since, ${received('amount')} AS total,
    if(countIf(event_type = 'PaymentReversed') = 0, ${NEVER},
      greatest(since, argMinIf(effective_date, _position, event_type = 'PaymentReversed'))) AS ends,
    groupArrayArray(arrayMap((invoice, part) ->
      (invoice, part, if(event_type = 'PaymentReceived', posting_date, effective_date)),
      allocation_invoice_ids, allocation_amounts)) AS parts
  FROM finance.event_log
  WHERE ${s.rows} AND entity = 'payment'
  GROUP BY ${s.key}aggregate_id
  HAVING countIf(event_type = 'PaymentReceived') > 0 AND countIf(event_type = 'PaymentFailed') = 0`

/**
 * Change of the control account by day: that of the open base amounts of invoices (side 1) less that of the open base
 * amounts of payments (side -1). The amount of a document is rounded as a whole, so its steps are summed up in its own
 * currency, turned into base amounts, and only then taken apart by day (Q3).
 */
const controlAccountSql = (s: Scope): string => {
  const key = s.key === '' ? '' : 'p.tenant_id AS tenant_id, '
  const on = s.key === '' ? '' : 'i.tenant_id = p.tenant_id AND '
  const opening = (side: number, from: string): string =>
    `SELECT ${s.key}(${side}, id) AS item, fx_rate, ends, [(since, toDecimal128(total, 4))] AS steps FROM (${from})`
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

/** Payments that ever came in and did not fail, with the day on which each was taken back. */
const receiptsSql = (s: Scope): string => `
  SELECT ${s.key}aggregate_id, ${received('event_log.fx_rate')} AS fx_rate, ${received('posting_date')} AS paid_on,
    ${received('amount')} AS paid, argMinOrNullIf(effective_date, _position, event_type = 'PaymentReversed') AS reversed_on
  FROM finance.event_log
  WHERE ${s.rows} AND entity = 'payment'
  GROUP BY ${s.key}aggregate_id
  HAVING countIf(event_type = 'PaymentReceived') > 0 AND countIf(event_type = 'PaymentFailed') = 0`

/** The days on which a document comes in (1) and goes out (-1). */
const comesAndGoes = (from: string, to: string): string =>
  `if(isNull(${to}), [(${from}, 1)], [(${from}, 1), (greatest(${from}, assumeNotNull(${to})), -1)])`

/** One row per tenant and day with movements up to the day asked for; names as in DayFigures. */
export const dailyFiguresOf = (s: Scope): string => `${s.with}
SELECT ${s.key}day, sum(net) AS net_revenue, sum(gross) AS sales, sum(settled_net) AS paid_revenue, sum(cash) AS cash_in,
  sum(spent) AS expenses, sum(change) AS receivables, sum(documents) AS invoices
FROM (
  SELECT ${s.key}move.1 AS day, move.2 * ${toBase(s, 'subtotal')} AS net, move.2 * ${toBase(s, 'total')} AS gross,
    if(open_amount = 0 AND isNull(cancelled_on), net, 0) AS settled_net, 0 AS cash, 0 AS spent, 0 AS change,
    move.2 AS documents
  FROM (${itemsSql(s)})
  ARRAY JOIN ${comesAndGoes('invoice_date', 'cancelled_on')} AS move
  UNION ALL
  SELECT ${s.key}move.1 AS day, 0 AS net, 0 AS gross, 0 AS settled_net, move.2 * ${toBase(s, 'paid')} AS cash,
    0 AS spent, 0 AS change, 0 AS documents
  FROM (${receiptsSql(s)})
  ARRAY JOIN ${comesAndGoes('paid_on', 'reversed_on')} AS move
  UNION ALL
  SELECT ${s.key}posting_date AS day, 0 AS net, 0 AS gross, 0 AS settled_net, 0 AS cash,
    ${toBase(s, 'net_amount')} AS spent, 0 AS change, 0 AS documents
  FROM finance.event_log
  WHERE ${s.rows} AND entity = 'expense' AND event_type = 'ExpenseApproved'
  UNION ALL
  SELECT ${s.key}day, 0 AS net, 0 AS gross, 0 AS settled_net, 0 AS cash, 0 AS spent, change, 0 AS documents
  FROM (${controlAccountSql(s)})
)
WHERE day <= ${s.asOf}
GROUP BY ${s.key}day`
