-- The log of record as rows: one per accepted event, in one table, so that an insert of a batch is one block: all of it
-- is there, or none. A payment can't be seen without its allocations, and "is this range of offsets in?" has one answer.
-- Columns that an event type does not have keep their default. Append-only; readers use the fct_, dim_ and rpt_ views.
-- Never partitioned: a block that falls into two partitions is two inserts, and deduplicates as two.
CREATE TABLE IF NOT EXISTS finance.event_log
(
    tenant_id String COMMENT 'Tenant that owns the event',
    event_id String COMMENT 'Id of the event, unique inside the tenant',
    event_type LowCardinality(String) COMMENT 'Name of the Avro record, e.g. InvoiceCreated',
    entity LowCardinality(String) COMMENT 'invoice, payment, expense, customer or tenant, by event type',
    aggregate_type LowCardinality(String) COMMENT 'Kind of the thing that changed, as the source names it',
    aggregate_id String COMMENT 'Id of the thing that changed',
    aggregate_version UInt64 COMMENT 'Version of the aggregate after this event; 0 where the source has no versions',
    schema_version Int32 COMMENT 'Version of the record''s meaning',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When the business fact happened, by the clock of the source',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When the source stored it',
    appended_at DateTime64(3, 'UTC') COMMENT 'When the broker appended it: log time',
    actor String COMMENT 'Who did it: user:ID, service:NAME or import:ID',
    correlation_id String COMMENT 'Request or process that the event belongs to; empty = none',
    causation_id String COMMENT 'Event or command that caused this one; empty = none',
    payload String COMMENT 'The whole event as JSON, names as in Avro, amounts as decimal text, days as YYYY-MM-DD' CODEC(ZSTD(1)),
    document_number String COMMENT 'Number of the invoice, payment or expense; customer number',
    customer_id String COMMENT 'Customer of an invoice or payment',
    customer_name String COMMENT 'Name of the customer at the time of the document',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; base currency of a tenant',
    fx_rate Decimal(18, 8) COMMENT 'Base currency units for one unit of currency',
    posting_date Date32 DEFAULT '1970-01-01' COMMENT 'Day from which the document counts: invoice, payment or expense date',
    due_date Date32 DEFAULT '1970-01-01' COMMENT 'Due date that this event sets',
    effective_date Date32 DEFAULT '1970-01-01' COMMENT 'Day of the change: approval, cancelling, new due date, allocation, reversal, failure',
    net_amount Decimal(18, 4) COMMENT 'Amount without VAT: subtotal of an invoice, net amount of an expense',
    vat_amount Decimal(18, 4) COMMENT 'VAT',
    amount Decimal(18, 4) COMMENT 'Total of an invoice or expense, amount of a payment',
    status LowCardinality(String) COMMENT 'DRAFT or APPROVED: an invoice counts from its first event with APPROVED',
    category LowCardinality(String) COMMENT 'Revenue or expense category',
    product_category LowCardinality(String) COMMENT 'Product category of an invoice',
    fiscal_year LowCardinality(String) COMMENT 'Fiscal year of the invoice date',
    mushak_number String COMMENT 'Mushak 6.3 number',
    is_disputed Bool COMMENT 'The customer disputes the invoice',
    method LowCardinality(String) COMMENT 'Means of payment',
    reference String COMMENT 'Reference of the source, cheque or transfer number',
    reason String COMMENT 'Why it was cancelled, moved, reversed or failed',
    allocation_invoice_ids Array(String) COMMENT 'Invoices that a payment settles',
    allocation_amounts Array(Decimal(18, 4)) COMMENT 'Amount for each of them, in the currency of the payment',
    vendor_id String COMMENT 'Vendor of an expense',
    vendor_name String COMMENT 'Name of the vendor',
    department LowCardinality(String) COMMENT 'Department that bears an expense',
    description String COMMENT 'What an expense was for',
    name String COMMENT 'Name of a customer or tenant',
    name_bn String COMMENT 'Name of a customer in Bengali',
    payment_terms_days Nullable(Int32) COMMENT 'Usual days from invoice to due date of a customer; null = none stated',
    credit_limit Nullable(Decimal(18, 4)) COMMENT 'Credit limit of a customer in the base currency; null = none stated',
    email String COMMENT 'E-mail of a customer',
    phone String COMMENT 'Phone of a customer',
    country LowCardinality(String) COMMENT 'Country of a customer',
    zone LowCardinality(String) COMMENT 'IANA time zone of a tenant',
    fiscal_year_start LowCardinality(String) COMMENT 'First day of the fiscal year of a tenant, MM-DD',
    _epoch UInt64 COMMENT 'Incarnation of the topic; a higher one is newer',
    _partition UInt16 COMMENT 'Partition of finance.events.v1',
    _offset UInt64 COMMENT 'Offset in the partition',
    _revision UInt64 COMMENT 'For facts: the offset',
    _position UInt64 MATERIALIZED bitOr(bitShiftLeft(_epoch, 48), _offset) COMMENT 'Order of the event in the log of its tenant',
    INDEX offsets _offset TYPE minmax GRANULARITY 1,
    PROJECTION by_event_id (SELECT tenant_id, event_id, _position ORDER BY tenant_id, event_id)
)
ENGINE = MergeTree
ORDER BY (tenant_id, entity, aggregate_id, _position)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 2048
COMMENT 'Every accepted finance event, one row each, append-only. Base of the fct_, dim_ and rpt_ views.';

-- What the processor refused after it was accepted (handlers, dead letters) or set aside as late: such an event moved no
-- number, so the as-of views leave it out. Written from the dead-letter and late topics.
CREATE TABLE IF NOT EXISTS finance.refused_events
(
    tenant_id String COMMENT 'Tenant, by the key of the record',
    code LowCardinality(String) COMMENT 'Why, e.g. already_approved',
    message String COMMENT 'Why, in words',
    refused_at DateTime64(3, 'UTC') COMMENT 'When the letter was written',
    letter_topic LowCardinality(String) COMMENT 'Topic of the letter',
    letter_offset UInt64 COMMENT 'Offset of the letter in its partition',
    _epoch UInt64 COMMENT 'Incarnation of finance.events.v1',
    _partition UInt16 COMMENT 'Partition of the event',
    _offset UInt64 COMMENT 'Offset of the event',
    _revision UInt64 COMMENT 'For facts: the offset',
    _position UInt64 MATERIALIZED bitOr(bitShiftLeft(_epoch, 48), _offset) COMMENT 'Order of the event in the log of its tenant'
)
ENGINE = MergeTree
ORDER BY (tenant_id, _position)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Events that the processor refused or set aside: in the log, but in no number.';

CREATE TABLE IF NOT EXISTS finance.topic_epochs
(
    topic String COMMENT 'Name of a Kafka topic',
    topic_id String COMMENT 'Id that the broker gave to it',
    epoch UInt64 COMMENT 'Number of this incarnation, from 1'
)
ENGINE = MergeTree
ORDER BY (topic, topic_id)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'Incarnations of the event topic: offsets begin anew in each. Written by the facts sink.';
