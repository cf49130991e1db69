-- How was each day, in one row?
-- The wikis in scope, last 30 days.
--
-- summary_date: UTC date
-- total_events: events of every type
-- unique_users: distinct users
-- bot_percentage: share of edits by bots, 0-100
-- net_content_change: bytes added less bytes removed
-- high_risk_user_count: users at level HIGH
-- total_alerts_triggered: users that an alert was sent for
-- platform_health_score: 0-100 by the first formula
-- platform_health_score_v2: 0-100 by the second
-- is_complete: the day is over and its events have arrived
SELECT
  summary_date,
  total_events,
  unique_users,
  bot_percentage,
  net_content_change,
  high_risk_user_count,
  total_alerts_triggered,
  platform_health_score,
  platform_health_score_v2,
  is_complete
FROM gold.daily_analytics_summary
ORDER BY summary_date DESC
LIMIT 30
