-- Profiles that drift is judged against. Key: (run_id, table_name, column_name, segment, metric_name).
CREATE TABLE IF NOT EXISTS ${database_prefix}_dq_audit.profile_metrics (
  run_id string COMMENT 'run that profiled',
  layer string COMMENT 'layer of the table',
  table_name string COMMENT 'table profiled',
  column_name string COMMENT 'column',
  segment string COMMENT '* or a wiki',
  metric_name string COMMENT 'row_count, null_rate, distinct_count, min, max, mean, stddev, p05, p50, p95, p99, top_value_share, mean_length, psi',
  run_date string COMMENT 'UTC date of profiled_at, YYYY-MM-DD',
  metric_value double COMMENT 'value',
  rows_profiled bigint COMMENT 'rows read',
  window_start timestamp COMMENT 'oldest event profiled, UTC',
  profiled_at timestamp COMMENT 'UTC'
)
PARTITIONED BY (run_date, layer)
LOCATION 's3://${lake_bucket}/dq_audit/profile_metrics/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
