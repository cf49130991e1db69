-- Edits of a minute and user over all wikis, ungated. Key: (window_start, user_name). Hidden users have no row.
CREATE TABLE IF NOT EXISTS ${database_prefix}_live.user_edit_counts (
  window_start timestamp COMMENT 'minute, UTC, inclusive',
  window_end timestamp COMMENT 'one minute later, exclusive',
  user_name string COMMENT 'user in NFC, spaces for underscores, trimmed, IPv6 upper case',
  edit_count bigint COMMENT 'edits and new pages in the configured namespaces, by default 0, articles',
  created_at timestamp COMMENT 'run that made the row, UTC',
  edit_count_all bigint COMMENT 'edits and new pages in any namespace',
  bytes_changed bigint COMMENT 'sum of absolute length changes, any namespace',
  wiki_count bigint COMMENT 'distinct wikis',
  user_kind string COMMENT 'registered, temporary, ip',
  is_bot boolean COMMENT 'any of the edits has the bot flag',
  window_date string COMMENT 'UTC date of window_start, YYYY-MM-DD'
)
PARTITIONED BY (window_date)
LOCATION 's3://${lake_bucket}/live/user_edit_counts/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '3600'
)
