-- What the gold gate looks at. ${branch} is the candidate; silver is counted again, by itself.

-- Rows of touched hours; when nothing but labels has changed, the rows that those are about.
-- @view primary cached
select b.*
from ${branch} b
join touched w on w.stat_date = b.stat_date and w.stat_hour = b.stat_hour
where b.stat_date in (${dates})
union all
select b.*
from ${branch} b
left semi join stored s on s.stat_date = b.stat_date and s.stat_hour = b.stat_hour and s.domain = b.domain
where b.stat_date in (${stored_dates}) and not exists (select 1 from touched)

-- One touched hour, another in each run and the same when a run is tried again, is counted from bronze; of hours that bronze
-- may no longer hold only when there is no other. A touched hour is closed when an event after its end has been consumed.
-- @literals
select
  coalesce(min_by(stat_date, struct(is_old, pick)), '1970-01-01') as recompute_date,
  cast(coalesce(min_by(stat_hour, struct(is_old, pick)), 0) as int) as recompute_hour,
  coalesce(min(is_old), true) as recompute_is_old,
  sort_array(collect_set(if(is_closed, stat_date, null))) as closed_dates,
  coalesce(min(if(is_closed, hour_start, null)), timestamp_ntz'1970-01-01') as closed_from,
  coalesce(max(if(is_closed, hour_start + interval 1 hour, null)), timestamp_ntz'1970-01-01') as closed_until,
  array_distinct(flatten(collect_list(if(is_closed, transform(
    sequence(1, ${dq.gold.baseline_max_age_days}), n -> date_format(date_sub(to_date(stat_date), n), 'yyyy-MM-dd')
  ), array())))) as baseline_dates
from (
  select *, hour_start + interval 1 hour <= ${valid_through} as is_closed,
    stat_date < date_format(date_sub(to_date(${run_at}), ${dq.gold.recompute_days}), 'yyyy-MM-dd') as is_old
  from (
    select stat_date, stat_hour, to_timestamp_ntz(stat_date) + make_dt_interval(0, stat_hour) as hour_start,
      xxhash64(stat_date, stat_hour, ${run_seed}) as pick
    from touched
  )
)

-- @view silver_hours cached
select e.event_date as stat_date, hour(e.event_timestamp) as stat_hour, e.domain, count(*) as events
from ${input} e
join touched w on w.stat_date = e.event_date and w.stat_hour = hour(e.event_timestamp)
where e.event_date in (${dates}) and ${event_ranges}
group by e.event_date, hour(e.event_timestamp), e.domain
union all
-- Labels leave the counts as they were.
select stat_date, stat_hour, domain, total_events from stored where not exists (select 1 from touched)

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat(stat_date, ' ', stat_hour, ' ', domain) as row_key,
  case
    when stat_date is null or stat_hour is null or domain is null or region is null then 'a key is missing'
    when stat_hour not between 0 and 23 then 'no hour of the day'
    when least(
      total_events, unique_users, unique_pages, bytes_added, bytes_removed, bot_edits, human_edits, anonymous_edits,
      type_edit, type_new, type_categorize, type_log, type_other, large_deletions, large_additions, total_edits, abs_bytes,
      temporary_edits, ip_edits, known_bot_edits, minor_edits, patrolled_edits, revert_count, reverted_edits,
      abuse_filter_hits, late_events, signal_events, signal_bot_events, signal_edits, signal_bot_edits, signal_new_pages,
      signal_bytes
    ) < 0 then 'a count is negative'
    when bot_percentage not between 0 and 100 then 'a share is outside its range'
    when (total_edits = 0) <> (avg_edit_size is null) then 'an average does not fit its count'
  end as problem
from primary

