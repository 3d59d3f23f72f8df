-- Who owes what, by age? Buckets + unapplied = total.
SELECT customer_name, due_current, due_1_30, due_31_60, due_61_90, due_over_90, unapplied, total
FROM rpt_receivables_aging
ORDER BY total DESC, customer_id
