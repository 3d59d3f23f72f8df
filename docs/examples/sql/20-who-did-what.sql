-- How much did each user and service record, by type of event?
SELECT actor, event_type, count() AS events, max(recorded_at) AS last_at
FROM fct_events
GROUP BY actor, event_type
ORDER BY events DESC, actor, event_type
