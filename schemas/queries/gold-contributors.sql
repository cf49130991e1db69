-- Who contributed the most over 1, 7 and 30 days?
-- The 20 first of each period, as of the newest day.
--
-- period_days: days counted back
-- rank: 1 has the most edits
-- user: user
-- is_bot: with the bot flag
-- edit_count: edits and new pages outside talk pages
-- pages_created: pages created
SELECT
  period_days,
  rank,
  "user",
  is_bot,
  edit_count,
  pages_created
FROM gold.historical_top_contributors
WHERE as_of_date = (SELECT max(as_of_date) FROM gold.historical_top_contributors)
  AND rank <= 20
ORDER BY period_days, rank, "user"
