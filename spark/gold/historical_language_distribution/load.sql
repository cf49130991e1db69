-- gold.historical_language_distribution: a day with new events changes the periods that end with it and up to a month
-- after it, as far as there are days. Labels change nothing here, so the days are taken from new silver rows.
-- Reads   ${input} of those days only. Every other day is in this table already, as its own period of one day.
-- Writes  only rows that differ; a language that vanished is deleted in the same MERGE.

-- @use days_of_history

-- @view day_counts cached
select
  stat_date,
  language,
  project,
  sum(signal_edits) as edit_count,
  sum(signal_bytes) as total_bytes,
  sum(signal_bot_edits) as bot_edits,
  sum(signal_new_pages) as new_pages
from ${input}
where stat_date in (${new_dates})
group by stat_date, language, project
union all
select as_of_date, language, project, edit_count, total_bytes, bot_edits, new_pages
from ${target}
where as_of_date in (${around_dates}) and period_days = 1 and as_of_date not in (${new_dates})

-- @literals
select
  coalesce(sort_array(collect_set(stat_date)), array()) as dates,
  cast(count(distinct stat_date) as int) as touched_windows
from day_counts
where stat_date in (${following_dates})

-- @view uses
select as_of_date, period_days, date_format(date_add(to_date(as_of_date), -age), 'yyyy-MM-dd') as stat_date
from (select explode(array(${dates})) as as_of_date)
lateral view explode(array(1, ${gold.history_week_days}, ${gold.history_month_days})) as period_days
lateral view explode(sequence(0, period_days - 1)) as age

-- @view sums
select
  u.as_of_date,
  u.period_days,
  d.language,
  d.project,
  sum(d.edit_count) as edit_count,
  sum(d.total_bytes) as total_bytes,
  sum(d.bot_edits) as bot_edits,
  sum(d.new_pages) as new_pages
from day_counts d
join uses u on u.stat_date = d.stat_date
group by u.as_of_date, u.period_days, d.language, d.project

-- @view fresh
select
  as_of_date,
  period_days,
  language,
  project,
  edit_count,
  total_bytes,
  bot_edits,
  new_pages,
  edit_count / cast(sum(edit_count) over (partition by as_of_date, period_days) as double) as edit_share,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from sums

-- @view existing
select t.* from ${target} t where t.as_of_date in (${dates})

-- @changes existing

-- @merge_changes
t.as_of_date in (${dates})
