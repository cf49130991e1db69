-- How often the risk models were right, by day: an edit or user at or above the threshold against later reverts.
-- Key: stat_date, wiki, model_version, level, threshold. A day is judged once two days after it are over.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.model_quality (
  stat_date string COMMENT 'UTC date of the edits, YYYY-MM-DD',
  wiki string COMMENT 'database name of the wiki, or * for all',
  model_version string COMMENT 'v1 or v2',
  level string COMMENT 'edit (v2) or user: v1 by risk_score over its domains in scope, v2 by the highest edit score',
  threshold bigint COMMENT 'score from which an edit or user is flagged, 10 to 90',
  scored bigint COMMENT 'edits or users with a score',
  flagged bigint COMMENT 'of these at or above the threshold',
  true_positive bigint COMMENT 'flagged, and it was damage: reverted by another within 48 h; a user with one such edit and half of all',
  false_negative bigint COMMENT 'damage that was not flagged',
  precision double COMMENT 'true_positive / flagged, NULL when nothing was flagged',
  recall double COMMENT 'true_positive / (true_positive + false_negative), NULL without damage',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (stat_date)
LOCATION 's3://${lake_bucket}/gold/model_quality/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
