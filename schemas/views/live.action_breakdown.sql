-- Events of each minute by what was done.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.action_breakdown AS
SELECT
  window_start,
  sum(edit_events) AS edit_events,
  sum(new_events) AS new_events,
  sum(log_events) AS log_events,
  sum(event_count) AS event_count
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start
