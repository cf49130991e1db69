-- Which events were delivered more than once?
-- The newest day of bronze. Silver keeps one of them, the first on Kafka.
--
-- event_id: the event
-- deliveries: how often it is in bronze
-- first_kafka_at: broker time of the first delivery, UTC
-- last_kafka_at: broker time of the last delivery, UTC
-- title: page of the event
SELECT
  event_id,
  count(*) AS deliveries,
  min(kafka_timestamp) AS first_kafka_at,
  max(kafka_timestamp) AS last_kafka_at,
  max(title) AS title
FROM bronze.raw_events
WHERE event_date = (SELECT max(event_date) FROM bronze.raw_events)
GROUP BY event_id
HAVING count(*) > 1
ORDER BY deliveries DESC, event_id
LIMIT 100
