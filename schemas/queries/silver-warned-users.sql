-- Who was warned on their talk page, and did they go on editing?
-- Last seven days.
--
-- wiki: database name of the wiki
-- warned_user: whose talk page it was
-- warnings: warnings left
-- last_warning_at: the last one, UTC
-- edits_after: edits of that user on that wiki after the last warning
WITH warned AS (
  SELECT wiki, warned_user, count(*) AS warnings, max(event_timestamp) AS last_warning_at
  FROM silver.cleaned_events
  WHERE is_talk_warning
    AND event_date >= (SELECT date_format(date_parse(max(event_date), '%Y-%m-%d') - INTERVAL '6' DAY, '%Y-%m-%d') FROM silver.cleaned_events)
  GROUP BY wiki, warned_user
)
SELECT
  w.wiki,
  w.warned_user,
  w.warnings,
  w.last_warning_at,
  count(e.event_id) AS edits_after
FROM warned w
LEFT JOIN silver.cleaned_events e
  ON e.wiki = w.wiki
  AND e.user_normalized = w.warned_user
  AND e.event_type IN ('edit', 'new')
  AND e.event_timestamp > w.last_warning_at
GROUP BY w.wiki, w.warned_user, w.warnings, w.last_warning_at
ORDER BY edits_after DESC, w.warnings DESC
LIMIT 50
