-- Which listed terms turned up in titles, summaries and names?
-- Newest first.
--
-- event_timestamp: when, UTC
-- severity: of the term
-- term_id: entry of the list
-- field: where it was found
-- wiki: database name of the wiki
-- title: page
-- user_normalized: who made the change
-- excerpt: beginning of the text it was found in
SELECT
  event_timestamp,
  severity,
  term_id,
  field,
  wiki,
  title,
  user_normalized,
  excerpt
FROM live.blacklist_hits
ORDER BY event_timestamp DESC, event_id
LIMIT 100
