-- Events outside talk pages, hour by hour over all domains; an hour without events has no row.
CREATE OR REPLACE VIEW ${database_prefix}_gold.historical_hourly_patterns AS
SELECT
  hour_start AS hour_bucket,
  sum(signal_events) AS total_events,
  sum(signal_bytes) AS total_bytes,
  sum(signal_bot_events) AS bot_events,
  sum(signal_events - signal_bot_events) AS human_events,
  CAST(sum(signal_bytes) AS double) / nullif(sum(signal_events), 0) AS avg_bytes
FROM ${database_prefix}_gold.hourly_stats
GROUP BY hour_start
