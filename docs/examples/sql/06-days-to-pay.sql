-- How many days do customers take? Median of days from the invoice to each allocation, by amount of days late too.
SELECT i.customer_id, any(i.customer_name) AS customer, count() AS allocations,
    medianExact(dateDiff('day', i.invoice_date, a.allocated_on)) AS median_days,
    medianExact(dateDiff('day', i.due_date, a.allocated_on)) AS median_days_late
FROM fct_payment_allocations AS a
INNER JOIN fct_invoices AS i ON i.invoice_id = a.invoice_id
GROUP BY i.customer_id
ORDER BY median_days_late DESC, i.customer_id
