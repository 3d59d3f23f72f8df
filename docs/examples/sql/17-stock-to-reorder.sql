-- What is below its reorder level?
SELECT sku, product_name, quantity, reorder_level, value
FROM rpt_stock_on_hand
WHERE is_below_reorder
ORDER BY sku
