-- What happened to an account: it was created, it was warned, it hit a filter. Key: event_id.
-- A few thousandths of all events: what gold must know of the days before costs a small file, not those days.
CREATE TABLE IF NOT EXISTS ${database_prefix}_silver.account_events (
  event_id string COMMENT 'key: event_id of the log entry or of the warning',
  kind string COMMENT 'created (log newusers, not autocreate), warned (is_talk_warning) or filter_hit (log abusefilter)',
  wiki string COMMENT 'database name of the wiki where it happened',
  user_normalized string COMMENT 'the account it happened to: the one created, the one warned, the one whose edit a filter hit',
  filter_level int COMMENT 'of a filter_hit: 1 logged or tagged, 2 warned, 3 throttled, disallowed, blocked or rights removed',
  event_timestamp timestamp COMMENT 'when it happened, UTC',
  event_date string COMMENT 'UTC date of event_timestamp, YYYY-MM-DD',
  silver_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (event_date)
LOCATION 's3://${lake_bucket}/silver/account_events/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
