-- How risky a user, a page or a wiki was on a day, by both models. Key: stat_date, entity_type, entity_id, model_version.
-- v1: fixed rules over the domains in scope, users only. v2: rolled up from edit_scores. Only edits without the bot flag count.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.risk_scores (
  stat_date string COMMENT 'UTC date, YYYY-MM-DD',
  entity_type string COMMENT 'user; v2 also page and wiki',
  entity_id string COMMENT 'user_normalized; wiki:title; wiki',
  model_version string COMMENT 'v1 or v2',
  total_edits bigint COMMENT 'edits of the day without the bot flag; v1 in scope only',
  large_deletions bigint COMMENT 'of these with is_large_deletion',
  domains_edited bigint COMMENT 'distinct domains of these edits',
  active_hours int COMMENT 'distinct clock hours with such an edit',
  edits_per_hour_avg double COMMENT 'total_edits / active_hours',
  user_kind string COMMENT 'registered, temporary, ip; NULL for pages and wikis',
  is_trusted boolean COMMENT 'listed as trusted, or known to revert well; false for pages and wikis',
  anonymous_edits bigint COMMENT 'of total_edits those by unregistered users',
  reverted_edits bigint COMMENT 'of total_edits those undone by others within 48 h, as far as known',
  filter_hits bigint COMMENT 'abuse filter hits of the user on the day, NULL for pages and wikis',
  warnings bigint COMMENT 'warnings to the user on the day, NULL for pages and wikis',
  max_edit_score double COMMENT 'highest edit_score of the day, v2 only',
  risk_score double COMMENT '0-100',
  risk_level string COMMENT 'HIGH from 70, MEDIUM from 40, else LOW',
  evidence string COMMENT 'JSON: each evidence with its value and points; v2 also the kinds of the highest edit',
  alert_triggered boolean COMMENT 'v1: HIGH. v2: HIGH, not trusted, two kinds of evidence or more',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (stat_date)
LOCATION 's3://${lake_bucket}/gold/risk_scores/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
