-- What the silver gate looks at. ${branch} is the candidate, ${main} what readers see, bronze_increment what was consumed.

-- @view bronze
select event_id from bronze_increment

-- The rows of the increment as they are on the branch, new or not.
-- @view primary cached
select b.*
from ${branch} b
where b.event_date in (${dates})
  and ${branch_ranges}
  and b.event_id in (select event_id from bronze_increment)
  and not exists (select 1 from judged j where j.event_id = b.event_id and j.refused_by is not null)

-- @view accounting cached
select
  (select count(*) from bronze_increment) as bronze_rows,
  (select count(*) from primary) as silver_rows,
  (select count(*) - count(distinct event_id) from bronze_increment) as duplicate_rows,
  (select count(*) from judged where refused_by is not null) as quarantined_rows

-- The same ids on the days around: a copy that the MERGE did not look at, for lying in the partition of another day. An id
-- says nothing of where to look; the time does, and a day of ids is more than all that a cycle reads else.
-- @view neighbours
select b.event_id
from ${branch} b
where b.event_date in (${neighbour_dates})
  and ${branch_ranges}
  and b.event_id in (select event_id from bronze_increment)

-- @view branch_run
select event_id from ${branch} where event_date in (${dates}) and silver_processed_at = ${run_at}
