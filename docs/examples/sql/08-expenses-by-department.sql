-- What do departments spend on what?
SELECT department, category, count() AS expenses, sum(round(net_amount * fx_rate, 2)) AS net
FROM fct_expenses
WHERE status = 'APPROVED'
GROUP BY department, category
ORDER BY net DESC, department, category
