-- gold.wiki_baselines: what is usual on a wiki, from the 28 days up to and with a day. Fewer than seven days: no row.
create table samples as
select stat_date::date as day, wiki, 'hourly_events' as metric, stat_hour as hour, sum(total_events)::double as value from hourly_stats group by all
union all
select stat_date::date, '*', 'hourly_events', stat_hour, sum(total_events)::double from hourly_stats group by all
union all
select stat_date::date, wiki, 'daily_edits', null, sum(total_edits)::double from hourly_stats group by all
union all
select stat_date::date, '*', 'daily_edits', null, sum(total_edits)::double from hourly_stats group by all
union all
select window_start::date, scope, 'edits_10min', hour(window_start), edit_count::double from global_counts
union all
select window_start::date, scope, 'unique_users_10min', hour(window_start), unique_users::double from global_counts
union all
select window_start::date, scope, 'revert_rate_10min', hour(window_start), revert_rate from global_counts where revert_rate is not null
union all
select window_start::date, wiki, 'entity_edits_10min', hour(window_start), edit_count::double from page_windows
union all
select window_start::date, wiki, 'user_edits_10min_' || case when user_kind = 'registered' then 'registered' else 'unregistered' end,
  hour(window_start), edit_count::double
from user_windows where edit_count > 0 and not is_bot
union all
select event_date::date, wiki, 'length_delta_' || case when user_kind = 'registered' then 'registered' else 'unregistered' end, null, length_delta::double
from facts where is_edit and not is_bot and user_kind <> 'hidden' and length_delta is not null;

-- The lake is computed by a clock long after the last of these days, so all of them are over.
create table baseline_days as
select distinct stat_date::date as as_of from hourly_stats;

create table wiki_baselines as
with spread as (
  select day, wiki, metric, -1 as hour_of_day, value from samples
  union all
  select day, wiki, metric, hour, value from samples where hour is not null
),
pooled as (
  select b.as_of, s.* from baseline_days b join spread s on s.day > b.as_of - 28 and s.day <= b.as_of
),
usual as (
  select as_of, wiki, metric, hour_of_day, count(*) as sample_count, quantile_cont(value, 0.5) as median, quantile_cont(value, 0.95) as p95,
    quantile_cont(value, 0.99) as p99, quantile_cont(value, 0.999) as p999
  from pooled group by all having count(distinct day) >= 7
)
select
  strftime(u.as_of, '%Y-%m-%d') as as_of_date, u.wiki, u.metric, u.hour_of_day, u.sample_count, u.median,
  quantile_cont(abs(p.value - u.median), 0.5) as mad, u.p95, u.p99, u.p999, '1.0.0' as schema_version
from usual u join pooled p using (as_of, wiki, metric, hour_of_day)
group by all;

create macro robust_z(x, median, mad) as (x - median) / greatest(1.4826 * mad, 1.0::double);
