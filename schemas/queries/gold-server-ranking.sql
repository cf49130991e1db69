-- Which servers are the busiest over 1, 7 and 30 days?
-- The 20 best of each period, as of the newest day.
--
-- period_days: days counted back
-- rank: 1 is the busiest
-- server_name: host name of the wiki
-- edit_count: edits and new pages outside talk pages
-- unique_users: distinct users
-- percentile: 1 for the busiest of all servers
SELECT
  period_days,
  rank,
  server_name,
  edit_count,
  unique_users,
  percentile
FROM gold.historical_server_rankings
WHERE as_of_date = (SELECT max(as_of_date) FROM gold.historical_server_rankings)
  AND rank <= 20
ORDER BY period_days, rank, server_name
