-- What do we have to pay, week by week?
SELECT toMonday(due_date) AS week, currency, count() AS bills, sum(open_amount) AS to_pay
FROM fct_bills
WHERE open_amount > 0 AND status NOT IN ('DRAFT', 'CANCELLED')
GROUP BY week, currency
ORDER BY week, currency
