-- Which receipts are not (wholly) allocated to an invoice?
SELECT payment_number, customer_name, payment_date, amount, allocated_amount,
    amount + vds_withheld + tds_withheld - allocated_amount AS unapplied, currency
FROM fct_payments
WHERE status NOT IN ('FAILED', 'REVERSED') AND unapplied > 0
ORDER BY payment_date, payment_id
