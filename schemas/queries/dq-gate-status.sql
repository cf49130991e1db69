-- Did the last check of each layer pass?
-- One row per gate.
--
-- gate: bronze_dq, silver_dq, gold_dq
-- status: PASSED, WARNED, FAILED, ERROR
-- evaluated_at: when, UTC
-- mode: live, catchup, replay
-- rules: rules evaluated
-- failed_rules: rules that failed, NULL if none
SELECT
  gate,
  status,
  evaluated_at,
  mode,
  rules,
  failed_rules
FROM dq_audit.gate_status
ORDER BY gate
