-- Does the source send fields or values that it did not send before?
-- Event types and schema versions of the last seven days of bronze.
--
-- event_type: type of change
-- schema_uri: version of the source's schema
-- first_seen: first day of these seven on which the pair came
-- events: records
SELECT
  event_type,
  schema_uri,
  min(event_date) AS first_seen,
  count(*) AS events
FROM bronze.raw_events
WHERE event_date >= (SELECT date_format(date_parse(max(event_date), '%Y-%m-%d') - INTERVAL '6' DAY, '%Y-%m-%d') FROM bronze.raw_events)
GROUP BY event_type, schema_uri
ORDER BY events DESC
