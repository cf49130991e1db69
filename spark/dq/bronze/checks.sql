-- What the bronze gate looks at: the increment, never the table by date. ${bronze} is main at the snapshot consumed to.

-- @view primary
select * from bronze_increment

-- A doubled commit repeats offsets: the days of the increment, within its offsets, show it also across increments.
-- @view bronze_days
select kafka_topic, kafka_partition, kafka_offset, event_id
from ${bronze}
where event_date in (${dates})
  and kafka_offset between ${first_offset} and ${last_offset}
