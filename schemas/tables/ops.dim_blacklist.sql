-- Terms to find, from schemas/rules/blacklist.yml. Key: term_id. Replaced whole when the file changes.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.dim_blacklist (
  term_id string COMMENT 'key',
  pattern string COMMENT 'keyword or regular expression',
  pattern_type string COMMENT 'keyword, regex',
  fields string COMMENT 'comma list of title, comment, user',
  wikis string COMMENT 'comma list of database names, NULL for all',
  whole_word boolean COMMENT 'a keyword counts only between characters that are no letters or digits',
  case_sensitive boolean COMMENT 'otherwise compared in lower case',
  severity string COMMENT 'info, warning, critical',
  adds_risk boolean COMMENT 'counts in the score of an edit',
  expires string COMMENT 'last UTC date the term counts, NULL for ever',
  loaded_at timestamp COMMENT 'run that replaced the rows, UTC'
)
LOCATION 's3://${lake_bucket}/ops/dim_blacklist/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
