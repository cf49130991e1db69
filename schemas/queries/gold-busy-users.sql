-- Which users did the most within ten minutes?
-- The newest day, bots left out.
--
-- window_start: start of the ten minutes, UTC
-- wiki: database name of the wiki
-- user_normalized: user
-- role: bot, known_bot, reverter, newcomer, human
-- edit_count: edits in the window
-- pages_edited: pages edited in the window
-- reverted_edits: of the edits undone by others within 48 hours
SELECT
  window_start,
  wiki,
  user_normalized,
  role,
  edit_count,
  pages_edited,
  reverted_edits
FROM gold.user_metrics_10min
WHERE stat_date = (SELECT max(stat_date) FROM gold.user_metrics_10min)
  AND NOT is_bot
ORDER BY edit_count DESC, window_start DESC, wiki, user_normalized
LIMIT 50
