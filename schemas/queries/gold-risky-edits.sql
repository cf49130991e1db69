-- Which single edits look like vandalism, and were they undone?
-- The newest day, highest score first.
--
-- event_timestamp: when it was made, UTC
-- wiki: database name of the wiki
-- title: page
-- user_normalized: who made it
-- edit_score: 0-100
-- evidence: JSON, points by piece of evidence
-- reverted_within_48h: undone by somebody else, NULL until that is decided
SELECT
  event_timestamp,
  wiki,
  title,
  user_normalized,
  edit_score,
  evidence,
  reverted_within_48h
FROM gold.edit_scores
WHERE event_date = (SELECT max(event_date) FROM gold.edit_scores)
ORDER BY edit_score DESC, event_timestamp DESC
LIMIT 50
