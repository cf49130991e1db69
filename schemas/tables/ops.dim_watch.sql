-- Pages to follow, from schemas/rules/watch-list.yml. Key: watch_id. Replaced whole when the file changes.
CREATE TABLE IF NOT EXISTS ${database_prefix}_ops.dim_watch (
  watch_id string COMMENT 'key',
  position int COMMENT 'order in the file, the first entry that matches a row names it',
  label string COMMENT 'name for people',
  wiki string COMMENT 'database name of the wiki, * for all',
  title string COMMENT 'title, its beginning, or a pattern, by match',
  title_match string COMMENT 'exact, prefix, regex',
  namespaces string COMMENT 'comma list of namespace numbers, NULL for all',
  tags string COMMENT 'comma list',
  severity string COMMENT 'of notices about it: info, warning, critical',
  notify_on string COMMENT 'comma list of anomaly, edit_war, blanking, any_edit',
  mode string COMMENT 'mark, or filter: tables of pages keep only watched ones',
  loaded_at timestamp COMMENT 'run that replaced the rows, UTC'
)
LOCATION 's3://${lake_bucket}/ops/dim_watch/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd'
)
