-- Events of each minute by server, with where its readers mostly are.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.server_activity AS
SELECT
  window_start,
  server_name,
  language,
  project,
  region,
  sum(event_count) AS event_count,
  sum(bot_events) AS bot_events,
  sum(human_events) AS human_events,
  sum(total_bytes) AS total_bytes,
  sum(unique_users) AS unique_users
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start, server_name, language, project, region
