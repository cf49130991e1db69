-- What each run was billed for, as far as it is known.
CREATE OR REPLACE VIEW ${database_prefix}_ops.run_costs AS
SELECT
  log_date,
  cycle_id,
  run_id,
  job_run_id,
  stage,
  status,
  started_at,
  ended_at,
  date_diff('second', started_at, ended_at) AS duration_s,
  vcpu_hours,
  memory_gb_hours,
  bytes_scanned
FROM ${database_prefix}_ops.pipeline_runs
