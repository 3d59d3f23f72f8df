-- All KPIs in all windows, by definition (docs/kpis.md), on the day `as_of` of Dhaka, out of the events up to `upto`.
-- $1 upto: position of the last event that was known; $2 as_of: instant.
with
at as (select today, today - date '1970-01-01' as now from (select ($2::timestamptz at time zone 'Asia/Dhaka')::date as today) as asked),
-- Documents and what settles them, each from its day to its end.
ended as (select kind, id, min(day) as day from ends where known <= $1 group by kind, id),
i as (
  select d.*, case when e.day is not null and greatest(e.day, d.day) <= now then greatest(e.day, d.day) end as gone
  from invoices d cross join at left join ended e on e.kind = 'invoice' and e.id = d.id where d.known <= $1 and d.day <= now),
c as (
  select d.*, case when e.day is not null and greatest(e.day, d.day) <= now then greatest(e.day, d.day) end as gone
  from credits d cross join at left join ended e on e.kind = d.kind and e.id = d.id
  where d.known <= $1 and d.day <= now and e.day is distinct from -1),
settled as (
  select c.kind, c.id as credit, i.id as invoice, a.amount, greatest(a.day, c.day, i.day) as day, least(c.gone, i.gone) as gone
  from allocations a join c on c.kind = a.kind and c.id = a.credit join i on i.id = a.invoice where a.known <= $1
  union all
  select 'write-off', null, i.id, w.amount, greatest(w.day, i.day), i.gone from write_offs w join i on i.id = w.invoice where w.known <= $1),
counted as (select s.* from settled s cross join at where s.day <= now and (s.gone is null or s.day < s.gone)),
-- What of each document is open, day by day: in its currency, then in the base currency.
steps as (
  select 'invoice' as kind, id, rate, day, total as step from i
  union all select 'invoice', id, rate, gone, -total from i where gone is not null
  union all select 'invoice', i.id, i.rate, s.day, -amount from counted s join i on i.id = s.invoice
  union all select 'invoice', i.id, i.rate, s.gone, amount from counted s join i on i.id = s.invoice where s.gone is not null
  union all select kind, id, rate, day, total from c
  union all select kind, id, rate, gone, -total from c where gone is not null
  union all select c.kind, c.id, c.rate, s.day, -amount from counted s join c on c.kind = s.kind and c.id = s.credit
  union all select c.kind, c.id, c.rate, s.gone, amount from counted s join c on c.kind = s.kind and c.id = s.credit where s.gone is not null),
daily as (select kind, id, rate, day, sum(step) as step from steps group by kind, id, rate, day),
standing as (
  select kind, id, day, sum(step) over w as open, pg_temp.base(sum(step) over w, rate) as base, row_number() over (partition by kind, id order by day desc) as nth
  from daily window w as (partition by kind, id order by day)),
open as (select kind, id, open from standing where nth = 1),
-- Movements of the days.
moved as (
  select day, case kind when 'invoice' then 1 else -1 end * (base - coalesce(lag(base) over (partition by kind, id order by day), 0)) as receivables,
         0::numeric as revenue, 0::numeric as sales, 0::numeric as paid, 0::numeric as cash, 0::numeric as spent, 0 as invoices, 0 as customers
  from standing
  union all select day, 0, pg_temp.base(subtotal, rate), pg_temp.base(total, rate), 0, 0, 0, 1, 0 from i
  union all select gone, 0, -pg_temp.base(subtotal, rate), -pg_temp.base(total, rate), 0, 0, 0, -1, 0 from i where gone is not null
  union all select day, 0, -pg_temp.base(subtotal, rate), -pg_temp.base(total, rate), 0, 0, 0, 0, 0 from c where kind = 'note'
  union all select gone, 0, pg_temp.base(subtotal, rate), pg_temp.base(total, rate), 0, 0, 0, 0, 0 from c where kind = 'note' and gone is not null
  union all select day, 0, 0, 0, pg_temp.base(subtotal, rate), 0, 0, 0, 0 from i join open o on o.kind = 'invoice' and o.id = i.id where gone is null and o.open = 0
  union all select day, 0, 0, 0, -pg_temp.base(subtotal, rate), 0, 0, 0, 0 from c join open o on o.kind = c.kind and o.id = c.id where c.kind = 'note' and gone is null and o.open = 0
  union all select day, 0, 0, 0, 0, pg_temp.base(cash, rate), 0, 0, 0 from c
  union all select gone, 0, 0, 0, 0, -pg_temp.base(cash, rate), 0, 0, 0 from c where gone is not null
  union all select x.day, 0, 0, 0, 0, 0, net, 0, 0 from expenses x cross join at where x.known <= $1 and x.day <= now
  union all select greatest(e.day, x.day), 0, 0, 0, 0, 0, -net, 0, 0 from expenses x join ends e on e.kind = 'expense' and e.id = x.id cross join at
    where x.known <= $1 and e.known <= $1 and greatest(e.day, x.day) <= now
  union all select min(day), 0, 0, 0, 0, 0, 0, 0, 1 from i group by customer),
