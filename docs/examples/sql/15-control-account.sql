-- Is the control account of receivables what the open items are? The difference must be 0.
SELECT
    (SELECT sum(balance_change) FROM fct_journal_lines WHERE account_subtype = 'RECEIVABLE') AS ledger,
    (SELECT sum(total) FROM rpt_receivables_aging) AS open_items,
    ledger - open_items AS difference
