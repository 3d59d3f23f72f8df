-- What the KPIs of the general ledger need: the cash-flow activity of each journal line, and the figures of the year before
-- beside those of the window before. Rows of before have none of both: a line without activity goes by its subtype.
ALTER TABLE finance.event_log
    ADD COLUMN IF NOT EXISTS line_cash_flows Array(LowCardinality(String)) COMMENT 'Cash-flow activities of the accounts of the lines at the time: CASH, OPERATING, INVESTING, FINANCING or NONE; no elements in entries from before it was kept';

ALTER TABLE finance.kpi_points
    ADD COLUMN IF NOT EXISTS last_year Nullable(Decimal(38, 8)) COMMENT 'Figure of the same window a year before; null = none',
    ADD COLUMN IF NOT EXISTS change_last_year Nullable(Decimal(38, 8)) COMMENT 'Change against last_year in percent; null = none';

ALTER TABLE finance.kpi_points
    COMMENT COLUMN unit 'Currency code, percent, days, ratio, count or score';
