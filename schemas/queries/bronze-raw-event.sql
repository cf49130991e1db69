-- What exactly did the source say about an edit?
-- The untouched JSON of the largest removal of the newest day; put an event id in place of the condition for any other.
--
-- event_id: the event
-- event_timestamp: when it happened, UTC
-- wiki: database name of the wiki
-- title: page
-- notify_url: a field that has no column, read from the raw text
-- raw_event: the record as it was delivered
SELECT
  event_id,
  event_timestamp,
  wiki,
  title,
  json_extract_scalar(raw_event, '$.notify_url') AS notify_url,
  raw_event
FROM bronze.raw_events
WHERE event_date = (SELECT max(event_date) FROM bronze.raw_events)
  AND length_delta < 0
ORDER BY length_delta, event_id
LIMIT 1
