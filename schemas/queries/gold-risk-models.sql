-- Where do the two risk models disagree?
-- Users of the newest day whose level differs.
--
-- entity_id: user
-- level_v1: level by the fixed rules
-- level_v2: level by evidence from each edit
-- score_v1: score by the fixed rules
-- score_v2: score by evidence from each edit
-- reverted_edits: edits that others undid within 48 hours: what the models are judged by
SELECT
  one.entity_id,
  one.risk_level AS level_v1,
  two.risk_level AS level_v2,
  one.risk_score AS score_v1,
  two.risk_score AS score_v2,
  two.reverted_edits
FROM gold.risk_scores one
JOIN gold.risk_scores two
  ON two.stat_date = one.stat_date
  AND two.entity_type = one.entity_type
  AND two.entity_id = one.entity_id
  AND two.model_version = 'v2'
WHERE one.stat_date = (SELECT max(stat_date) FROM gold.risk_scores)
  AND one.entity_type = 'user'
  AND one.model_version = 'v1'
  AND one.risk_level <> two.risk_level
ORDER BY abs(one.risk_score - two.risk_score) DESC, one.entity_id
LIMIT 50
