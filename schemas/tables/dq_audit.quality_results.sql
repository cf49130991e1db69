-- Every evaluation of every rule, passed ones too. Key: (run_id, gate, table_name, rule_id).
CREATE TABLE IF NOT EXISTS ${database_prefix}_dq_audit.quality_results (
  run_id string COMMENT 'run that evaluated',
  gate string COMMENT 'bronze_dq, silver_dq, gold_dq',
  layer string COMMENT 'layer of the table',
  table_name string COMMENT 'table judged',
  rule_id string COMMENT 'for example B-04',
  dimension string COMMENT 'completeness, uniqueness, timeliness, validity, consistency, accuracy, drift',
  severity string COMMENT 'fail, warn',
  status string COMMENT 'PASSED, WARNED, FAILED, ERROR, SKIPPED',
  metric_name string COMMENT 'what was measured',
  threshold string COMMENT 'what was asked',
  failure_reason string COMMENT 'NULL when passed',
  evidence string COMMENT 'JSON, at most 20 sample keys',
  rule_text string COMMENT 'DQDL text as run',
  rule_fingerprint string COMMENT 'sha256 of the rule text',
  ruleset_fingerprint string COMMENT 'sha256 of the ruleset',
  mode string COMMENT 'live, catchup, replay',
  engine_version string COMMENT 'engine and version',
  run_date string COMMENT 'UTC date of evaluated_at, YYYY-MM-DD',
  schema_version string COMMENT 'version of this row layout, semver',
  metric_value double COMMENT 'measured value',
  rows_checked bigint COMMENT 'rows in primary',
  rows_failed bigint COMMENT 'rows that failed, where countable',
  input_snapshot_id bigint COMMENT 'snapshot judged',
  duration_ms bigint COMMENT 'time taken',
  window_start timestamp COMMENT 'oldest event judged, UTC',
  window_end timestamp COMMENT 'newest event judged, UTC',
  evaluated_at timestamp COMMENT 'UTC'
)
PARTITIONED BY (run_date, layer)
LOCATION 's3://${lake_bucket}/dq_audit/quality_results/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
