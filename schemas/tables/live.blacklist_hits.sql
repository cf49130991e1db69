-- Blacklist terms found in edits, new pages and log entries, ungated. Key: (event_id, term_id, field).
-- A hit stays when its term is taken off the list: it was one when it was found.
CREATE TABLE IF NOT EXISTS ${database_prefix}_live.blacklist_hits (
  event_id string COMMENT 'event that the term was found in',
  term_id string COMMENT 'entry of the blacklist',
  field string COMMENT 'title, comment, user',
  wiki string COMMENT 'database name of the wiki, for example enwiki',
  title string COMMENT 'page title with spaces',
  user_normalized string COMMENT 'user in NFC, spaces for underscores, trimmed, IPv6 upper case, NULL when hidden',
  excerpt string COMMENT 'start of the field, at most 120 characters, chosen by whoever edits',
  event_timestamp timestamp COMMENT 'meta.dt, UTC',
  detected_at timestamp COMMENT 'run that found it, UTC',
  severity string COMMENT 'of the term: info, warning, critical',
  hit_date string COMMENT 'UTC date of event_timestamp, YYYY-MM-DD'
)
PARTITIONED BY (hit_date)
LOCATION 's3://${lake_bucket}/live/blacklist_hits/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '3600'
)
