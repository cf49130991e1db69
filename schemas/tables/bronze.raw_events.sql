-- What was delivered, typed once, never changed: one row per Kafka record, append-only.
-- Key: (kafka_topic, kafka_partition, kafka_offset). Written only through the commit slot.
-- An hour is the unit of compaction, 24 partitions a day keep one batch within a few of them.
-- 10 h of snapshots, about 1,800 commits, maintenance never expires past what silver consumed last.
CREATE TABLE IF NOT EXISTS ${database_prefix}_bronze.raw_events (
  event_id string COMMENT 'meta.id: key of the event, repeats come from re-reads',
  kafka_topic string COMMENT 'topic the record was read from',
  kafka_partition int COMMENT 'partition of that topic',
  kafka_offset bigint COMMENT 'offset in that partition',
  kafka_timestamp timestamp COMMENT 'time the broker appended the record, UTC',
  rc_id bigint COMMENT 'id of the recent change: per wiki, not unique, may be absent',
  event_type string COMMENT 'type: edit, new, log, categorize, external',
  namespace int COMMENT 'namespace number, of the title for log events',
  domain string COMMENT 'meta.domain, for example en.wikipedia.org',
  title string COMMENT 'page title with spaces, pages move, there is no page id',
  title_url string COMMENT 'URL of the page, newer events only',
  `user` string COMMENT 'name, IP address or temporary account, may be redacted',
  `comment` string COMMENT 'edit summary, may be empty, chosen by whoever edits',
  wiki string COMMENT 'database name of the wiki, for example enwiki',
  server_name string COMMENT 'host name of the wiki',
  is_bot boolean COMMENT 'the bot flag of the change',
  length_old int COMMENT 'page length in bytes before',
  length_new int COMMENT 'page length in bytes after',
  length_delta int COMMENT 'length_new - length_old, length_new for a new page, else NULL',
  revision_old bigint COMMENT 'revision id before',
  revision_new bigint COMMENT 'revision id after',
  event_timestamp timestamp COMMENT 'meta.dt, UTC: drives lateness, partitions and windows',
  producer_ingested_at timestamp COMMENT 'header ingested_at: when the shim received the event, UTC',
  bronze_processed_at timestamp COMMENT 'when the writer staged the batch, UTC',
  event_date string COMMENT 'UTC date of event_timestamp, YYYY-MM-DD',
  event_hour int COMMENT 'UTC hour of event_timestamp, 0-23',
  schema_version string COMMENT 'version of this row layout, semver',
  source_kind string COMMENT 'live, or replay for files, backfills and gap fills',
  rc_timestamp timestamp COMMENT 'MediaWiki time of the change, UTC: orders edits of one page',
  is_minor boolean COMMENT 'minor edit, NULL where the event does not say',
  is_patrolled boolean COMMENT 'patrolled, NULL where the wiki does not patrol',
  request_id string COMMENT 'meta.request_id: shared by many categorize events',
  schema_uri string COMMENT '$schema of the event',
  log_id bigint COMMENT 'log entry id, 0 for abuse filter hits',
  log_type string COMMENT 'log type, log events only',
  log_action string COMMENT 'log action, log events only',
  log_params string COMMENT 'log parameters as JSON text: object, array or string upstream',
  source_topic string COMMENT 'meta.topic: upstream topic, its prefix is the data centre',
  source_partition int COMMENT 'meta.partition: upstream partition',
  source_offset bigint COMMENT 'meta.offset: upstream offset',
  ingest_lag_ms bigint COMMENT 'bronze_processed_at - event_timestamp in ms, signed',
  batch_id string COMMENT 'id of the stage object the row came from',
  raw_event string COMMENT 'the record value, unchanged'
)
PARTITIONED BY (event_date, event_hour)
LOCATION 's3://${lake_bucket}/bronze/raw_events/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '36000'
)
