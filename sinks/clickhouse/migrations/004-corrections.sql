-- Closes of the day can be corrected: see the kind CORRECTION.
ALTER TABLE finance.kpi_points COMMENT COLUMN kind 'SNAPSHOT: first quarter-hour after a change. CLOSE: end of the local day as_of, as known then. CORRECTION: the same day with what came later; the highest _revision stands';

ALTER TABLE finance.aging_points COMMENT COLUMN kind 'SNAPSHOT: first quarter-hour after a change. CLOSE: end of the local day as_of, as known then. CORRECTION: the same day with what came later; the highest _revision stands';
