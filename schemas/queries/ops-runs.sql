-- How long do the stages take, and which failed?
-- The last 100 stages of runs, newest first.
--
-- started_at: UTC
-- run_id: run
-- stage: bronze_dq, silver, silver_dq, gold, gold_dq, live, maintenance
-- status: STARTED, PUBLISHED, FAILED, HELD, NOOP, CANCELLED
-- mode: live, catchup, replay
-- duration_s: seconds
-- rows_in: rows read
-- rows_out: rows written
-- error: first line of the error
SELECT
  started_at,
  run_id,
  stage,
  status,
  mode,
  date_diff('second', started_at, ended_at) AS duration_s,
  rows_in,
  rows_out,
  error
FROM ops.pipeline_runs
ORDER BY started_at DESC, stage
LIMIT 100
