-- What did people book by hand, and what was reversed?
SELECT journal_number, entry_date, description, total, status, reversed_on
FROM fct_journal_entries
WHERE kind IN ('MANUAL', 'REVERSAL')
ORDER BY entry_date, journal_id
