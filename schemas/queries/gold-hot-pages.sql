-- Which pages are edited far more than usual?
-- The ten-minute windows of the newest day, watched or busy pages.
--
-- window_start: start of the ten minutes, UTC
-- wiki: database name of the wiki
-- title: page
-- edit_count: edits in the window
-- unique_users: people in the window
-- anomaly_score: robust deviations from the usual, NULL without seven days of history
-- is_anomaly: 6 or more
-- is_edit_war: three reverts by two people within 24 hours
SELECT
  window_start,
  wiki,
  title,
  edit_count,
  unique_users,
  anomaly_score,
  is_anomaly,
  is_edit_war
FROM gold.entity_metrics_10min
WHERE stat_date = (SELECT max(stat_date) FROM gold.entity_metrics_10min)
ORDER BY edit_count DESC, window_start DESC, wiki, title
LIMIT 50
