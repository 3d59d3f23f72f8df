-- Which invoices are overdue, the oldest first?
SELECT invoice_number, customer_name, due_date, days_past_due, open_amount, currency
FROM rpt_open_invoices
WHERE days_past_due > 0
ORDER BY days_past_due DESC, invoice_id
LIMIT 50
