-- How fast is an edit undone, and by which means?
-- By wiki and method, reverts of somebody else's edit whose victim was seen too.
--
-- wiki: database name of the wiki
-- method: rollback, undo, tool, manual by the summary, else byte_inverse or restored_length
-- reverts: reverts
-- p50_s: half of them came within this many seconds
-- p90_s: nine in ten
-- mean_confidence: 0-1, how sure it is that they are reverts
SELECT
  wiki,
  method,
  count(*) AS reverts,
  approx_percentile(seconds_to_revert, 0.5) AS p50_s,
  approx_percentile(seconds_to_revert, 0.9) AS p90_s,
  avg(confidence) AS mean_confidence
FROM silver.reverts
WHERE seconds_to_revert IS NOT NULL
  AND NOT is_self_revert
GROUP BY wiki, method
ORDER BY reverts DESC, wiki, method
LIMIT 100
