-- Events of each minute by language edition; mul is what has no one language.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.language_activity AS
SELECT
  window_start,
  language,
  project,
  region,
  sum(event_count) AS event_count,
  sum(bot_events) AS bot_events,
  sum(human_events) AS human_events,
  sum(total_bytes) AS total_bytes
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start, language, project, region
