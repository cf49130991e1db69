-- Edits of a minute and page, ungated. Key: (window_start, wiki, title): pages move, there is no page id.
CREATE TABLE IF NOT EXISTS ${database_prefix}_live.page_edit_counts (
  window_start timestamp COMMENT 'minute, UTC, inclusive',
  window_end timestamp COMMENT 'one minute later, exclusive',
  wiki string COMMENT 'database name of the wiki, for example enwiki',
  server_name string COMMENT 'host name of the wiki',
  title string COMMENT 'page title with spaces',
  namespace int COMMENT 'namespace number',
  edit_count bigint COMMENT 'edits and new pages',
  unique_users bigint COMMENT 'distinct users, exact, hidden ones not counted',
  bytes_changed bigint COMMENT 'sum of absolute length changes',
  net_bytes bigint COMMENT 'sum of length changes, signed',
  computed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  window_date string COMMENT 'UTC date of window_start, YYYY-MM-DD'
)
PARTITIONED BY (window_date)
LOCATION 's3://${lake_bucket}/live/page_edit_counts/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '3600'
)
