-- What did the source never deliver?
-- Newest first, closed gaps too.
--
-- gap_start: first moment without data, UTC
-- gap_end: end of the gap, UTC
-- kind: how it was noticed
-- status: open, recovered, lost
-- duration_s: length in seconds
-- expected_events: median of the same minutes in 28 days
-- missing_events: still missing
SELECT
  gap_start,
  gap_end,
  kind,
  status,
  duration_s,
  expected_events,
  missing_events
FROM ops.feed_gaps
ORDER BY gap_start DESC
LIMIT 100
