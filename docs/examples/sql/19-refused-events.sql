-- What did sources publish that was not applied?
SELECT event_type, aggregate_id, appended_at, actor
FROM fct_events
WHERE is_refused
ORDER BY appended_at
