-- How good are the risk models?
-- All wikis together, by threshold; truth is what others undid within 48 hours.
--
-- level: edit or user: what is judged
-- model_version: v1, v2
-- threshold: from this score on it is flagged
-- flagged: flagged
-- scored: judged
-- precision: share of the flagged that were undone, 0-1
-- recall: share of the undone that were flagged, 0-1
SELECT
  level,
  model_version,
  threshold,
  sum(flagged) AS flagged,
  sum(scored) AS scored,
  CAST(sum(true_positive) AS double) / nullif(sum(flagged), 0) AS "precision",
  CAST(sum(true_positive) AS double) / nullif(sum(true_positive + false_negative), 0) AS recall
FROM gold.model_quality
WHERE wiki = '*'
GROUP BY level, model_version, threshold
ORDER BY level, model_version, threshold
