-- Stages of runs. Key: (run_id, stage), a row is updated when the run ends.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.pipeline_runs (
  run_id string COMMENT 'the run, with stage the key',
  cycle_id string COMMENT 'the cycle',
  stage string COMMENT 'bronze_dq, silver, silver_dq, gold, gold_dq, live, maintenance',
  job_run_id string COMMENT 'run id at the job service',
  `trigger` string COMMENT 'schedule, person, restart',
  status string COMMENT 'STARTED, PUBLISHED, FAILED, HELD, NOOP, CANCELLED',
  mode string COMMENT 'live, catchup, replay',
  error string COMMENT 'first line of the error',
  input_snapshot_from bigint COMMENT 'exclusive',
  input_snapshot_to bigint COMMENT 'inclusive',
  output_snapshot bigint COMMENT 'snapshot written',
  rows_in bigint COMMENT 'rows read',
  rows_out bigint COMMENT 'rows written',
  rows_quarantined bigint COMMENT 'rows refused',
  valid_through timestamp COMMENT 'newest event time covered, UTC',
  started_at timestamp COMMENT 'UTC',
  ended_at timestamp COMMENT 'UTC, NULL while running',
  vcpu_hours double COMMENT 'billed',
  memory_gb_hours double COMMENT 'billed',
  bytes_scanned double COMMENT 'billed',
  log_date string COMMENT 'UTC date of started_at, YYYY-MM-DD'
)
PARTITIONED BY (log_date)
LOCATION 's3://${lake_bucket}/ops/pipeline_runs/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
