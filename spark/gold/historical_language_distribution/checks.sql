-- What the gold gate looks at. ${branch} is the candidate; the hours are counted again.

-- @view primary cached
select * from ${branch} where as_of_date in (${dates})

-- @view day_check
select p.as_of_date, p.edits as day_value, coalesce(h.edits, 0) as hour_sum
from (select as_of_date, sum(edit_count) as edits from primary where period_days = 1 group by as_of_date) p
left join (
  select stat_date, sum(signal_edits) as edits from ${input} where stat_date in (${dates}) group by stat_date
) h on h.stat_date = p.as_of_date

-- @view shares
select as_of_date, period_days, coalesce(sum(edit_share), 1) as share from primary group by as_of_date, period_days

-- Who has a row for a day has one for the periods that end with it, and no fewer edits there.
-- @view periods
select as_of_date, language, project,
  coalesce(max(edit_count) filter (where period_days = 1), 0) as day_edits,
  coalesce(max(edit_count) filter (where period_days = ${gold.history_week_days}), 0) as week_edits,
  coalesce(max(edit_count) filter (where period_days = ${gold.history_month_days}), 0) as month_edits
from primary
group by as_of_date, language, project

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat_ws(' ', as_of_date, period_days, language, project) as row_key,
  case
    when as_of_date is null or period_days is null or language is null or project is null then 'a key is missing'
    when period_days not in (1, ${gold.history_week_days}, ${gold.history_month_days}) then 'no period'
    when least(edit_count, total_bytes, bot_edits, new_pages) < 0 then 'a count is negative'
    when edit_share not between 0 and 1 or edit_share is null and edit_count > 0 then 'a share is outside 0-1'
    when bot_edits > edit_count or new_pages > edit_count then 'a part is larger than the whole'
  end as problem
from primary
