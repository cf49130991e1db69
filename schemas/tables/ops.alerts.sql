-- Notices as they were raised, repeated, held back and resolved. Key: alert_id, rows are only added.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.alerts (
  alert_id string COMMENT 'key',
  rule string COMMENT 'entry of the catalogue of notices, for example A-01',
  dedupe_key string COMMENT 'what makes two firings the same',
  severity string COMMENT 'INFO, WARNING, CRITICAL',
  state string COMMENT 'firing (to be sent), repeated (counted within its window), suppressed (one of too many), resolved (over)',
  channels string COMMENT 'E for e-mail, S for Slack',
  subject string COMMENT 'one line, no text of events',
  body string COMMENT 'JSON: rule, since when, evidence, one query to run, heading of the runbook',
  log_date string COMMENT 'UTC date of occurred_at, YYYY-MM-DD',
  occurred_at timestamp COMMENT 'UTC',
  suppressed_count bigint COMMENT 'repeats counted since the notice was sent last'
)
PARTITIONED BY (log_date)
LOCATION 's3://${lake_bucket}/ops/alerts/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
