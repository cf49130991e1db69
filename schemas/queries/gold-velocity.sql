-- How does the pace change over the day, and how late do events come?
-- All wikis together, the newest day in ten-minute windows.
--
-- window_start: start of the ten minutes, UTC
-- edits_per_minute: edits and new pages a minute
-- bot_share: share by bots, 0-1
-- revert_rate: reverting edits by edits
-- lag_p95_s: 95 in 100 events were staged within this many seconds
-- health_indicator: 0-100
SELECT
  window_start,
  edits_per_minute,
  bot_share,
  revert_rate,
  lag_p95_s,
  health_indicator
FROM gold.global_metrics_10min
WHERE scope = '*'
  AND stat_date = (SELECT max(stat_date) FROM gold.global_metrics_10min)
ORDER BY window_start DESC
