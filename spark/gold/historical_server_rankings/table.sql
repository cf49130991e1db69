-- The 50 best ranks of servers by edits in the 1, 7 and 30 days ending with a day. Key: as_of_date, period_days, server_name.
-- There are rows for days on which something happened.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.historical_server_rankings (
  as_of_date string COMMENT 'last day of the period, UTC, YYYY-MM-DD',
  period_days int COMMENT '1, 7 or 30',
  server_name string COMMENT 'for example en.wikipedia.org',
  edit_count bigint COMMENT 'edits outside talk pages',
  total_bytes bigint COMMENT 'sum of bytes changed by these',
  unique_users bigint COMMENT 'distinct users over all events of the period, exact, hidden ones excepted',
  rank int COMMENT 'rank by edit_count, equal counts share one',
  percentile double COMMENT 'share of all other servers with fewer edits, 0-1, 1 is the busiest, 0 where there is only one',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (as_of_date)
LOCATION 's3://${lake_bucket}/gold/historical_server_rankings/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
