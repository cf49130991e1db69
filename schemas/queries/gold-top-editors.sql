-- Which people edit the most?
-- The newest day, bots left out.
--
-- user_normalized: user
-- user_kind: registered, temporary, ip
-- edits: edits and new pages on all wikis
-- wikis: wikis edited
-- pages_edited: pages edited, added up over wikis
-- bytes_changed: bytes added and removed
-- reverted_edits: edits that others undid within 48 hours
SELECT
  user_normalized,
  max(user_kind) AS user_kind,
  sum(edits) AS edits,
  count(DISTINCT server_name) AS wikis,
  sum(pages_edited) AS pages_edited,
  sum(bytes_changed) AS bytes_changed,
  sum(reverted_edits) AS reverted_edits
FROM gold.user_daily
WHERE stat_date = (SELECT max(stat_date) FROM gold.user_daily)
  AND NOT is_bot
  AND edits > 0
GROUP BY user_normalized
ORDER BY edits DESC, user_normalized
LIMIT 50
