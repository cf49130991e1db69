-- gold.wiki_baselines: what is usual for a wiki, from the ${gold.baseline_days} days up to as_of_date. A wiki with fewer than
-- ${gold.baseline_min_days} days has no row, so nothing is measured by it.
-- Cadence Once a day, after ${as_of} has ended: that day, and days whose ${gold.baseline_days} days got or lost rows since.
-- Reads   hourly_stats, the windows that were published before this run, and of silver the lengths of edits. The windows
--         are measured by these rows, and these rows count the windows: each reads what the other published last. The
--         counts of a window do not depend on its score, so this comes to rest.
-- Writes  only rows that differ; a row that no day speaks for any more is deleted in the same MERGE.

-- Not before the mark: windows written by the run that computed the baselines last were not there yet when it did.
-- @view changed_days cached
select distinct stat_date from ${lake}_gold.global_metrics_10min where gold_processed_at >= ${mark} and stat_date <= ${as_of}
union
select distinct stat_date from ${input} where gold_processed_at > ${mark} and stat_date <= ${as_of}

-- @literals
select coalesce((
  select sort_array(collect_set(date_format(day, 'yyyy-MM-dd')))
  from (
    select explode(sequence(to_date(stat_date), date_add(to_date(stat_date), ${gold.baseline_days} - 1))) as day from changed_days
    union all
    select explode(sequence(date_add(to_date(${as_of}), 1 - ${gold.baseline_days}), to_date(${as_of}))) as day
  )
  where date_format(day, 'yyyy-MM-dd') <= ${as_of}
    and (date_format(day, 'yyyy-MM-dd') > ${as_of_before} or day between (
      select min(to_date(stat_date)) from changed_days
    ) and (
      select date_add(max(to_date(stat_date)), ${gold.baseline_days} - 1) from changed_days
    ))
), array()) as candidate_dates

-- A day without an event is no day to look back from.
-- @view as_of_dates cached
select distinct h.stat_date as as_of_date
from ${input} h
where h.stat_date in (${candidate_dates})
  and (h.stat_date > ${as_of_before} or exists (
    select 1 from changed_days c
    where c.stat_date <= h.stat_date and date_add(to_date(c.stat_date), ${gold.baseline_days}) > to_date(h.stat_date)
  ))

-- @view uses cached
select as_of_date, age, date_format(date_add(to_date(as_of_date), -age), 'yyyy-MM-dd') as stat_date
from as_of_dates lateral view explode(sequence(0, ${gold.baseline_days} - 1)) as age

-- @literals
select
  coalesce((select sort_array(collect_set(as_of_date)) from as_of_dates), array()) as dates,
  coalesce((select sort_array(collect_set(stat_date)) from uses), array()) as sample_dates,
  cast((select count(*) from as_of_dates) as int) as touched_windows

-- One row a measurement; hours of the day are spread below. hour is null where a day is the measurement.
-- @view measured
select stat_date, if(grouping(wiki) = 1, '*', wiki) as wiki, 'hourly_events' as metric, stat_hour as hour, cast(sum(total_events) as double) as value
from ${input}
where stat_date in (${sample_dates})
group by grouping sets ((stat_date, stat_hour), (stat_date, stat_hour, wiki))
union all
select stat_date, if(grouping(wiki) = 1, '*', wiki), 'daily_edits', cast(null as int), cast(sum(total_edits) as double)
from ${input}
where stat_date in (${sample_dates})
group by grouping sets ((stat_date), (stat_date, wiki))
union all
select stat_date, scope, inline(array(
  struct('edits_10min' as metric, hour(window_start) as hour, cast(edit_count as double) as value),
  struct('unique_users_10min' as metric, hour(window_start) as hour, cast(unique_users as double) as value),
  struct('revert_rate_10min' as metric, hour(window_start) as hour, revert_rate as value)
))
from ${lake}_gold.global_metrics_10min
where stat_date in (${sample_dates})
union all
select stat_date, wiki, 'entity_edits_10min', hour(window_start), cast(edit_count as double)
from ${lake}_gold.entity_metrics_10min
where stat_date in (${sample_dates})
union all
select stat_date, wiki, if(user_kind = 'registered', 'user_edits_10min_registered', 'user_edits_10min_unregistered'), hour(window_start), cast(edit_count as double)
from ${lake}_gold.user_metrics_10min
where stat_date in (${sample_dates}) and edit_count > 0 and not is_bot
union all
select event_date, wiki, if(user_kind = 'registered', 'length_delta_registered', 'length_delta_unregistered'), cast(null as int), cast(length_delta as double)
from ${cleaned_events}
where event_date in (${sample_dates}) and event_type in ('edit', 'new') and not is_bot and user_kind <> 'hidden'
union all
select event_date, if(grouping(wiki) = 1, '*', wiki), 'high_score_share', cast(null as int), avg(if(edit_score >= ${risk.high_from}, 1D, 0D))
from ${lake}_gold.edit_scores
where event_date in (${sample_dates})
group by grouping sets ((event_date), (event_date, wiki))

-- Equal values once, with their number: what is left is small, whatever the number of events.
-- @view counted
select stat_date, wiki, metric, hour_of_day, value, sum(n) as n
from (
  select stat_date, wiki, metric, hour, value, count(*) as n
  from measured
  where value is not null
  group by stat_date, wiki, metric, hour, value
)
lateral view explode(if(hour is null, array(-1), array(-1, hour))) as hour_of_day
group by stat_date, wiki, metric, hour_of_day, value

-- @view pooled cached
select u.as_of_date, c.wiki, c.metric, c.hour_of_day, c.value, sum(c.n) as n, bit_or(shiftleft(1L, u.age)) as days
from counted c
join uses u on u.stat_date = c.stat_date
group by u.as_of_date, c.wiki, c.metric, c.hour_of_day, c.value

-- @view usual
select
  as_of_date, wiki, metric, hour_of_day,
  sum(n) as sample_count,
  percentile(value, array(0.5D, 0.95D, 0.99D, 0.999D), n) as quantiles
from pooled
group by as_of_date, wiki, metric, hour_of_day
having bit_count(bit_or(days)) >= ${gold.baseline_min_days}

-- @view fresh
select
  u.as_of_date,
  u.wiki,
  u.metric,
  u.hour_of_day,
  max(u.sample_count) as sample_count,
  max(u.quantiles[0]) as median,
  percentile(abs(p.value - u.quantiles[0]), 0.5D, p.n) as mad,
  max(u.quantiles[1]) as p95,
  max(u.quantiles[2]) as p99,
  max(u.quantiles[3]) as p999,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from usual u
join pooled p
  on p.as_of_date = u.as_of_date and p.wiki = u.wiki and p.metric = u.metric and p.hour_of_day = u.hour_of_day
group by u.as_of_date, u.wiki, u.metric, u.hour_of_day

-- @view existing
select t.* from ${target} t where t.as_of_date in (${dates})

-- @changes existing

-- @merge_changes
t.as_of_date in (${dates})
