-- gold.historical_top_contributors: a day with new events changes the periods that end with it and up to a month after it,
-- as far as there are days. Labels change nothing here, so the days are taken from new silver rows.
-- Reads   ${input}, five narrow columns of a month; in the usual case, today alone, each row once.
-- Writes  only rows that differ; who fell off the list is deleted in the same MERGE.

-- @view new_days cached
select distinct event_date as stat_date from ${cleaned_events} where silver_processed_at > ${cleaned_events_mark}

-- @literals
select
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd')))
    from new_days lateral view explode(sequence(0, ${gold.history_month_days} - 1)) as n
  ), array()) as following_dates

-- @view as_of_dates cached
select distinct stat_date as as_of_date from ${input} where stat_date in (${following_dates})

-- @view uses cached
select as_of_date, period_days, date_format(date_add(to_date(as_of_date), -age), 'yyyy-MM-dd') as stat_date
from as_of_dates
lateral view explode(array(1, ${gold.history_week_days}, ${gold.history_month_days})) as period_days
lateral view explode(sequence(0, period_days - 1)) as age

-- @literals
select
  coalesce((select sort_array(collect_set(as_of_date)) from as_of_dates), array()) as dates,
  coalesce((select sort_array(collect_set(stat_date)) from uses), array()) as used_dates,
  (select count(*) from as_of_dates) > ${gold.history_few_days} as is_many

-- Of many days at once (a rebuild, a straggler of last month) users are left out who can be on no list: with fewer edits in
-- all than the hundredth of each of the days has on that day alone.
-- @literals
select coalesce(min(coalesce(hundredth, 0)), 0) as edits_from
from as_of_dates d
left join (
  select stat_date, min(edits) as hundredth
  from (
    select stat_date, edits, row_number() over (partition by stat_date order by edits desc) as place
    from (
      select stat_date, user_normalized, is_bot, sum(signal_edits) as edits
      from ${input}
      where ${is_many} and stat_date in (${dates}) and signal_edits > 0
      group by stat_date, user_normalized, is_bot
    )
  )
  where place <= ${gold.top_contributors}
  group by stat_date
  having count(*) = ${gold.top_contributors}
) h on h.stat_date = d.as_of_date

-- @view candidates
select user_normalized, is_bot
from ${input}
where stat_date in (${used_dates}) and signal_edits > 0
group by user_normalized, is_bot
having sum(signal_edits) >= ${edits_from}

-- @view sums
select
  u.as_of_date,
  u.period_days,
  d.user_normalized,
  d.is_bot,
  sum(d.signal_edits) as edit_count,
  sum(d.bytes_changed) as total_bytes,
  sum(d.pages_created) as pages_created
from ${input} d
join uses u on u.stat_date = d.stat_date
where d.stat_date in (${used_dates})
  and d.edits > 0
  and (not ${is_many} or (d.user_normalized, d.is_bot) in (select user_normalized, is_bot from candidates))
group by u.as_of_date, u.period_days, d.user_normalized, d.is_bot

-- Of equal counts the first by name comes first.
-- @view fresh cached
select
  as_of_date,
  period_days,
  user_normalized as user,
  is_bot,
  edit_count,
  total_bytes,
  pages_created,
  rank,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from (
  select *, row_number() over (
    partition by as_of_date, period_days order by edit_count desc, user_normalized, is_bot
  ) as rank
  from sums
  where edit_count > 0
)
where rank <= ${gold.top_contributors}

-- @literals
select cast(count(*) as int) as touched_windows from fresh

-- @view existing
select t.* from ${target} t where t.as_of_date in (${dates})

-- @changes existing

-- @merge_changes
t.as_of_date in (${dates})
