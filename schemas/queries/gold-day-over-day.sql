-- How does each day compare with the day before?
-- All wikis, last 30 days that have data.
--
-- stat_date: UTC date
-- total_events: events of every type
-- change_percentage: against the day before it in the table, NULL for the first
-- new_pages: pages created
-- large_deletions: edits that removed more than 5,000 bytes
WITH day AS (
  SELECT
    stat_date,
    sum(total_events) AS total_events,
    sum(type_new) AS new_pages,
    sum(large_deletions) AS large_deletions
  FROM gold.hourly_stats
  GROUP BY stat_date
)
SELECT
  stat_date,
  total_events,
  100e0 * (total_events - lag(total_events) OVER (ORDER BY stat_date)) / lag(total_events) OVER (ORDER BY stat_date) AS change_percentage,
  new_pages,
  large_deletions
FROM day
ORDER BY stat_date DESC
LIMIT 30
