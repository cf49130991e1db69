-- Which rows were kept out of silver and gold?
-- By rule, with one example.
--
-- table_name: table the rows were meant for
-- rule_id: rule that refused them
-- quarantined_rows: how many
-- newest_at: the last one, UTC
-- example_reason: why, of the newest
-- example_key: its key
SELECT
  table_name,
  rule_id,
  count(*) AS quarantined_rows,
  max(quarantined_at) AS newest_at,
  max_by(reason, quarantined_at) AS example_reason,
  max_by(row_key, quarantined_at) AS example_key
FROM dq_audit.quarantine
GROUP BY table_name, rule_id
ORDER BY quarantined_rows DESC, table_name, rule_id
