-- Intervals that the feed did not deliver and nobody has closed yet, oldest first when ordered by gap_start.
CREATE OR REPLACE VIEW ${database_prefix}_ops.open_gaps AS
SELECT
  gap_id,
  source,
  source_topic,
  kind,
  gap_start,
  gap_end,
  detected_at,
  date_diff('second', gap_start, coalesce(gap_end, CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp(6)))) AS gap_s,
  date_diff('second', detected_at, CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp(6))) AS open_s,
  expected_events,
  missing_events,
  evidence
FROM ${database_prefix}_ops.feed_gaps
WHERE status = 'open'
