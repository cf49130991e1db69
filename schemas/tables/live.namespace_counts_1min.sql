-- Events of a minute and namespace, of every type, ungated. Key: (window_start, namespace).
CREATE TABLE IF NOT EXISTS ${database_prefix}_live.namespace_counts_1min (
  window_start timestamp COMMENT 'minute, UTC, inclusive',
  namespace int COMMENT 'namespace number, of the title for log events',
  event_count bigint COMMENT 'events of any type, those without a namespace not counted',
  computed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  window_date string COMMENT 'UTC date of window_start, YYYY-MM-DD'
)
PARTITIONED BY (window_date)
LOCATION 's3://${lake_bucket}/live/namespace_counts_1min/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '3600'
)
