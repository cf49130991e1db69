-- What was refused, with its reason and its bytes: one row per record.
-- Key: dead_letter_id, (kafka_topic, kafka_partition, kafka_offset) never also in raw_events.
-- Partitioned by the day of the Kafka record, so that a redelivery lands on itself.
CREATE TABLE IF NOT EXISTS ${database_prefix}_bronze.dead_letter (
  dead_letter_id string COMMENT 'sha256 of the record: coordinates, broker time and bytes',
  received_at timestamp COMMENT 'when the record was first refused, UTC',
  stage string COMMENT 'who refused it: shim, bronze_writer, mapping',
  reason string COMMENT 'closed list, see docs: invalid_utf8, invalid_json, ...',
  detail string COMMENT 'which field, which limit, never event text',
  event_id string COMMENT 'meta.id where it could be read',
  wiki string COMMENT 'wiki where it could be read',
  kafka_topic string COMMENT 'topic of the refused record: raw-events, or dlq-events when the shim refused it',
  kafka_partition int COMMENT 'partition of that topic',
  kafka_offset bigint COMMENT 'offset in that partition',
  kafka_timestamp timestamp COMMENT 'time the broker appended the record, UTC, tells a recreated topic from a redelivery',
  raw_base64 string COMMENT 'the bytes, the first 64 KiB when larger',
  raw_bytes bigint COMMENT 'length of the bytes before any cut',
  is_truncated boolean COMMENT 'true when raw_base64 is cut',
  attempts int COMMENT 'deliveries tried before giving up',
  disposition string COMMENT 'open, replayed, discarded',
  disposition_at timestamp COMMENT 'when the disposition was set, UTC',
  dl_date string COMMENT 'UTC date of the record on Kafka, YYYY-MM-DD',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (dl_date)
LOCATION 's3://${lake_bucket}/bronze/dead_letter/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '36000'
)
