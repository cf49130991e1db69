-- What is going on right now?
-- The last 15 minutes, all wikis. Not gated: a few seconds to a minute behind the source.
--
-- window_start: minute, UTC
-- event_count: edits, new pages and log entries outside talk pages
-- bot_events: of these by bots
-- human_events: of these by people
-- bytes_added: bytes added
-- bytes_removed: bytes removed
SELECT
  window_start,
  sum(event_count) AS event_count,
  sum(bot_events) AS bot_events,
  sum(human_events) AS human_events,
  sum(bytes_added) AS bytes_added,
  sum(bytes_removed) AS bytes_removed
FROM live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '15' MINUTE FROM live.traffic_1min)
GROUP BY window_start
ORDER BY window_start DESC
