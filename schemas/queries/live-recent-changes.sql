-- What were the last changes?
-- Edits, new pages and log entries outside talk pages, newest first.
--
-- event_time: when it was made, UTC
-- server_name: wiki
-- title: page
-- user: who made it
-- type: edit, new, log
-- length_diff: bytes added or, when negative, removed
SELECT
  event_time,
  server_name,
  title,
  "user",
  type,
  length_diff
FROM live.realtime_recent_changes
ORDER BY event_time DESC
LIMIT 100
