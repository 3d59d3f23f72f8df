-- What did we sell, month by month, before VAT and after credit notes?
SELECT toStartOfMonth(day) AS month, sum(net_revenue) AS net_revenue, sum(invoices) AS invoices
FROM rpt_daily_figures
GROUP BY month
ORDER BY month
