-- What the receivables of sales need beside the first documents: taxes withheld at source, instalments, supplementary
-- duty, and the invoice that a credit note corrects. Rows of before have the defaults: nothing withheld, one due date.
ALTER TABLE finance.event_log
    ADD COLUMN IF NOT EXISTS sd_amount Decimal(18, 4) COMMENT 'Supplementary duty: total = net_amount + sd_amount + vat_amount' AFTER vat_amount,
    ADD COLUMN IF NOT EXISTS vds_withheld Decimal(18, 4) COMMENT 'VAT that the customer deducted at source: settles like money' AFTER amount,
    ADD COLUMN IF NOT EXISTS tds_withheld Decimal(18, 4) COMMENT 'Income tax that the customer deducted at source: settles like money' AFTER vds_withheld,
    ADD COLUMN IF NOT EXISTS instalment_due_dates Array(Date32) COMMENT 'Due dates of the instalments of an invoice, ascending; empty = all of it on due_date' AFTER due_date,
    ADD COLUMN IF NOT EXISTS instalment_amounts Array(Decimal(18, 4)) COMMENT 'Amount for each of them' AFTER instalment_due_dates,
    ADD COLUMN IF NOT EXISTS corrected_invoice_id String COMMENT 'Invoice that a credit note corrects; empty = none' AFTER document_number;

ALTER TABLE finance.event_log
    COMMENT COLUMN entity 'invoice, payment, credit-note, expense, customer or tenant, by event type',
    COMMENT COLUMN document_number 'Number of the invoice, payment, credit note or expense; customer number',
    COMMENT COLUMN customer_id 'Customer of an invoice, payment or credit note',
    COMMENT COLUMN posting_date 'Day from which the document counts: invoice, payment, credit or expense date',
    COMMENT COLUMN effective_date 'Day of the change: approval, cancelling, write-off, new due date, dispute, allocation, reversal, failure',
    COMMENT COLUMN net_amount 'Amount without VAT: subtotal of an invoice or credit note, net amount of an expense',
    COMMENT COLUMN amount 'Total of an invoice, credit note or expense, amount of a payment, amount that is written off',
    COMMENT COLUMN is_disputed 'The customer disputes the invoice, from its date or from effective_date on',
    COMMENT COLUMN reason 'Why it was cancelled, moved, reversed, written off, disputed or credited, or failed',
    COMMENT COLUMN allocation_invoice_ids 'Invoices that a payment or credit note settles',
    COMMENT COLUMN allocation_amounts 'Amount for each of them, in the currency of the payment or credit note';
