-- Alerts: what finance.alerts.v1 says, one row per record: raised, cleared, and what people did about them.
-- Readers use the views alerts (one row per alert as it stands) and alert_history (one row per step).
CREATE TABLE IF NOT EXISTS finance.alert_log
(
    tenant_id String COMMENT 'Tenant',
    alert_id String COMMENT 'Alert: the same one in every incarnation of the processors',
    kind LowCardinality(String) COMMENT 'RAISED, CLEARED or MOVED',
    state LowCardinality(String) COMMENT 'Where the alert stands after it: OPEN, ACKNOWLEDGED, ESCALATED, RESOLVED or CLEARED',
    log_time DateTime64(3, 'UTC') COMMENT 'Log time of it',
    as_of Nullable(Date32) COMMENT 'Local day of the tenant; null for MOVED',
    rule_id String COMMENT 'Rule that it comes from; empty for MOVED',
    subject String COMMENT 'What it is about: a payment, a customer, a day; empty = the tenant as a whole',
    severity LowCardinality(String) COMMENT 'INFO, WARNING or CRITICAL; for RAISED',
    category LowCardinality(String) COMMENT 'CASH_FLOW, RECEIVABLES, KPI, PAYMENTS, COMPLIANCE or ANOMALY; for RAISED',
    impact LowCardinality(String) COMMENT 'LOW, MEDIUM or HIGH; for RAISED',
    measure LowCardinality(String) COMMENT 'What was watched; for RAISED',
    window LowCardinality(String) COMMENT 'Window of a KPI; empty = none',
    value Nullable(Decimal(38, 8)) COMMENT 'What it was when it was raised or cleared; null = not known',
    threshold Nullable(Decimal(38, 8)) COMMENT 'What it should not pass; for RAISED',
    currency LowCardinality(String) COMMENT 'Base currency of amounts; for RAISED',
    message String COMMENT 'What happened; for RAISED',
    recommendation String COMMENT 'What to do about it; for RAISED',
    inputs Map(LowCardinality(String), String) COMMENT 'Figures that it was computed from, by name; for RAISED',
    reason LowCardinality(String) COMMENT 'Why it cleared: back_to_normal, rule_off or rule_changed',
    actor String COMMENT 'Who moved it',
    note String COMMENT 'What they had to say',
    escalated_to String COMMENT 'Who is asked now',
    cause_id String COMMENT 'Event, or instant of the tick, that it follows from',
    _epoch UInt64 COMMENT 'Incarnation of the processors',
    _partition UInt16 COMMENT 'Partition of finance.alerts.v1',
    _offset UInt64 COMMENT 'Offset in the partition',
    _revision UInt64 COMMENT 'Offset in finance.events.v1',
    INDEX offsets _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (tenant_id, log_time, alert_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Alerts and what became of them, append-only, all incarnations of the processors. Base of alerts and alert_history.';
