-- Which abuse filters fire, and what do they do?
-- Last seven days.
--
-- wiki: database name of the wiki
-- filter_id: number of the filter on that wiki
-- hits: how often it fired
-- users: distinct users
-- strongest: 1 logged or tagged, 2 warned, 3 stopped
SELECT
  wiki,
  filter_id,
  count(*) AS hits,
  count(DISTINCT user_normalized) AS users,
  max(filter_level) AS strongest
FROM silver.cleaned_events
WHERE log_type = 'abusefilter'
  AND event_date >= (SELECT date_format(date_parse(max(event_date), '%Y-%m-%d') - INTERVAL '6' DAY, '%Y-%m-%d') FROM silver.cleaned_events)
GROUP BY wiki, filter_id
ORDER BY hits DESC, wiki, filter_id
LIMIT 50
