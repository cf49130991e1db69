-- Bots and humans of each minute.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.user_distribution AS
SELECT
  window_start,
  sum(bot_events) AS bot_events,
  sum(human_events) AS human_events,
  sum(anonymous_events) AS anonymous_events,
  100 * CAST(sum(bot_events) AS double) / nullif(sum(event_count), 0) AS bot_percentage
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start
