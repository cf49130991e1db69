-- How fast events come: 60 times events_per_second is event_count.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.content_velocity AS
SELECT
  window_start,
  sum(event_count) AS event_count,
  CAST(sum(event_count) AS double) / 60 AS events_per_second,
  CAST(sum(edit_events + new_events) AS double) / 60 AS edits_per_second
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start
