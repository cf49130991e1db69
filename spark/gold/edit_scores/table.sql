-- One row per edit without the bot flag: how likely it is to be damage, and why. Key: event_id, model_version.
-- A score knows what was known five minutes after the edit; what became of the edit stands beside it, two days later.
CREATE TABLE IF NOT EXISTS ${database_prefix}_gold.edit_scores (
  event_id string COMMENT 'key: event_id of the edit',
  model_version string COMMENT 'key: v2, the model that scores edits',
  wiki string COMMENT 'database name of the wiki',
  domain string COMMENT 'for example en.wikipedia.org',
  in_scope boolean COMMENT 'domain is one of the configured ones',
  title string COMMENT 'page title with spaces',
  namespace int COMMENT 'namespace number',
  revision_new bigint COMMENT 'revision that the edit made',
  user_normalized string COMMENT 'who edited, NULL when hidden',
  user_kind string COMMENT 'registered, temporary, ip, hidden',
  event_timestamp timestamp COMMENT 'time of the edit, UTC',
  event_date string COMMENT 'UTC date of event_timestamp, YYYY-MM-DD',
  is_large_deletion boolean COMMENT 'length_delta below -5000, configurable',
  edit_score double COMMENT '0-100: sum of the evidence, cut at both ends',
  edit_level string COMMENT 'HIGH from 70, MEDIUM from 40, else LOW',
  evidence string COMMENT 'JSON: each evidence that counts, with its value and points',
  ev_blanking int COMMENT 'points: a page of some length lost nine tenths or more, and this is no revert',
  ev_removed_share int COMMENT 'points: half the page or more removed, and this is no revert',
  ev_size_outlier int COMMENT 'points: change of length far from what is usual for the wiki and group',
  ev_unregistered int COMMENT 'points: temporary account or address',
  ev_new_account int COMMENT 'points: account made less than four days before',
  ev_no_summary int COMMENT 'points: summary empty or only a section, more when unregistered',
  ev_tiny_new_page int COMMENT 'points: new article of a few words, not a redirect',
  ev_filter_hit int COMMENT 'points: an abuse filter reacted to the user, by how hard it did',
  ev_recent_reverted int COMMENT 'points: edits of the user reverted by others in the day before',
  ev_talk_warned int COMMENT 'points: warnings to the user in the 14 days before',
  ev_page_contested int COMMENT 'points: three reverts by two users on the page in the day before',
  ev_burst int COMMENT 'points: more edits in ten minutes than one user in a thousand makes',
  ev_multi_wiki int COMMENT 'points: three wikis within the hour, unregistered or new',
  ev_blacklist int COMMENT 'points: a listed term that adds risk',
  ev_patrolled int COMMENT 'points below zero: the wiki trusts the author',
  ev_revert_role int COMMENT 'points below zero: the edit undoes that of somebody else',
  ev_small_minor int COMMENT 'points below zero: small, marked minor, registered',
  ev_trusted int COMMENT 'points below zero: listed as trusted, or known to revert well',
  reverted_within_48h boolean COMMENT 'somebody else undid it within two days; NULL until two days are over',
  label_at timestamp COMMENT 'when the two days were over, UTC; NULL until then',
  gold_processed_at timestamp COMMENT 'run that wrote or changed the row, UTC; the end of the two days alone does not move it',
  schema_version string COMMENT 'version of this row layout, semver'
)
PARTITIONED BY (event_date)
LOCATION 's3://${lake_bucket}/gold/edit_scores/'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '259200'
)
