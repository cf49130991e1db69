-- What the gold gate looks at. ${branch} is the candidate.

-- @view primary cached
select * from ${branch} where as_of_date in (${dates})

-- The lists of one day, counted again.
-- @view day_check
select p.as_of_date, p.user, p.edit_count as day_value, coalesce(d.edits, 0) as hour_sum
from primary p
left join (
  select stat_date, user_normalized, is_bot, sum(signal_edits) as edits
  from ${input}
  where stat_date in (${dates})
  group by stat_date, user_normalized, is_bot
) d on d.stat_date = p.as_of_date and d.user_normalized = p.user and d.is_bot = p.is_bot
where p.period_days = 1

-- Each list: whether it is numbered from the first to the last, and whether the numbers follow the counts.
-- @view lists
select
  as_of_date,
  period_days,
  count(*) as users,
  min(rank) as first_rank,
  max(rank) as last_rank,
  count_if(edit_count > count_before) as out_of_order
from (
  select *, lag(edit_count) over (partition by as_of_date, period_days order by rank) as count_before
  from primary
)
group by as_of_date, period_days

-- Who is on the list of a day and on that of a month has no fewer edits in the month.
-- @view periods
select as_of_date, user, is_bot,
  max(edit_count) filter (where period_days = 1) as day_edits,
  max(edit_count) filter (where period_days = ${gold.history_week_days}) as week_edits,
  max(edit_count) filter (where period_days = ${gold.history_month_days}) as month_edits
from primary
group by as_of_date, user, is_bot

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat_ws(' ', as_of_date, period_days, user) as row_key,
  case
    when as_of_date is null or period_days is null or user is null or is_bot is null then 'a key is missing'
    when period_days not in (1, ${gold.history_week_days}, ${gold.history_month_days}) then 'no period'
    when edit_count < 1 or least(total_bytes, pages_created) < 0 then 'a count is negative'
    when rank not between 1 and ${gold.top_contributors} then 'no rank'
    when pages_created > edit_count then 'a part is larger than the whole'
  end as problem
from primary
