-- Edits, new pages and log entries outside talk pages of the last 24 h, as fresh as bronze itself.
-- The newest minute of the live layer says where 24 h begin. Days are joined, so that other partitions are not opened.
-- A record that was delivered twice shows twice: removing repeats of a day would cost more than reading it.
CREATE OR REPLACE VIEW ${database_prefix}_live.realtime_recent_changes AS
WITH newest AS (
  SELECT max(window_start) AS newest_start FROM ${database_prefix}_live.traffic_1min
),
days AS (
  SELECT date_format(newest_start + shift * INTERVAL '1' DAY, '%Y-%m-%d') AS event_date
  FROM newest
  CROSS JOIN (VALUES -1, 0, 1) AS s (shift)
)
SELECT
  b.event_id AS id,
  b.event_timestamp AS event_time,
  b."user",
  b.title,
  b.server_name,
  b.is_bot,
  b.event_type AS type,
  abs(b.length_delta) AS bytes_changed,
  b.length_delta AS length_diff
FROM ${database_prefix}_bronze.raw_events b
JOIN days ON b.event_date = days.event_date
CROSS JOIN newest
WHERE b.event_timestamp > newest.newest_start - INTERVAL '24' HOUR
  AND b.event_type IN ('edit', 'new', 'log')
  AND NOT coalesce(b.namespace > 0 AND b.namespace % 2 = 1, false)
