-- The 100 users with the most edits of the 1, 7 and 30 days ending with a day. Key: as_of_date, period_days, user, is_bot.
-- There are rows for days on which something happened.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.historical_top_contributors (
  as_of_date string COMMENT 'last day of the period, UTC, YYYY-MM-DD',
  period_days int COMMENT '1, 7 or 30',
  `user` string COMMENT 'user_normalized, over all wikis',
  is_bot boolean COMMENT 'bot flag of the edits',
  edit_count bigint COMMENT 'edits outside talk pages',
  total_bytes bigint COMMENT 'sum of bytes changed over edits',
  pages_created bigint COMMENT 'new pages outside talk',
  rank int COMMENT '1 to 100 by edit_count, of equal counts the first by name comes first',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (as_of_date)
LOCATION 's3://${lake_bucket}/gold/historical_top_contributors/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
