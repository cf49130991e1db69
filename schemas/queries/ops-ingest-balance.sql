-- Is every event that the source sent accounted for?
-- By hour and source topic; unaccounted must be 0.
--
-- hour_start: hour, UTC
-- source_topic: the data centre's topic
-- received: events received
-- acked: acknowledged on raw-events
-- rejected: acknowledged on dlq-events
-- duplicates: repeats dropped
-- canaries: heartbeats dropped
-- unaccounted: received less all of these
SELECT
  date_trunc('hour', "minute") AS hour_start,
  source_topic,
  sum(received) AS received,
  sum(acked) AS acked,
  sum(rejected) AS rejected,
  sum(duplicates) AS duplicates,
  sum(canaries) AS canaries,
  sum(received - canaries - duplicates - acked - rejected) AS unaccounted
FROM ops.ingest_minutes
GROUP BY date_trunc('hour', "minute"), source_topic
ORDER BY hour_start DESC, source_topic
LIMIT 100
