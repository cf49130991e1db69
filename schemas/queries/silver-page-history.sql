-- What happened to one page, edit by edit?
-- The page with the most edits of the newest day; put a wiki and a title in place of the first part for any other.
--
-- rc_timestamp: when the change was made, UTC
-- user_normalized: who made it
-- user_kind: registered, temporary, ip, hidden
-- length_delta: bytes added or, when negative, removed
-- length_new: length of the page after it
-- revert_method: how it undoes another by its summary, else NULL
-- comment: edit summary, chosen by whoever edits
-- revision_new: revision that it made
WITH page AS (
  SELECT wiki, title
  FROM silver.cleaned_events
  WHERE event_date = (SELECT max(event_date) FROM silver.cleaned_events)
    AND event_type IN ('edit', 'new')
    AND namespace = 0
  GROUP BY wiki, title
  ORDER BY count(*) DESC, wiki, title
  LIMIT 1
)
SELECT
  e.rc_timestamp,
  e.user_normalized,
  e.user_kind,
  e.length_delta,
  e.length_new,
  e.revert_method,
  e."comment",
  e.revision_new
FROM silver.cleaned_events e
JOIN page p ON p.wiki = e.wiki AND p.title = e.title
WHERE e.event_type IN ('edit', 'new')
ORDER BY e.revision_new
LIMIT 200
