-- Who triggered an alert on which day, by the model that was served then; v2 where no summary says which.
CREATE OR REPLACE VIEW ${database_prefix}_gold.risk_alerts AS
SELECT
  r.stat_date,
  r.entity_type,
  r.entity_id,
  r.model_version,
  r.risk_score,
  r.risk_level,
  r.user_kind,
  r.total_edits,
  r.reverted_edits,
  r.filter_hits,
  r.warnings,
  r.max_edit_score,
  r.evidence,
  r.gold_processed_at
FROM ${database_prefix}_gold.risk_scores r
LEFT JOIN ${database_prefix}_gold.daily_analytics_summary s ON s.summary_date = r.stat_date
WHERE r.alert_triggered
  AND r.model_version = COALESCE(s.risk_model_version, 'v2')
