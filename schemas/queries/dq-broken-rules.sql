-- Which data-quality rules were not met, and by how much?
-- Last seven days, newest first.
--
-- evaluated_at: when, UTC
-- rule_id: rule
-- table_name: table judged
-- status: WARNED, FAILED, ERROR
-- metric_value: what was measured
-- threshold: what was asked
-- failure_reason: for a person
-- evidence: JSON with sample keys
SELECT
  evaluated_at,
  rule_id,
  table_name,
  status,
  metric_value,
  threshold,
  failure_reason,
  evidence
FROM dq_audit.quality_results
WHERE status NOT IN ('PASSED', 'SKIPPED')
  AND run_date >= (SELECT date_format(date_parse(max(run_date), '%Y-%m-%d') - INTERVAL '6' DAY, '%Y-%m-%d') FROM dq_audit.quality_results)
ORDER BY evaluated_at DESC, rule_id
LIMIT 100
