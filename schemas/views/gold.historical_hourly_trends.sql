-- Events outside talk pages for every hour from the first to the newest, with the mean of it and the 23 hours before.
-- An hour without events counts as 0; hours_in_window is below 24 only where the history begins.
-- Hours are made from days: a sequence is no longer than 10,000 entries, which as hours would be 14 months.
CREATE OR REPLACE VIEW ${database_prefix}_gold.historical_hourly_trends AS
WITH hourly AS (
  SELECT hour_start, sum(signal_events) AS total_events, sum(signal_bytes) AS total_bytes
  FROM ${database_prefix}_gold.hourly_stats
  GROUP BY hour_start
),
ends AS (
  SELECT min(hour_start) AS first_hour, max(hour_start) AS last_hour
  FROM hourly
),
spine AS (
  SELECT date_add('hour', n, CAST(day AS timestamp(6))) AS hour_bucket
  FROM ends
  CROSS JOIN UNNEST(sequence(CAST(first_hour AS date), CAST(last_hour AS date), INTERVAL '1' DAY)) AS d (day)
  CROSS JOIN UNNEST(sequence(0, 23)) AS h (n)
  WHERE date_add('hour', n, CAST(day AS timestamp(6))) BETWEEN first_hour AND last_hour
),
filled AS (
  SELECT s.hour_bucket, coalesce(e.total_events, 0) AS total_events, coalesce(e.total_bytes, 0) AS total_bytes
  FROM spine s
  LEFT JOIN hourly e ON e.hour_start = s.hour_bucket
)
SELECT
  hour_bucket,
  total_events,
  total_bytes,
  avg(CAST(total_events AS double)) OVER (ORDER BY hour_bucket ROWS BETWEEN 23 PRECEDING AND CURRENT ROW) AS events_24h_avg,
  avg(CAST(total_bytes AS double)) OVER (ORDER BY hour_bucket ROWS BETWEEN 23 PRECEDING AND CURRENT ROW) AS bytes_24h_avg,
  CAST(count(*) OVER (ORDER BY hour_bucket ROWS BETWEEN 23 PRECEDING AND CURRENT ROW) AS integer) AS hours_in_window
FROM filled
