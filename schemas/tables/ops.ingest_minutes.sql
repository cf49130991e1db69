-- What the shim did with each event, per minute and upstream topic. Key: (minute, shim_epoch, source_topic).
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.ingest_minutes (
  `minute` timestamp COMMENT 'start of the minute, UTC',
  shim_epoch string COMMENT 'start of the shim process that counted',
  source_topic string COMMENT 'upstream topic',
  received bigint COMMENT '= canaries + duplicates + acked + rejected',
  canaries bigint COMMENT 'dropped as canary',
  duplicates bigint COMMENT 'repeats dropped by the ring of recent ids',
  acked bigint COMMENT 'acknowledged on raw-events',
  rejected bigint COMMENT 'acknowledged on dlq-events',
  max_event_at timestamp COMMENT 'newest meta.dt seen, UTC',
  log_date string COMMENT 'UTC date of minute, YYYY-MM-DD'
)
PARTITIONED BY (log_date)
LOCATION 's3://${lake_bucket}/ops/ingest_minutes/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
