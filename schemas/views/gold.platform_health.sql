-- Both health scores by day, over the domains in scope, with what they are made of.
CREATE OR REPLACE VIEW ${database_prefix}_gold.platform_health AS
SELECT
  summary_date,
  platform_health_score,
  platform_health_score_v2,
  is_complete,
  hours_elapsed,
  total_events,
  total_edits,
  registered_events,
  reverted_edits,
  total_bytes_added,
  total_bytes_removed,
  large_deletions_count,
  high_risk_user_count,
  medium_risk_user_count,
  low_risk_user_count,
  risk_model_version,
  feed_gap_seconds
FROM ${database_prefix}_gold.daily_analytics_summary
