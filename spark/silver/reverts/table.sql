-- Edits that undo others, found from metadata alone. Key: revert_event_id.
-- Self-reverts are kept and marked: everything that counts reverts leaves them out.
CREATE TABLE IF NOT EXISTS ${database_prefix}_silver.reverts (
  revert_event_id string COMMENT 'key: event_id of the edit that undoes',
  wiki string COMMENT 'database name of the wiki',
  title string COMMENT 'page title with spaces',
  namespace int COMMENT 'namespace number',
  reverting_user string COMMENT 'who undid, NULL when hidden',
  reverting_user_kind string COMMENT 'registered, temporary, ip, hidden',
  reverting_revision bigint COMMENT 'revision that the undoing edit made',
  reverted_revision bigint COMMENT 'revision undone: the one named if it is older, else the one before',
  reverted_event_id string COMMENT 'event_id of the edit undone, NULL if it was not captured',
  reverted_user string COMMENT 'who was undone, from the captured edit, else the user named in the summary',
  reverted_user_kind string COMMENT 'kind of the author of the captured edit, NULL if it was not captured',
  method string COMMENT 'rollback, undo, tool, manual by the summary, else byte_inverse or restored_length',
  confidence double COMMENT '0-1: 0.99 summary and bytes, 0.97 revision named, 0.95 bytes, 0.90 summary, 0.80 restored length',
  is_self_revert boolean COMMENT 'the author undid an edit of their own',
  undone_revisions int COMMENT 'captured revisions undone, NULL when the page was not seen at its old length',
  seconds_to_revert bigint COMMENT 'from the edit undone to its revert, NULL if it was not captured',
  reverted_at timestamp COMMENT 'event_timestamp of the edit undone, UTC, NULL if it was not captured',
  event_timestamp timestamp COMMENT 'when it was undone, UTC',
  event_date string COMMENT 'UTC date of event_timestamp, YYYY-MM-DD',
  silver_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (event_date)
LOCATION 's3://${lake_bucket}/silver/reverts/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
