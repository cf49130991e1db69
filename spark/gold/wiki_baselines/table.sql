-- What is usual for a wiki: 28 days up to and with as_of_date. Key: as_of_date, wiki, metric, hour_of_day.
-- Written once a day; the windows of the day after are measured by it.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.wiki_baselines (
  as_of_date string COMMENT 'last UTC day that counts, YYYY-MM-DD',
  wiki string COMMENT 'database name of the wiki, or * for all',
  metric string COMMENT 'hourly_events, daily_edits, edits_10min, entity_edits_10min, unique_users_10min, revert_rate_10min, high_score_share; user_edits_10min and length_delta with _registered or _unregistered',
  hour_of_day int COMMENT 'UTC hour 0-23, or -1 for all hours',
  sample_count bigint COMMENT 'values of 28 days: hours, days, windows, pages, users or edits',
  median double COMMENT 'middle value',
  mad double COMMENT 'median absolute deviation from the median',
  p95 double COMMENT '95th percentile',
  p99 double COMMENT '99th percentile',
  p999 double COMMENT '99.9th percentile',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (as_of_date)
LOCATION 's3://${lake_bucket}/gold/wiki_baselines/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
