-- Which pages were emptied, and nobody has put them back?
-- Last seven days, articles, humans only.
--
-- event_timestamp: when the page was emptied, UTC
-- wiki: database name of the wiki
-- title: page
-- user_normalized: who emptied it
-- length_old: bytes before
-- length_new: bytes left
SELECT
  e.event_timestamp,
  e.wiki,
  e.title,
  e.user_normalized,
  e.length_old,
  e.length_new
FROM silver.cleaned_events e
LEFT JOIN silver.reverts r ON r.reverted_event_id = e.event_id
WHERE e.event_date >= (SELECT date_format(date_parse(max(event_date), '%Y-%m-%d') - INTERVAL '6' DAY, '%Y-%m-%d') FROM silver.cleaned_events)
  AND e.is_blanking
  AND e.namespace = 0
  AND NOT e.is_bot
  AND e.revert_method IS NULL
  AND r.revert_event_id IS NULL
ORDER BY e.event_timestamp DESC
LIMIT 100
