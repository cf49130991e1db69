-- Which users need a look, and what is the evidence?
-- The newest day, second model, highest score first.
--
-- entity_id: user
-- user_kind: registered, temporary, ip
-- risk_score: 0-100
-- risk_level: HIGH from 70, MEDIUM from 40, else LOW
-- total_edits: edits of the day without bots
-- reverted_edits: of these undone by others within 48 hours
-- evidence: JSON, each piece of evidence with its value and points
-- alert_triggered: a notice was sent
SELECT
  entity_id,
  user_kind,
  risk_score,
  risk_level,
  total_edits,
  reverted_edits,
  evidence,
  alert_triggered
FROM gold.risk_scores
WHERE stat_date = (SELECT max(stat_date) FROM gold.risk_scores)
  AND entity_type = 'user'
  AND model_version = 'v2'
ORDER BY risk_score DESC, entity_id
LIMIT 50
