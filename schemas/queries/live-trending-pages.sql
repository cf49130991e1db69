-- Which pages are being edited the most this quarter of an hour?
-- Counted back from the newest minute.
--
-- rank: 1 has the most edits
-- wiki: database name of the wiki
-- title: page
-- edit_count: edits and new pages
-- unique_users_peak: the most people of any one minute
-- net_bytes: bytes added less removed
SELECT
  rank,
  wiki,
  title,
  edit_count,
  unique_users_peak,
  net_bytes
FROM live.top_pages
WHERE lookback_minutes = 15
ORDER BY rank
