-- Domains that are known, from schemas/rules/domains.yml. Key: domain. Replaced whole when the file changes.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.dim_domain (
  domain string COMMENT 'key, for example en.wikipedia.org',
  wiki string COMMENT 'database name of the wiki',
  language string COMMENT 'language code',
  project string COMMENT 'wikipedia and so on',
  region string COMMENT 'asia_pacific, europe, americas, middle_east, other',
  in_scope boolean COMMENT 'counts in the daily summary and in risk v1',
  loaded_at timestamp COMMENT 'run that replaced the rows, UTC'
)
LOCATION 's3://${lake_bucket}/ops/dim_domain/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
