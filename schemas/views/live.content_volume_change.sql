-- Bytes added and removed in each minute.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.content_volume_change AS
SELECT
  window_start,
  sum(bytes_added) AS bytes_added,
  sum(bytes_removed) AS bytes_removed,
  sum(bytes_added) - sum(bytes_removed) AS net_bytes
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start
