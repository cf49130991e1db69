-- Intervals the pipeline did not see. Key: gap_id, a row is updated when the gap closes.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.feed_gaps (
  gap_id string COMMENT 'key',
  source string COMMENT 'eventstreams, kafka, bronze',
  source_topic string COMMENT 'topic the gap is in',
  kind string COMMENT 'disconnect, retention, silence, invalid_cursor, switchover, offset_hole, rate_drop, reconcile_missing',
  status string COMMENT 'open, recovered, lost',
  gap_start timestamp COMMENT 'first moment without data, UTC',
  gap_end timestamp COMMENT 'end of the interval, exclusive, UTC',
  detected_at timestamp COMMENT 'UTC',
  closed_at timestamp COMMENT 'UTC, NULL while open',
  duration_s bigint COMMENT 'gap_end - gap_start',
  expected_events bigint COMMENT 'median of the same minutes in 28 days',
  missing_events bigint COMMENT 'still missing',
  recovered_events bigint COMMENT 'found again',
  evidence string COMMENT 'JSON',
  gap_month string COMMENT 'UTC month of gap_start, YYYY-MM'
)
PARTITIONED BY (gap_month)
LOCATION 's3://${lake_bucket}/ops/feed_gaps/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
