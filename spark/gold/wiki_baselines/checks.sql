-- What the gold gate looks at. ${branch} is the candidate; as_of_dates the days that were looked at.

-- @view baselines cached
select * from ${branch} where as_of_date in (${dates})

-- Days with what hourly_stats says of them: how many days speak for the baseline of all wikis, and how many did.
-- @view primary cached
select d.as_of_date, d.days, b.sample_count as days_used
from (
  select u.as_of_date, count(distinct h.stat_date) as days
  from uses u
  left join ${input} h on h.stat_date = u.stat_date and h.stat_date in (${sample_dates})
  group by u.as_of_date
) d
left join baselines b on b.as_of_date = d.as_of_date and b.wiki = '*' and b.metric = 'daily_edits' and b.hour_of_day = -1

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat(as_of_date, ' ', wiki, ' ', metric, ' ', hour_of_day) as row_key,
  case
    when as_of_date is null or wiki is null or metric is null or hour_of_day is null then 'a key is missing'
    when hour_of_day not between -1 and 23 then 'no hour of the day'
    when sample_count < ${gold.baseline_min_days} then 'too few values'
    when median is null or mad is null or p95 is null or p99 is null or p999 is null then 'a value is missing'
    when mad < 0 then 'a deviation is negative'
    when metric not like 'length_delta%' and median < 0 then 'a count is negative'
    when metric in ('revert_rate_10min', 'high_score_share') and p999 not between 0 and 1 then 'a share is outside 0-1'
  end as problem
from baselines
