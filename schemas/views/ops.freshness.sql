-- When the newest row of each table was written and what event time it reaches; a table without rows shows NULL.
-- The two large tables answer from their metadata: no data file is opened, whatever the history.
CREATE OR REPLACE VIEW ${database_prefix}_ops.freshness AS
WITH newest AS (
  SELECT
    'bronze' AS layer,
    'raw_events' AS table_name,
    max(data.bronze_processed_at.max) AS newest_row_at,
    max(data.event_timestamp.max) AS newest_event_at
  FROM ${database_prefix}_bronze."raw_events$partitions"
  UNION ALL
  SELECT
    'silver' AS layer,
    'cleaned_events' AS table_name,
    max(data.silver_processed_at.max) AS newest_row_at,
    max(data.event_timestamp.max) AS newest_event_at
  FROM ${database_prefix}_silver."cleaned_events$partitions"
  UNION ALL
  SELECT
    'gold' AS layer,
    'hourly_stats' AS table_name,
    max(gold_processed_at) AS newest_row_at,
    max(hour_start) AS newest_event_at
  FROM ${database_prefix}_gold.hourly_stats
  UNION ALL
  SELECT
    'live' AS layer,
    'traffic_1min' AS table_name,
    max(computed_at) AS newest_row_at,
    max(window_start) AS newest_event_at
  FROM ${database_prefix}_live.traffic_1min
  UNION ALL
  SELECT
    'live' AS layer,
    'namespace_counts_1min' AS table_name,
    max(computed_at) AS newest_row_at,
    max(window_start) AS newest_event_at
  FROM ${database_prefix}_live.namespace_counts_1min
  UNION ALL
  SELECT
    'live' AS layer,
    'user_edit_counts' AS table_name,
    max(created_at) AS newest_row_at,
    max(window_start) AS newest_event_at
  FROM ${database_prefix}_live.user_edit_counts
  UNION ALL
  SELECT
    'live' AS layer,
    'page_edit_counts' AS table_name,
    max(computed_at) AS newest_row_at,
    max(window_start) AS newest_event_at
  FROM ${database_prefix}_live.page_edit_counts
  UNION ALL
  SELECT
    'dq_audit' AS layer,
    'quality_results' AS table_name,
    max(evaluated_at) AS newest_row_at,
    max(window_end) AS newest_event_at
  FROM ${database_prefix}_dq_audit.quality_results
  UNION ALL
  SELECT
    'ops' AS layer,
    'ingest_minutes' AS table_name,
    max(minute) AS newest_row_at,
    max(max_event_at) AS newest_event_at
  FROM ${database_prefix}_ops.ingest_minutes
  UNION ALL
  SELECT
    'ops' AS layer,
    'pipeline_runs' AS table_name,
    max(coalesce(ended_at, started_at)) AS newest_row_at,
    max(valid_through) AS newest_event_at
  FROM ${database_prefix}_ops.pipeline_runs
)
SELECT
  layer,
  table_name,
  newest_row_at,
  newest_event_at,
  date_diff('second', newest_row_at, CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp(6))) AS age_s
FROM newest
