-- How did cash, bank and mobile money move, day by day, and where did they stand after it?
SELECT entry_date, sum(balance_change) AS moved,
    sum(moved) OVER (ORDER BY entry_date) AS balance
FROM fct_journal_lines
WHERE account_subtype IN ('CASH', 'BANK', 'MFS')
GROUP BY entry_date
ORDER BY entry_date
