-- Ten minutes of one user on one wiki with an edit or a log entry. Key: window_start, wiki, user_normalized.
-- Hidden users have no row. A day is about 400,000 rows, read by date.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.user_metrics_10min (
  window_start timestamp COMMENT 'start of the window, UTC, included',
  window_end timestamp COMMENT 'end of the window, UTC, excluded',
  stat_date string COMMENT 'UTC date of window_start, YYYY-MM-DD',
  wiki string COMMENT 'database name of the wiki',
  user_normalized string COMMENT 'the user',
  user_kind string COMMENT 'registered, temporary, ip',
  is_bot boolean COMMENT 'an edit or log entry of the window has the bot flag',
  role string COMMENT 'bot, known_bot, reverter (20 reverts and more in the 7 days before window_end, fewer than 5 % of them reverted), newcomer (account created less than 4 days before window_end), human',
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
  pages_edited bigint COMMENT 'distinct titles of edits on this wiki, exact',
  wikis_edited bigint COMMENT 'wikis on which the user made an edit in the window, the same in all their rows',
  reverts_made bigint COMMENT 'as revert_count',
  namespaces_edited bigint COMMENT 'distinct namespaces of edits on this wiki, exact',
  talk_warnings bigint COMMENT 'edits that leave a warning on a user talk page',
  anomaly_score double COMMENT 'robust z of edit_count against user_edits_10min of the wiki, the hour and the kind of user, NULL for bots and without baseline',
  is_anomaly boolean COMMENT 'score at or above 6, from 5 edits on',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (stat_date)
LOCATION 's3://${lake_bucket}/gold/user_metrics_10min/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
