-- Edits by language and project in the 1, 7 and 30 days ending with a day. Key: as_of_date, period_days, language, project.
-- There are rows for days on which something happened. Counts leave talk pages out.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.historical_language_distribution (
  as_of_date string COMMENT 'last day of the period, UTC, YYYY-MM-DD',
  period_days int COMMENT '1, 7 or 30',
  language string COMMENT 'language edition, else mul',
  project string COMMENT 'wikipedia, commons, wikidata and so on',
  edit_count bigint COMMENT 'edits outside talk pages',
  total_bytes bigint COMMENT 'sum of bytes changed by these',
  bot_edits bigint COMMENT 'of these with the bot flag',
  new_pages bigint COMMENT 'new pages outside talk',
  edit_share double COMMENT 'edit_count / edits of the period, 0-1, NULL without any',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (as_of_date)
LOCATION 's3://${lake_bucket}/gold/historical_language_distribution/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