days as (
  select day, sum(receivables) as receivables, sum(revenue) as revenue, sum(sales) as sales, sum(paid) as paid, sum(cash) as cash,
         sum(spent) as spent, sum(invoices)::numeric as invoices, sum(customers)::numeric as customers
  from moved group by day),
ledger_days as (
  select day, sum(profit) as profit, sum(revenue) as revenue, sum(cost) as cost, sum(interest) as interest, sum(tax) as tax, sum(worn) as worn,
         sum(cash) as cash, sum(owed) as owed, sum(quick) as quick, sum(stock) as stock, sum(current_assets) as current_assets, sum(assets) as assets,
         sum(liabilities) as liabilities, sum(current_liabilities) as current_liabilities, sum(debt) as debt, sum(payables) as payables,
         sum(bought) as bought, sum(operating) as operating, sum(investing) as investing, sum(financing) as financing, sum(repaid) as repaid
  from ledger cross join at where known <= $1 and day <= now group by day),
-- History begins with the first day on which something moved.
history as (
  select (select min(day) from days where (receivables, revenue, sales, paid, cash, spent, invoices, customers) <> (0, 0, 0, 0, 0, 0, 0, 0)) as first,
         (select min(day) from ledger_days
          where (profit, assets, liabilities, cash, owed, stock, payables, debt, operating, investing, financing) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)) as ledger_first),
-- What is open on the day by how long it is overdue: instalments by their own days, money takes those first that are due first.
parts as (
  select i.id, i.rate, i.total - o.open as gone, coalesce((p->>'dueDate')::integer, m.due, i.due) as due, coalesce((p->>'amount')::numeric, i.total) as amount
  from i join open o on o.kind = 'invoice' and o.id = i.id and o.open > 0
  left join lateral jsonb_array_elements(i.parts) as p on true
  left join lateral (select ch.due from due_changes ch cross join at where ch.invoice = i.id and ch.known <= $1 and ch.day <= now
                     order by ch.day desc, ch.known desc limit 1) m on true),
ranked as (select *, sum(amount) over (partition by id order by due) as through, sum(amount) over (partition by id) as whole from parts),
left_over as (
  select id, due, pg_temp.base(whole - greatest(gone, through - amount), rate) - pg_temp.base(whole - greatest(gone, through), rate) as base
  from ranked where through > gone),
risk as (
  select coalesce(sum(base), 0) as open,
         coalesce(sum(base * case when now - due <= 0 then 0 when now - due <= 30 then 25 when now - due <= 60 then 50 when now - due <= 90 then 75 else 100 end), 0) as weighted
  from left_over cross join at),
-- Windows: today's, the one before, and the same a year ago; each with the days that it is compared with.
windows as (
  select name, days, months, today from at
  cross join (values ('30d', 30, null), ('90d', 90, null), ('365d', 365, null), ('mtd', null, 1), ('qtd', null, 3), ('fy', null, 12)) as w (name, days, months)),
dated as (
  select 'now' as role, name, s.* from windows cross join lateral pg_temp.span(days, months, today) as s
  union all
  select 'last year', name, s.* from windows cross join lateral pg_temp.span(days, months, (today - interval '1 year')::date) as s
  union all
  select 'before', name, s.bf, s.bt, o.bf, o.bt from windows cross join lateral pg_temp.span(days, months, today) as s
  cross join lateral pg_temp.span(days, months, s.bt) as o),
periods as (
  select role, name, f - date '1970-01-01' as f, t - date '1970-01-01' as t, bf - date '1970-01-01' as bf, bt - date '1970-01-01' as bt from dated),
