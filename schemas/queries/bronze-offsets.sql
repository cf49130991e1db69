-- Is every Kafka record in the lake once, and none missing?
-- By partition, over bronze and its dead letters. A topic that was made anew starts at offset 0 again and shows as repeats.
--
-- kafka_topic: topic
-- kafka_partition: its partition
-- first_offset: smallest offset stored
-- last_offset: largest offset stored
-- records: rows stored
-- repeated: rows beyond one for each offset
-- missing: offsets between the first and the last without a row
SELECT
  kafka_topic,
  kafka_partition,
  min(kafka_offset) AS first_offset,
  max(kafka_offset) AS last_offset,
  count(*) AS records,
  count(*) - count(DISTINCT kafka_offset) AS repeated,
  max(kafka_offset) - min(kafka_offset) + 1 - count(DISTINCT kafka_offset) AS missing
FROM (
  SELECT kafka_topic, kafka_partition, kafka_offset FROM bronze.raw_events
  UNION ALL
  SELECT kafka_topic, kafka_partition, kafka_offset FROM bronze.dead_letter WHERE kafka_topic LIKE '%raw-events'
) AS record
GROUP BY kafka_topic, kafka_partition
ORDER BY kafka_topic, kafka_partition
