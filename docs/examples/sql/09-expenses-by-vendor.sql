-- Which vendors do our expenses go to?
SELECT vendor_id, any(vendor_name) AS vendor, sum(round(net_amount * fx_rate, 2)) AS net
FROM fct_expenses
WHERE status = 'APPROVED'
GROUP BY vendor_id
ORDER BY net DESC, vendor_id
LIMIT 10
