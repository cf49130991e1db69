-- Rows that silver or gold refused, kept whole. Key: quarantine_id.
CREATE TABLE IF NOT EXISTS ${database_prefix}_dq_audit.quarantine (
  quarantine_id string COMMENT 'key: sha256 of table and row key',
  run_id string COMMENT 'run that refused the row',
  layer string COMMENT 'layer of the table',
  table_name string COMMENT 'table the row was meant for',
  rule_id string COMMENT 'rule that refused it',
  reason string COMMENT 'for a person',
  row_key string COMMENT 'key of the row',
  payload string COMMENT 'the row as JSON',
  disposition string COMMENT 'open, replayed, discarded',
  quarantine_date string COMMENT 'UTC date of quarantined_at, YYYY-MM-DD',
  event_timestamp timestamp COMMENT 'event time of the row, UTC',
  quarantined_at timestamp COMMENT 'UTC'
)
PARTITIONED BY (quarantine_date, layer)
LOCATION 's3://${lake_bucket}/dq_audit/quarantine/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
