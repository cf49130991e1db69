-- Bytes and events of each minute, all wikis.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.realtime_traffic_volume AS
SELECT
  window_start,
  sum(total_bytes) AS total_bytes,
  sum(event_count) AS event_count,
  CAST(sum(total_bytes) AS double) / nullif(sum(event_count), 0) AS avg_bytes_per_event
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start
