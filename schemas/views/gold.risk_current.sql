-- Scores of the newest day by the model that is served: users, pages and wikis.
-- Which model that is, is what the newest day of the summary was counted by (risk.serving_model).
CREATE OR REPLACE VIEW ${database_prefix}_gold.risk_current AS
SELECT
  r.stat_date,
  r.entity_type,
  r.entity_id,
  r.model_version,
  r.risk_score,
  r.risk_level,
  r.alert_triggered,
  r.user_kind,
  r.is_trusted,
  r.total_edits,
  r.reverted_edits,
  r.large_deletions,
  r.domains_edited,
  r.edits_per_hour_avg,
  r.filter_hits,
  r.warnings,
  r.max_edit_score,
  r.evidence,
  r.gold_processed_at
FROM ${database_prefix}_gold.risk_scores r
WHERE r.stat_date = (SELECT max(stat_date) FROM ${database_prefix}_gold.risk_scores)
  AND r.model_version = COALESCE(
    (SELECT max_by(risk_model_version, summary_date) FROM ${database_prefix}_gold.daily_analytics_summary), 'v2'
  )
