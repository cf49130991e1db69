-- How did the columns change over time?
-- Profiles of the last seven days, whole tables.
--
-- table_name: table
-- column_name: column
-- metric_name: null_rate, mean, p95 and so on
-- newest_value: value of the newest run
-- lowest: least of the seven days
-- highest: most of the seven days
-- runs: profiles
SELECT
  table_name,
  column_name,
  metric_name,
  max_by(metric_value, profiled_at) AS newest_value,
  min(metric_value) AS lowest,
  max(metric_value) AS highest,
  count(*) AS runs
FROM dq_audit.profile_metrics
WHERE segment = '*'
  AND run_date >= (SELECT date_format(date_parse(max(run_date), '%Y-%m-%d') - INTERVAL '6' DAY, '%Y-%m-%d') FROM dq_audit.profile_metrics)
GROUP BY table_name, column_name, metric_name
ORDER BY table_name, column_name, metric_name
LIMIT 500
