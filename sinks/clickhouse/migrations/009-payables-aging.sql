-- Aging of payables beside that of receivables, and what the aging of documents needs besides: instalments of bills, and who
-- sold. Rows of before are receivables; facts of before have no instalments of bills and no salesperson of invoices until
-- ClickHouse is rebuilt from the log.
ALTER TABLE finance.aging_points
    ADD COLUMN IF NOT EXISTS family LowCardinality(String) DEFAULT 'aging.receivables' COMMENT 'aging.receivables or aging.payables; in the latter a customer is a vendor, and an invoice a bill' AFTER tenant_id,
    MODIFY COMMENT 'Aging over time, append-only, all incarnations of the processors. Base of aging_history.';

ALTER TABLE finance.event_log
    ADD COLUMN IF NOT EXISTS salesperson_id String COMMENT 'Who sold what an invoice is for; empty = not stated',
    COMMENT COLUMN instalment_due_dates 'Due dates of the instalments of an invoice or bill, ascending; empty = all of it on due_date';
