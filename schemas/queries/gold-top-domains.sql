-- Which wikis are the busiest, and how much of it is undone?
-- The newest day.
--
-- domain: host name of the wiki
-- region: where its readers mostly are
-- total_events: events of every type
-- total_edits: edits and new pages
-- reverted_share: share of the edits that others undid within 48 hours, 0-1
-- anonymous_share: share of human edits without an account, 0-1
SELECT
  domain,
  max(region) AS region,
  sum(total_events) AS total_events,
  sum(total_edits) AS total_edits,
  CAST(sum(reverted_edits) AS double) / nullif(sum(total_edits), 0) AS reverted_share,
  CAST(sum(anonymous_edits) AS double) / nullif(sum(human_edits), 0) AS anonymous_share
FROM gold.hourly_stats
WHERE stat_date = (SELECT max(stat_date) FROM gold.hourly_stats)
GROUP BY domain
ORDER BY total_events DESC, domain
LIMIT 25
