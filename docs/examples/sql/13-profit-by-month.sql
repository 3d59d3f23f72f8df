-- Income and expense of the ledger by month, without the entries that close a year.
SELECT toStartOfMonth(entry_date) AS month,
    sumIf(balance_change, account_class = 'INCOME') AS income,
    sumIf(balance_change, account_class = 'EXPENSE') AS expense, income - expense AS profit
FROM fct_journal_lines
WHERE account_class IN ('INCOME', 'EXPENSE') AND kind != 'CLOSING'
GROUP BY month
ORDER BY month
