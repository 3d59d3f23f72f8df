-- KPI and aging history: what finance.history.v1 says, one row per measure, and one per tenant or customer.
-- Readers use the views kpi_history and aging_history, which show the newest incarnation of the processors alone.
CREATE TABLE IF NOT EXISTS finance.kpi_points
(
    tenant_id String COMMENT 'Tenant',
    kind LowCardinality(String) COMMENT 'SNAPSHOT: first quarter-hour after a change. CLOSE: end of the local day as_of',
    measure LowCardinality(String) COMMENT 'Name of the KPI, e.g. dso',
    window LowCardinality(String) COMMENT '30d, 90d, 365d, mtd, qtd or fy',
    as_of Date32 COMMENT 'Local day that the figure stands for, all of it included',
    log_time DateTime64(3, 'UTC') COMMENT 'Log time at which the figure stood',
    from_date Date32 COMMENT 'First day of the window',
    to_date Date32 COMMENT 'Last day of the window',
    value Nullable(Decimal(38, 8)) COMMENT 'The figure; null where it has none, with a reason',
    unit LowCardinality(String) COMMENT 'Currency code, percent, days, ratio or count',
    reason LowCardinality(String) COMMENT 'Why value is null, or a warning; empty = none',
    previous Nullable(Decimal(38, 8)) COMMENT 'Figure of the window before; null = none',
    change Nullable(Decimal(38, 8)) COMMENT 'Change against previous in percent; null = none',
    inputs Map(LowCardinality(String), String) COMMENT 'What the figure was computed from, decimal text by name',
    currency LowCardinality(String) COMMENT 'Base currency of the tenant',
    is_partial Bool COMMENT 'History is shorter than the window',
    _epoch UInt64 COMMENT 'Incarnation of the processors; a higher one replaces all of a lower one',
    _partition UInt16 COMMENT 'Partition of finance.history.v1',
    _offset UInt64 COMMENT 'Offset in the partition',
    _revision UInt64 COMMENT 'Offset of the cut in finance.events.v1',
    INDEX offsets _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (tenant_id, measure, window, kind, as_of, log_time)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'KPIs over time, append-only, all incarnations of the processors. Base of kpi_history.';

CREATE TABLE IF NOT EXISTS finance.aging_points
(
    tenant_id String COMMENT 'Tenant',
    kind LowCardinality(String) COMMENT 'SNAPSHOT: first quarter-hour after a change. CLOSE: end of the local day as_of',
    customer_id String COMMENT 'Customer; empty = all customers together',
    customer_name String COMMENT 'Name of the customer',
    as_of Date32 COMMENT 'Local day that the figures stand for, all of it included',
    log_time DateTime64(3, 'UTC') COMMENT 'Log time at which the figures stood',
    currency LowCardinality(String) COMMENT 'Base currency of the amounts',
    due_current Decimal(38, 4) COMMENT 'Open and not past due',
    due_1_30 Decimal(38, 4) COMMENT 'Open, 1-30 days past the due date',
    due_31_60 Decimal(38, 4) COMMENT 'Open, 31-60 days past the due date',
    due_61_90 Decimal(38, 4) COMMENT 'Open, 61-90 days past the due date',
    due_over_90 Decimal(38, 4) COMMENT 'Open, more than 90 days past the due date',
    posting_current Decimal(38, 4) COMMENT 'Open, dated on the day or after it',
    posting_1_30 Decimal(38, 4) COMMENT 'Open, 1-30 days past the invoice date',
    posting_31_60 Decimal(38, 4) COMMENT 'Open, 31-60 days past the invoice date',
    posting_61_90 Decimal(38, 4) COMMENT 'Open, 61-90 days past the invoice date',
    posting_over_90 Decimal(38, 4) COMMENT 'Open, more than 90 days past the invoice date',
    unapplied Decimal(38, 4) COMMENT 'Payments not applied to an invoice, zero or negative',
    disputed Decimal(38, 4) COMMENT 'Part of the buckets that is disputed',
    total Decimal(38, 4) COMMENT 'Sum of the buckets and unapplied: the control account',
    open_items UInt32 COMMENT 'Number of open invoices',
    _epoch UInt64 COMMENT 'Incarnation of the processors; a higher one replaces all of a lower one',
    _partition UInt16 COMMENT 'Partition of finance.history.v1',
    _offset UInt64 COMMENT 'Offset in the partition',
    _revision UInt64 COMMENT 'Offset of the cut in finance.events.v1',
    INDEX offsets _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (tenant_id, customer_id, kind, as_of, log_time)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Receivables aging over time, append-only, all incarnations of the processors. Base of aging_history.';