-- The same counts from the delivered records. An event that silver refused is not counted, unless another copy came through.
-- @view recompute
with refused as (
  select q.row_key as event_id
  from ${lake}_dq_audit.quarantine q
  left anti join ${input} e
    on e.event_id = q.row_key and e.event_date = ${recompute_date} and hour(e.event_timestamp) = ${recompute_hour}
  where q.layer = 'silver'
    and q.table_name = 'cleaned_events'
    and q.quarantine_date >= date_format(date_sub(to_date(${recompute_date}), 1), 'yyyy-MM-dd')
),
delivered as (
  select d.*, d.event_type in ('edit', 'new') as is_edit, coalesce(d.is_bot, false) as by_bot
  from (
    select *, row_number() over (
      partition by event_id
      order by kafka_timestamp, kafka_partition, kafka_offset, kafka_topic
    ) as copy
    from ${bronze_read}
    where event_date = ${recompute_date} and event_hour = ${recompute_hour}
  ) d
  left anti join refused r on r.event_id = d.event_id
  where d.copy = 1
),
from_bronze as (
  select domain, md5(concat_ws('/',
    count(*), count_if(event_type = 'edit'), count_if(event_type = 'new'), count_if(event_type = 'categorize'),
    count_if(event_type = 'log'), count_if(is_edit), count_if(is_edit and by_bot), count_if(is_edit and not by_bot),
    coalesce(sum(length_delta) filter (where is_edit and length_delta > 0), 0),
    coalesce(sum(-length_delta) filter (where is_edit and length_delta < 0), 0),
    coalesce(sum(abs(length_delta)) filter (where is_edit), 0),
    count_if(is_edit and is_minor), count_if(is_edit and is_patrolled),
    count_if(is_edit and length_delta < ${silver.large_deletion_below}),
    count_if(is_edit and length_delta > ${silver.large_addition_above}),
    size(collect_set(if(is_edit, struct(wiki, title), null)))
  )) as hash
  from delivered
  group by domain
),
from_gold as (
  select domain, md5(concat_ws('/',
    total_events, type_edit, type_new, type_categorize, type_log, total_edits, bot_edits, human_edits, bytes_added,
    bytes_removed, abs_bytes, minor_edits, patrolled_edits, large_deletions, large_additions, unique_pages
  )) as hash
  from primary
  where stat_date = ${recompute_date} and stat_hour = ${recompute_hour}
)
select coalesce(g.domain, b.domain) as domain, g.hash as gold_hash, b.hash as bronze_hash
from from_gold g
full outer join from_bronze b on b.domain = g.domain
where not ${recompute_is_old} or exists (select 1 from from_bronze)
union all
-- Hours that bronze no longer holds: there is nothing to compare with, on either side.
select '*', null, null
where ${recompute_is_old} and not exists (select 1 from from_bronze)

-- Closed hours that the minute tables have counted too; they are kept up for a day.
-- @view live_check
select l.events as live_events, g.events as gold_events
from (
  select hour_start, sum(signal_events) as events
  from primary
  where hour_start >= greatest(${closed_from}, ${valid_through} - interval 23 hours) and hour_start < ${closed_until}
  group by hour_start
) g
join (
  select date_trunc('HOUR', window_start) as hour_start, sum(event_count) as events
  from ${lake}_live.traffic_1min
  where window_date in (${closed_dates}) and window_start >= ${closed_from} and window_start < ${closed_until}
  group by date_trunc('HOUR', window_start)
) l on l.hour_start = g.hour_start
where g.events > 0
union all
-- What there is nothing to say about agrees.
select 1, 1

-- Closed hours against the same hour of 28 days, by the newest baseline of the days before. Some events more or less are
-- nothing on a small wiki, however steady it was: the spread is at least the root of the count, and at least 5.
-- @view drift cached
with usual as (
  select wiki, hour_of_day, as_of_date, median, mad
  from ${lake}_gold.wiki_baselines
  where as_of_date in (${baseline_dates}) and metric = 'hourly_events' and hour_of_day >= 0 and wiki <> '*'
),
compared as (
  select p.stat_date, p.stat_hour, p.domain, p.total_events, max_by(u.median, u.as_of_date) as median, max_by(u.mad, u.as_of_date) as mad
  from primary p
  join usual u
    on u.wiki = p.wiki and u.hour_of_day = p.stat_hour and u.as_of_date < p.stat_date
    and u.as_of_date >= date_format(date_sub(to_date(p.stat_date), ${dq.gold.baseline_max_age_days}), 'yyyy-MM-dd')
  where p.hour_start >= ${closed_from} and p.hour_start < ${closed_until}
  group by p.stat_date, p.stat_hour, p.domain, p.total_events
)
select concat(stat_date, ' ', stat_hour, ' ', domain) as row_key, 'hourly_events' as metric, 0.0D as psi,
  (total_events - median) / greatest(1.4826D * mad, sqrt(median), 5.0D) as z, cast(null as string) as reason
from compared
union all
select '*', '*', 0.0D, 0.0D, 'no_baseline' where not exists (select 1 from compared)
