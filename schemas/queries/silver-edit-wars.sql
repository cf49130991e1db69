-- On which pages do people undo each other?
-- Pages of the newest day with at least three reverts by at least two people; undoing oneself is not counted.
--
-- wiki: database name of the wiki
-- title: page
-- reverts: edits that undo somebody else's
-- reverters: people who undo
-- reverted: people who are undone
-- last_at: the last revert, UTC
SELECT
  wiki,
  title,
  count(*) AS reverts,
  count(DISTINCT reverting_user) AS reverters,
  count(DISTINCT reverted_user) AS reverted,
  max(event_timestamp) AS last_at
FROM silver.reverts
WHERE event_date = (SELECT max(event_date) FROM silver.reverts)
  AND NOT is_self_revert
GROUP BY wiki, title
HAVING count(*) >= 3 AND count(DISTINCT reverting_user) >= 2
ORDER BY reverts DESC, wiki, title
LIMIT 50
