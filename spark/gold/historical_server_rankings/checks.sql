-- What the gold gate looks at. ${branch} is the candidate; the hours are counted again.

-- @view primary cached
select * from ${branch} where as_of_date in (${dates})

-- @view day_check
select p.as_of_date, p.server_name, p.edit_count as day_value, coalesce(h.edits, 0) as hour_sum
from primary p
left join (
  select stat_date, domain, sum(signal_edits) as edits from ${input} where stat_date in (${dates}) group by stat_date, domain
) h on h.stat_date = p.as_of_date and h.domain = p.server_name
where p.period_days = 1

-- Each list: whether it begins with the first, and whether ranks and percentiles follow the counts.
-- @view lists
select
  as_of_date,
  period_days,
  min(rank) as first_rank,
  count_if(
    edit_count > last_count or edit_count < last_count and (rank <= last_rank or percentile >= last_percentile)
    or edit_count = last_count and (rank <> last_rank or percentile <> last_percentile)
  ) as out_of_order
from (
  select
    *,
    lag(edit_count) over (partition by as_of_date, period_days order by rank, edit_count desc) as last_count,
    lag(rank) over (partition by as_of_date, period_days order by rank, edit_count desc) as last_rank,
    lag(percentile) over (partition by as_of_date, period_days order by rank, edit_count desc) as last_percentile
  from primary
)
group by as_of_date, period_days

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat_ws(' ', as_of_date, period_days, server_name) as row_key,
  case
    when as_of_date is null or period_days is null or server_name is null then 'a key is missing'
    when period_days not in (1, ${gold.history_week_days}, ${gold.history_month_days}) then 'no period'
    when least(edit_count, total_bytes, unique_users) < 0 then 'a count is negative'
    when rank not between 1 and ${gold.server_ranks} then 'no rank'
    when percentile is null or percentile not between 0 and 1 then 'a share is outside 0-1'
  end as problem
from primary
