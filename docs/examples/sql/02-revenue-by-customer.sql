-- Who are the ten largest customers of all time, in the base currency, credit notes taken off?
SELECT customer_id, any(name) AS customer, sum(amount) AS net_revenue
FROM
(
    SELECT customer_id, customer_name AS name, round(subtotal * fx_rate, 2) AS amount
    FROM fct_invoices WHERE status NOT IN ('DRAFT', 'CANCELLED')
    UNION ALL
    SELECT customer_id, customer_name, -round(subtotal * fx_rate, 2)
    FROM fct_credit_notes WHERE status != 'CANCELLED'
)
GROUP BY customer_id
ORDER BY net_revenue DESC, customer_id
LIMIT 10
