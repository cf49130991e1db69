-- The last ten-minute window of each watched page that had one: a page nobody edits keeps the window of its last edit.
CREATE OR REPLACE VIEW ${database_prefix}_gold.watchlist_now AS
WITH watched AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY wiki, title ORDER BY window_start DESC) AS age
  FROM ${database_prefix}_gold.entity_metrics_10min
  WHERE is_watched
)
SELECT
  wiki,
  title,
  namespace,
  watch_id,
  entity_label,
  window_start,
  window_end,
  edit_count,
  bot_edits,
  human_edits,
  anonymous_edits,
  registered_edits,
  unique_users,
  top_user_share,
  bytes_added,
  bytes_removed,
  large_deletions,
  revert_count,
  reverted_edits,
  abuse_filter_hits,
  is_edit_war,
  anomaly_score,
  is_anomaly
FROM watched
WHERE age = 1
