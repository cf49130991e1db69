-- Ten minutes of one wiki, or of all (scope *). Key: window_start, scope.
-- A day is 144 windows x some 350 wikis: one small file a date.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.global_metrics_10min (
  window_start timestamp COMMENT 'start of the window, UTC, included',
  window_end timestamp COMMENT 'end of the window, UTC, excluded',
  stat_date string COMMENT 'UTC date of window_start, YYYY-MM-DD',
  scope string COMMENT 'database name of a wiki, or * for all',
  edit_count bigint COMMENT 'events of type edit or new',
  bot_edits bigint COMMENT 'edits with the bot flag',
  human_edits bigint COMMENT 'edits without the bot flag',
  anonymous_edits bigint COMMENT 'edits by unregistered users, bots excepted',
  registered_edits bigint COMMENT 'edits by registered users, bots excepted',
  bytes_added bigint COMMENT 'sum of positive length_delta over edits',
  bytes_removed bigint COMMENT 'sum of -length_delta where negative, over edits',
  large_deletions bigint COMMENT 'edits with is_large_deletion',
  revert_count bigint COMMENT 'edits of the window that revert somebody else',
  reverted_edits bigint COMMENT 'edits of the window reverted by others within 48 h',
  abuse_filter_hits bigint COMMENT 'abuse filter log events',
  edits_per_minute double COMMENT 'edit_count / 10',
  revert_rate double COMMENT 'revert_count / edit_count, NULL without edits',
  reverted_rate double COMMENT 'reverted_edits / edit_count, NULL without edits',
  unique_users bigint COMMENT 'distinct user_normalized over edits, exact',
  user_diversity double COMMENT 'normalised Shannon entropy of edits per user, 0-1: 0 for one user, NULL without any',
  total_events bigint COMMENT 'events of every type',
  unique_pages bigint COMMENT 'distinct (wiki, title) of edits, exact',
  new_pages bigint COMMENT 'events of type new',
  blocks bigint COMMENT 'log events of type block',
  page_deletions bigint COMMENT 'log events of type delete',
  protections bigint COMMENT 'log events of type protect',
  new_accounts bigint COMMENT 'log events of type newusers',
  bot_share double COMMENT 'bot_edits / edit_count, NULL without edits',
  anonymous_share double COMMENT 'anonymous_edits / edit_count, NULL without edits',
  lag_p50_s double COMMENT 'median of processing_lag_s over all events, seconds',
  lag_p95_s double COMMENT '95th percentile of processing_lag_s over all events, seconds',
  health_indicator double COMMENT '0-100: few reverts, no anomaly, a short lag; an unknown rate or score counts as none',
  anomaly_score double COMMENT 'robust z of edit_count against edits_10min of the wiki and hour, NULL without baseline',
  is_anomaly boolean COMMENT 'score at or above 6, or at or below -6 once a later window has begun; from 5 edits, a drop from none',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (stat_date)
LOCATION 's3://${lake_bucket}/gold/global_metrics_10min/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