sums as (
  select p.*, h.first <= p.t as has, h.first <= p.bt as had, p.t - greatest(p.f, case when h.first <= p.t then h.first end) + 1 as length,
         h.ledger_first <= p.t as books, h.ledger_first <= now as on_ledger, p.t - greatest(p.f, h.ledger_first) + 1 as book_days,
         first is null or p.f < first or coalesce(ledger_first <= now and p.f < ledger_first, false) as partial,
         s.*, l.*, risk.open as risk_open, risk.weighted as risk_weighted
  from periods p cross join at cross join history h cross join risk
  cross join lateral (
    select coalesce(sum(revenue) filter (where day >= p.f), 0) as net_revenue, coalesce(sum(sales) filter (where day >= p.f), 0) as sales,
           coalesce(sum(paid) filter (where day >= p.f), 0) as paid, coalesce(sum(cash) filter (where day >= p.f), 0) as received,
           coalesce(sum(spent) filter (where day >= p.f), 0) as spent, coalesce(sum(invoices) filter (where day >= p.f), 0) as invoices,
           coalesce(sum(receivables), 0) as owed_at_end, coalesce(sum(receivables) filter (where day < p.f), 0) as owed_before,
           coalesce(sum(customers), 0) as customers, coalesce(sum(customers) filter (where day < p.f), 0) as customers_before,
           coalesce(sum(revenue) filter (where day between p.bf and p.bt), 0) as revenue_before,
           coalesce(sum(spent) filter (where day between p.bf and p.bt), 0) as spent_before
    from days where day <= p.t) s
  cross join lateral (
    select coalesce(sum(profit) filter (where day >= p.f), 0) as profit, coalesce(sum(revenue) filter (where day >= p.f), 0) as revenue,
           coalesce(sum(cost) filter (where day >= p.f), 0) as cost, coalesce(sum(interest) filter (where day >= p.f), 0) as interest,
           coalesce(sum(tax) filter (where day >= p.f), 0) as tax, coalesce(sum(worn) filter (where day >= p.f), 0) as worn,
           coalesce(sum(bought) filter (where day >= p.f), 0) as bought, coalesce(sum(repaid) filter (where day >= p.f), 0) as repaid,
           coalesce(sum(operating) filter (where day >= p.f), 0) as operating, coalesce(sum(investing) filter (where day >= p.f), 0) as investing,
           coalesce(sum(financing) filter (where day >= p.f), 0) as financing,
           coalesce(sum(cash), 0) as cash, coalesce(sum(owed), 0) as owed, coalesce(sum(quick), 0) as quick, coalesce(sum(stock), 0) as stock,
           coalesce(sum(current_assets), 0) as current_assets, coalesce(sum(assets), 0) as assets, coalesce(sum(liabilities), 0) as liabilities,
           coalesce(sum(current_liabilities), 0) as current_liabilities, coalesce(sum(debt), 0) as debt, coalesce(sum(payables), 0) as payables,
           coalesce(sum(stock) filter (where day < p.f), 0) as stock_before, coalesce(sum(payables) filter (where day < p.f), 0) as payables_before,
           coalesce(sum(assets) filter (where day < p.f), 0) as assets_before,
           coalesce(sum(assets - liabilities) filter (where day < p.f), 0) as equity_before
    from ledger_days where day <= p.t) l),
filled as (
  select *, coalesce(has, false) as history, coalesce(had, false) as history_before, coalesce(books, false) as ledger, coalesce(on_ledger, false) as profit_by_ledger,
         profit + interest + tax as ebit, profit + interest + tax + worn as ebitda, assets - liabilities as equity,
         case when bought <> 0 then bought else cost end as purchases
  from sums),
