-- When is the most going on?
-- The 24 busiest hours of the last seven days, all wikis.
--
-- hour_start: start of the hour, UTC
-- total_events: events of every type
-- total_edits: edits and new pages
-- bot_percentage: share of these edits by bots, 0-100
-- bytes_added: bytes added by edits
-- bytes_removed: bytes removed, as a positive number
SELECT
  hour_start,
  sum(total_events) AS total_events,
  sum(total_edits) AS total_edits,
  100e0 * sum(bot_edits) / nullif(sum(total_edits), 0) AS bot_percentage,
  sum(bytes_added) AS bytes_added,
  sum(bytes_removed) AS bytes_removed
FROM gold.hourly_stats
WHERE stat_date >= (SELECT date_format(date_parse(max(stat_date), '%Y-%m-%d') - INTERVAL '6' DAY, '%Y-%m-%d') FROM gold.hourly_stats)
GROUP BY hour_start
ORDER BY total_events DESC
LIMIT 24
