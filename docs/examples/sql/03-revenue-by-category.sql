-- Which categories bring what, and what share is that?
SELECT category, sum(subtotal) AS net, round(100 * net / sum(net) OVER (), 2) AS percent
FROM fct_invoices
WHERE status NOT IN ('DRAFT', 'CANCELLED')
GROUP BY category
ORDER BY net DESC, category
