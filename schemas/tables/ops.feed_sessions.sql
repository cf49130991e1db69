-- One row per connection to the source. Key: session_id.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.feed_sessions (
  session_id string COMMENT 'key: one connection to the source',
  shim_epoch string COMMENT 'start of the shim process that held it',
  opened_at timestamp COMMENT 'UTC',
  closed_at timestamp COMMENT 'UTC',
  first_event_at timestamp COMMENT 'newest id time of its first event, UTC',
  last_event_at timestamp COMMENT 'newest id time of its last event, UTC',
  close_reason string COMMENT 'why it ended: server cut, idle, error, stop',
  http_status int COMMENT 'status of the answer, NULL when there was none',
  received bigint COMMENT 'events received',
  produced bigint COMMENT 'events acknowledged by Kafka',
  canaries bigint COMMENT 'canary events dropped',
  rejected bigint COMMENT 'events sent to dlq-events',
  bytes bigint COMMENT 'bytes read',
  cursor_in string COMMENT 'cursor asked for',
  cursor_out string COMMENT 'cursor at the end',
  log_date string COMMENT 'UTC date of opened_at, YYYY-MM-DD'
)
PARTITIONED BY (log_date)
LOCATION 's3://${lake_bucket}/ops/feed_sessions/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
