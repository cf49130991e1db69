-- gold.historical_server_rankings: a day with new events changes the periods that end with it and up to a month after it,
-- as far as there are days. Labels change nothing here, so the days are taken from new silver rows.
-- Reads   ${input} of a month, and of ${user_daily} two columns of it, for the servers on the lists.
-- Writes  only rows that differ; a server that fell off a list is deleted in the same MERGE.

-- @use days_of_history

-- @view server_days cached
select stat_date, domain as server_name, sum(signal_edits) as edit_count, sum(signal_bytes) as total_bytes
from ${input}
where stat_date in (${around_dates})
group by stat_date, domain

-- Days are numbered, and put in blocks of a month: the days that the periods of a block's days can use are 59, one bit each.
-- @view uses cached
select
  as_of_date,
  period_days,
  date_format(date_add(to_date(as_of_date), -age), 'yyyy-MM-dd') as stat_date,
  day_number div ${gold.history_month_days} as block,
  shiftleft(1L, cast(
    day_number - age - (day_number div ${gold.history_month_days}) * ${gold.history_month_days} + ${gold.history_month_days} - 1 as int
  )) as day_bit
from (
  select as_of_date, datediff(to_date(as_of_date), date'1970-01-01') as day_number
  from (select distinct stat_date as as_of_date from server_days where stat_date in (${following_dates}))
)
lateral view explode(array(1, ${gold.history_week_days}, ${gold.history_month_days})) as period_days
lateral view explode(sequence(0, period_days - 1)) as age

-- @literals
select
  coalesce(sort_array(collect_set(as_of_date)), array()) as dates,
  coalesce(sort_array(collect_set(stat_date)), array()) as used_dates,
  cast(count(distinct as_of_date) as int) as touched_windows
from uses

-- @view ranked cached
select *
from (
  select
    *,
    cast(rank() over (partition by as_of_date, period_days order by edit_count desc) as int) as rank,
    percent_rank() over (partition by as_of_date, period_days order by edit_count) as percentile
  from (
    select
      u.as_of_date, u.period_days, u.block, d.server_name, sum(d.edit_count) as edit_count, sum(d.total_bytes) as total_bytes,
      bit_or(u.period_bits) as period_bits
    from (select *, sum(day_bit) over (partition by as_of_date, period_days) as period_bits from uses) u
    join server_days d on d.stat_date = u.stat_date
    group by u.as_of_date, u.period_days, u.block, d.server_name
  )
)
where rank <= ${gold.server_ranks}

-- One row per server and user, with a bit for each day of the block on which they were there: read once for all periods.
-- @view user_days
select b.block, d.server_name, d.user_normalized, bit_or(b.day_bit) as day_bits
from ${user_daily} d
join (select distinct block, stat_date, day_bit from uses) b on b.stat_date = d.stat_date
left semi join ranked r on r.server_name = d.server_name
where d.stat_date in (${used_dates})
group by b.block, d.server_name, d.user_normalized

-- @view user_counts
select r.as_of_date, r.period_days, r.server_name, count(*) as unique_users
from user_days d
join ranked r on r.block = d.block and r.server_name = d.server_name and (d.day_bits & r.period_bits) <> 0
group by r.as_of_date, r.period_days, r.server_name

-- @view fresh
select
  r.as_of_date,
  r.period_days,
  r.server_name,
  r.edit_count,
  r.total_bytes,
  coalesce(u.unique_users, 0) as unique_users,
  r.rank,
  r.percentile,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from ranked r
left join user_counts u
  on u.as_of_date = r.as_of_date and u.period_days = r.period_days and u.server_name = r.server_name

-- @view existing
select t.* from ${target} t where t.as_of_date in (${dates})

-- @changes existing

-- @merge_changes
t.as_of_date in (${dates})
