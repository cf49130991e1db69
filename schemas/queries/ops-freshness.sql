-- How old is the newest row of each layer?
--
-- layer: layer
-- table_name: table
-- newest_row_at: when its newest row was written, UTC
-- newest_event_at: the newest event time it reaches, UTC
-- age_s: seconds since the newest row
SELECT
  layer,
  table_name,
  newest_row_at,
  newest_event_at,
  age_s
FROM ops.freshness
ORDER BY age_s DESC
