-- Ten minutes of one page that is watched or has 3 edits and more. Key: window_start, wiki, title.
-- Pages are known by name: there is no page id, and a page that was moved is another one.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.entity_metrics_10min (
  window_start timestamp COMMENT 'start of the window, UTC, included',
  window_end timestamp COMMENT 'end of the window, UTC, excluded',
  stat_date string COMMENT 'UTC date of window_start, YYYY-MM-DD',
  wiki string COMMENT 'database name of the wiki',
  title string COMMENT 'page title with spaces',
  namespace int COMMENT 'namespace number',
  is_watched boolean COMMENT 'matches the watch list',
  watch_id string COMMENT 'first matching entry of the watch list',
  entity_label string COMMENT 'label of that entry',
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
  abuse_filter_hits bigint COMMENT 'abuse filter log events that name the page',
  edits_per_minute double COMMENT 'edit_count / 10',
  revert_rate double COMMENT 'revert_count / edit_count, NULL without edits',
  reverted_rate double COMMENT 'reverted_edits / edit_count, NULL without edits',
  unique_users bigint COMMENT 'distinct user_normalized over edits, exact',
  user_diversity double COMMENT 'normalised Shannon entropy of edits per user, 0-1: 0 for one user, NULL without any',
  top_user_share double COMMENT 'edits of the busiest user / edit_count, NULL without edits',
  is_edit_war boolean COMMENT '3 reverts and more by 2 users and more in the 24 h before window_end',
  anomaly_score double COMMENT 'robust z of edit_count against entity_edits_10min of the wiki and hour, NULL without baseline',
  is_anomaly boolean COMMENT 'score at or above 6, from 5 edits on',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (stat_date)
LOCATION 's3://${lake_bucket}/gold/entity_metrics_10min/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
