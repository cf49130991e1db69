-- Accounts that are trusted, from schemas/rules/trusted.yml. Key: user_normalized. Replaced whole when the file changes.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.dim_trusted (
  user_normalized string COMMENT 'key: user name with spaces',
  role string COMMENT 'bot for a bot without the flag, reverter',
  wikis string COMMENT 'comma list of database names, NULL for all',
  reason string COMMENT 'why',
  loaded_at timestamp COMMENT 'run that replaced the rows, UTC'
)
LOCATION 's3://${lake_bucket}/ops/dim_trusted/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