-- there: whether it can be said at all; known: what a zero denominator means (no denominator: an amount).
listed as (
  select role, name, f, t, partial, m.* from filled cross join lateral (values
    ('totalRevenue', paid, null::numeric, true, true),
    ('netRevenue', net_revenue, null, true, true),
    ('totalExpenses', spent, null, true, true),
    ('netProfit', paid - spent, null, true, true),
    ('profitMargin', (paid - spent) * 100, paid, true, history),
    ('netIncome', case when profit_by_ledger then profit else net_revenue - spent end, null, ledger or not profit_by_ledger, true),
    ('netProfitMargin', 100 * case when profit_by_ledger then profit else net_revenue - spent end,
       case when profit_by_ledger then revenue else net_revenue end, ledger or not profit_by_ledger, profit_by_ledger or history),
    ('cashReceived', received, null, true, true),
    ('receivables', owed_at_end, null, true, true),
    ('dso', (owed_before + owed_at_end) / 2 * length, sales, true, history),
    ('receivablesTurnover', 365 * sales, case when sales = 0 then 0 else (owed_before + owed_at_end) / 2 * length end, true, history),
    ('revenueGrowthRate', (net_revenue - revenue_before) * 100, abs(revenue_before), true, history_before),
    ('expenseGrowthRate', (spent - spent_before) * 100, abs(spent_before), true, history_before),
    ('averageTransactionValue', net_revenue, invoices, true, history),
    ('customerGrowthRate', (customers - customers_before) * 100, customers_before, true, history),
    ('creditRisk', risk_weighted, risk_open, role = 'now', history),
    ('cashPosition', cash, null, ledger, true),
    ('currentRatio', current_assets, current_liabilities, ledger, true),
    ('quickRatio', quick, current_liabilities, ledger, true),
    ('workingCapitalRatio', current_assets, current_liabilities, ledger, true),
    ('debtToEquity', debt, equity, ledger, true),
    ('returnOnAssets', profit * 365 * 100, (assets_before + assets) / 2 * book_days, ledger, true),
    ('returnOnEquity', profit * 365 * 100, (equity_before + equity) / 2 * book_days, ledger, true),
    ('assetTurnover', revenue * 365, (assets_before + assets) / 2 * book_days, ledger, true),
    ('payables', payables, null, ledger, true),
    ('dpo', (payables_before + payables) / 2 * book_days, purchases, ledger, true),
    ('payablesTurnover', 365 * purchases, case when purchases = 0 then 0 else (payables_before + payables) / 2 * book_days end, ledger, true),
    ('inventory', stock, null, ledger, true),
    ('dio', (stock_before + stock) / 2 * book_days, cost, ledger, true),
    ('inventoryTurnover', 365 * cost, (stock_before + stock) / 2 * book_days, ledger, true),
    ('grossProfitMargin', (revenue - cost) * 100, revenue, ledger, true),
    ('operatingProfitMargin', ebit * 100, revenue, ledger, true),
    ('ebitda', ebitda, null, ledger, true),
    ('interestCoverage', ebit, interest, ledger, true),
    ('debtServiceCoverage', ebitda - tax, interest + repaid, ledger, true),
    ('operatingCashFlow', operating, null, ledger, true),
    ('investingCashFlow', investing, null, ledger, true),
    ('financingCashFlow', financing, null, ledger, true),
    ('netCashFlow', operating + investing + financing, null, ledger, true),
    ('operatingCashFlowRatio', operating * 365, current_liabilities * book_days, ledger, true),
    ('tradeWorkingCapital', owed - payables, null, ledger, true),
    ('operatingWorkingCapital', owed + stock - payables, null, ledger, true),
    ('netWorkingCapital', current_assets - current_liabilities, null, ledger, true)
  ) as m (kpi, numerator, denominator, there, known)),
valued as (
  select role, name, f, t, partial, kpi, denominator is null as is_amount,
         case when not there then null when denominator is null then numerator else pg_temp.ratio(numerator, denominator) end as value,
         case when not there then 'no_history' when denominator = 0 then case when known then 'zero_denominator' else 'no_history' end
              when denominator < 0 then 'not_meaningful' end as reason
  from listed),
-- dso + dio - dpo: with the reason of the first that is missing.
cycles as (
  select v.role, v.name, v.f, v.t, v.partial, 'cashConversionCycle', false,
         case when b.ledger then sum(case kpi when 'dpo' then -value else value end) filter (where value is not null) end *
           case when bool_and(value is not null) then 1 end,
         case when not b.ledger then 'no_history'
              else coalesce(min(case kpi when 'dso' then '1' when 'dio' then '2' else '3' end || reason) filter (where value is null),
                            min('1' || reason)) end
  from valued v join filled b on b.role = v.role and b.name = v.name where kpi in ('dso', 'dio', 'dpo')
  group by v.role, v.name, v.f, v.t, v.partial, b.ledger),
every as (
  select * from valued
  union all select role, name, f, t, partial, 'cashConversionCycle', false, c.value, ltrim(c.reason, '123')
  from cycles as c (role, name, f, t, partial, kpi, is_amount, value, reason))
select n.name as "window", to_char(date '1970-01-01' + n.f, 'YYYY-MM-DD') as "from", to_char(date '1970-01-01' + n.t, 'YYYY-MM-DD') as "to", n.partial, n.kpi,
       case when n.is_amount then round(n.value, 2) else n.value end::text as value, n.reason,
       case when n.is_amount then round(b.value, 2) else b.value end::text as previous, pg_temp.ratio((n.value - b.value) * 100, abs(b.value))::text as change,
       case when n.is_amount then round(y.value, 2) else y.value end::text as "lastYear", pg_temp.ratio((n.value - y.value) * 100, abs(y.value))::text as "changeLastYear"
from every n join every b on b.role = 'before' and b.name = n.name and b.kpi = n.kpi
join every y on y.role = 'last year' and y.name = n.name and y.kpi = n.kpi
where n.role = 'now'
