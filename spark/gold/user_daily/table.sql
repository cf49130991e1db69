-- One row per day, server, user and bot flag with any event. Key: stat_date, server_name, user_normalized, is_bot.
-- Events whose user is hidden are in no row. A day is some 200,000 rows: one partition a day.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.user_daily (
  stat_date string COMMENT 'UTC date of the events, YYYY-MM-DD',
  server_name string COMMENT 'host name of the wiki',
  user_normalized string COMMENT 'user as in silver',
  is_bot boolean COMMENT 'bot flag of the events: who edits with and without it has two rows',
  language string COMMENT 'language edition, else mul',
  project string COMMENT 'wikipedia, commons, wikidata and so on',
  user_kind string COMMENT 'registered, temporary, ip',
  in_scope boolean COMMENT 'the domain is one of the configured ones',
  events bigint COMMENT 'events of every type',
  edits bigint COMMENT 'events of type edit or new',
  signal_edits bigint COMMENT 'edits outside talk pages',
  pages_edited bigint COMMENT 'distinct (wiki, title) of edits, exact',
  pages_created bigint COMMENT 'events of type new outside talk pages',
  bytes_changed bigint COMMENT 'sum of bytes_changed over edits',
  net_bytes bigint COMMENT 'sum of length_delta over edits',
  large_deletions bigint COMMENT 'edits with is_large_deletion',
  reverts_made bigint COMMENT 'edits that undo those of others',
  reverted_edits bigint COMMENT 'edits reverted by others within 48 h',
  active_hours int COMMENT 'distinct clock hours with an edit',
  first_event_at timestamp COMMENT 'first event of the day, UTC',
  last_event_at timestamp COMMENT 'last event of the day, UTC',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (stat_date)
LOCATION 's3://${lake_bucket}/gold/user_daily/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
