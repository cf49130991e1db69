-- Each rule by day, over the 30 days up to the newest result.
CREATE OR REPLACE VIEW ${database_prefix}_dq_audit.rule_trend AS
WITH newest AS (
  SELECT date_format(date_parse(max(run_date), '%Y-%m-%d') - INTERVAL '29' DAY, '%Y-%m-%d') AS first_date
  FROM ${database_prefix}_dq_audit.quality_results
)
SELECT
  r.run_date,
  r.gate,
  r.table_name,
  r.rule_id,
  max(r.severity) AS severity,
  count(*) AS evaluations,
  count_if(r.status IN ('FAILED', 'ERROR')) AS failed,
  count_if(r.status = 'WARNED') AS warned,
  min(r.metric_value) AS metric_min,
  avg(r.metric_value) AS metric_avg,
  max(r.metric_value) AS metric_max,
  max_by(r.metric_value, r.evaluated_at) AS metric_last
FROM ${database_prefix}_dq_audit.quality_results r
JOIN newest n ON r.run_date >= n.first_date
GROUP BY r.run_date, r.gate, r.table_name, r.rule_id
