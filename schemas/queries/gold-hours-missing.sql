-- Is there an hour without any event?
-- Every hour between the first and the last of the last seven days, whether it has rows or not.
--
-- hour_start: start of the hour, UTC
-- total_events: events of every type, 0 where there is no row
WITH span AS (
  SELECT max(hour_start) - INTERVAL '6' DAY AS from_hour, max(hour_start) AS to_hour FROM gold.hourly_stats
),
spine AS (
  SELECT h AS hour_start
  FROM span
  CROSS JOIN UNNEST(sequence(from_hour, to_hour, INTERVAL '1' HOUR)) AS t (h)
)
SELECT
  s.hour_start,
  coalesce(sum(g.total_events), 0) AS total_events
FROM spine s
LEFT JOIN gold.hourly_stats g ON g.hour_start = s.hour_start
GROUP BY s.hour_start
ORDER BY total_events, s.hour_start
LIMIT 48
