-- Traffic of a minute and server, as bronze knows it now: ungated, duplicates removed, edits, new pages and log entries
-- outside talk pages. Key: (window_start, server_name). Replaced by minute, up to 24 h behind the newest event.
CREATE TABLE IF NOT EXISTS ${database_prefix}_live.traffic_1min (
  window_start timestamp COMMENT 'minute, UTC, inclusive',
  window_end timestamp COMMENT 'one minute later, exclusive',
  server_name string COMMENT 'host name of the wiki, meta.domain where the event has none',
  language string COMMENT 'first label of the host of a language edition, else mul',
  project string COMMENT 'wikipedia, wiktionary, commons, wikidata and so on',
  region string COMMENT 'asia_pacific, europe, americas, middle_east, other',
  event_count bigint COMMENT 'events',
  total_bytes bigint COMMENT 'sum of absolute length changes',
  bytes_added bigint COMMENT 'sum of positive length changes',
  bytes_removed bigint COMMENT 'sum of negative length changes, as a positive number',
  bot_events bigint COMMENT 'events with the bot flag',
  human_events bigint COMMENT 'events without the bot flag',
  edit_events bigint COMMENT 'events of type edit',
  new_events bigint COMMENT 'events of type new',
  log_events bigint COMMENT 'events of type log',
  minor_flagged bigint COMMENT 'edits that their author marked as minor',
  severity_minor bigint COMMENT 'edits and new pages below the moderate threshold in bytes changed',
  severity_moderate bigint COMMENT 'edits and new pages from the moderate threshold on',
  severity_major bigint COMMENT 'edits and new pages from the major threshold on',
  anonymous_events bigint COMMENT 'events of temporary accounts and IP addresses',
  unique_users bigint COMMENT 'distinct users, exact, hidden ones not counted',
  computed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  window_date string COMMENT 'UTC date of window_start, YYYY-MM-DD'
)
PARTITIONED BY (window_date)
LOCATION 's3://${lake_bucket}/live/traffic_1min/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '3600'
)
