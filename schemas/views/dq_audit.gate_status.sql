-- The last result of each gate: what it was, and how many rules ended how.
CREATE OR REPLACE VIEW ${database_prefix}_dq_audit.gate_status AS
WITH latest AS (
  SELECT gate, max_by(run_id, evaluated_at) AS run_id
  FROM ${database_prefix}_dq_audit.quality_results
  GROUP BY gate
)
SELECT
  r.gate,
  r.run_id,
  max(r.evaluated_at) AS evaluated_at,
  max(r.mode) AS mode,
  CASE
    WHEN count_if(r.status = 'ERROR') > 0 THEN 'ERROR'
    WHEN count_if(r.status = 'FAILED') > 0 THEN 'FAILED'
    WHEN count_if(r.status = 'WARNED') > 0 THEN 'WARNED'
    ELSE 'PASSED'
  END AS status,
  count(*) AS rules,
  count_if(r.status = 'PASSED') AS passed,
  count_if(r.status = 'WARNED') AS warned,
  count_if(r.status = 'FAILED') AS failed,
  count_if(r.status = 'ERROR') AS errors,
  count_if(r.status = 'SKIPPED') AS skipped,
  array_join(array_sort(array_agg(DISTINCT r.rule_id) FILTER (WHERE r.status IN ('FAILED', 'ERROR'))), ', ') AS failed_rules
FROM ${database_prefix}_dq_audit.quality_results r
JOIN latest l ON r.gate = l.gate AND r.run_id = l.run_id
GROUP BY r.gate, r.run_id
