-- How long do events take until they can be queried?
-- By hour of the event, for live events of the last two days of bronze.
--
-- event_date: UTC date
-- event_hour: UTC hour
-- events: records delivered
-- p50_s: half of them were staged within this many seconds of the event
-- p95_s: 95 in 100
-- p99_s: 99 in 100
SELECT
  event_date,
  event_hour,
  count(*) AS events,
  approx_percentile(ingest_lag_ms, 0.5) / 1000.0 AS p50_s,
  approx_percentile(ingest_lag_ms, 0.95) / 1000.0 AS p95_s,
  approx_percentile(ingest_lag_ms, 0.99) / 1000.0 AS p99_s
FROM bronze.raw_events
WHERE source_kind = 'live'
  AND event_date >= (SELECT date_format(date_parse(max(event_date), '%Y-%m-%d') - INTERVAL '1' DAY, '%Y-%m-%d') FROM bronze.raw_events)
GROUP BY event_date, event_hour
ORDER BY event_date DESC, event_hour DESC
