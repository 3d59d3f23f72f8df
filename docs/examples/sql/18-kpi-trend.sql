-- How did a figure develop? One row per day: its last close, as corrected.
SELECT as_of, value, unit, is_corrected
FROM kpi_history
WHERE measure = 'dso' AND window = '90d' AND kind = 'CLOSE'
ORDER BY as_of
