-- Does the ledger balance? The two sums must be the same.
SELECT sum(debit_balance) AS debits, sum(credit_balance) AS credits, debits = credits AS balanced
FROM rpt_trial_balance
