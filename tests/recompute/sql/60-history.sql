-- gold.historical_*: periods of 1, 7 and 30 days that end with as_of_date. A day counts where something happened on it.
create table days as
select distinct stat_date::date as day from hourly_stats;

create table periods as
select strftime(d.day, '%Y-%m-%d') as as_of_date, p.period_days, d.day - cast(p.period_days - 1 as int) as from_day, d.day as to_day
from days d cross join (values (1), (7), (30)) p(period_days);

create table historical_top_contributors as
with summed as (
  select p.as_of_date, p.period_days, u.user_normalized as "user", u.is_bot,
    sum(signal_edits)::bigint as edit_count, sum(bytes_changed)::bigint as total_bytes, sum(pages_created)::bigint as pages_created
  from periods p join user_daily u on u.stat_date::date between p.from_day and p.to_day
  group by all
  having sum(signal_edits) > 0
)
select *, row_number() over (partition by as_of_date, period_days order by edit_count desc, "user", is_bot)::int as rank, '1.0.0' as schema_version
from summed
qualify rank <= 100;

create table historical_language_distribution as
with summed as (
  select
    p.as_of_date, p.period_days, h.language, h.project,
    sum(signal_edits)::bigint as edit_count, sum(signal_bytes)::bigint as total_bytes, sum(signal_bot_edits)::bigint as bot_edits,
    sum(signal_new_pages)::bigint as new_pages
  from periods p join hourly_stats h on h.stat_date::date between p.from_day and p.to_day
  group by all
)
select
  *, edit_count::double / nullif(sum(edit_count) over (partition by as_of_date, period_days), 0) as edit_share, '1.0.0' as schema_version
from summed;

create table historical_server_rankings as
with users as (
  select p.as_of_date, p.period_days, u.server_name, count(distinct user_normalized) as unique_users
  from periods p join user_daily u on u.stat_date::date between p.from_day and p.to_day
  group by all
),
summed as (
  select p.as_of_date, p.period_days, h.domain as server_name, sum(signal_edits)::bigint as edit_count, sum(signal_bytes)::bigint as total_bytes
  from periods p join hourly_stats h on h.stat_date::date between p.from_day and p.to_day
  group by all
)
select
  s.*, coalesce(u.unique_users, 0) as unique_users,
  rank() over (partition by as_of_date, period_days order by edit_count desc)::int as rank,
  percent_rank() over (partition by as_of_date, period_days order by edit_count) as percentile,
  '1.0.0' as schema_version
from summed s left join users u using (as_of_date, period_days, server_name)
qualify rank <= 50;
