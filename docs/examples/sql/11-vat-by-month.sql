-- VAT of sales by month of the invoice, credit notes taken off (the ledger's account of output VAT says the same).
SELECT toStartOfMonth(day) AS month, sum(vat) AS output_vat
FROM
(
    SELECT invoice_date AS day, round(vat_amount * fx_rate, 2) AS vat
    FROM fct_invoices WHERE status NOT IN ('DRAFT', 'CANCELLED')
    UNION ALL
    SELECT credit_date, -round(vat_amount * fx_rate, 2) FROM fct_credit_notes WHERE status != 'CANCELLED'
)
GROUP BY month
ORDER BY month
