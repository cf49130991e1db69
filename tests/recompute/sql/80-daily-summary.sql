-- gold.daily_analytics_summary: a UTC day over the wikis in scope.
create table daily_analytics_summary as
with counted as (
  select
    event_date as summary_date,
    count(*) as total_events,
    count(distinct user_normalized) as unique_users,
    count(distinct domain) as active_domains,
    count(distinct wiki || ':' || title) filter (is_edit) as unique_pages_edited,
    count(*) filter (is_edit) as total_edits,
    count(*) filter (is_edit and is_bot) as bot_edits,
    count(*) filter (is_edit and not is_bot) as human_edits,
    count(*) filter (is_edit and not is_bot and is_anonymous) as anonymous_edits,
    count(*) filter (is_edit and not is_bot and user_kind = 'registered') as registered_edits,
    count(*) filter (user_kind = 'registered' and not is_bot) as registered_events,
    count(*) filter (is_reverted) as reverted_edits,
    count(*) filter (is_revert) as revert_count
  from facts where in_scope group by 1
),
hours as (
  select
    stat_date as summary_date,
    sum(bytes_added)::bigint as total_bytes_added, sum(bytes_removed)::bigint as total_bytes_removed, sum(abs_bytes) as abs_bytes,
    sum(type_new)::bigint as new_pages_created, sum(large_deletions)::bigint as large_deletions_count,
    sum(total_events) filter (region = 'europe') as europe, sum(total_events) filter (region = 'americas') as americas,
    sum(total_events) filter (region = 'asia_pacific') as asia, sum(total_events) filter (region = 'middle_east') as middle_east,
    sum(total_events) filter (region = 'other') as other
  from hourly_stats where in_scope group by 1
),
peaks as (
  select stat_date as summary_date, max(n)::bigint as peak_hour_events
  from (select stat_date, stat_hour, sum(total_events) as n from hourly_stats where in_scope group by all) group by 1
),
everywhere as (
  select stat_date as summary_date, sum(total_events)::bigint as all_wikis_total_events, sum(total_edits)::bigint as all_wikis_total_edits
  from hourly_stats group by 1
),
-- Hours of a day that is still going on: up to the newest event.
clock as (
  select summary_date,
    case when newest::date > summary_date::date then 24.0::double else epoch_us(newest - summary_date::timestamp) / 3.6e9 end as hours_elapsed
  from counted, (select max(event_timestamp) as newest from facts)
),
-- The day against the 28 before it, from seven on; a day that goes on as if it went on so.
past as (
  select d.summary_date, h.total_edits, median(h.total_edits) over (partition by d.summary_date) as m, count(*) over (partition by d.summary_date) as days
  from counted d join counted h on h.summary_date < d.summary_date and d.summary_date::date - h.summary_date::date <= 28
),
usual as (
  select summary_date, any_value(m) as m, median(abs(total_edits - m)) as mad from past where days >= 7 group by 1
),
risks as (
  select stat_date as summary_date, count(*) as scored,
    count(*) filter (risk_level = 'HIGH') as high, count(*) filter (risk_level = 'MEDIUM') as medium, count(*) filter (risk_level = 'LOW') as low,
    count(*) filter (alert_triggered) as alerts, avg(risk_score) as mean_score, max(risk_score) as top_score
  from risk_scores where entity_type = 'user' and model_version = '{{risk.serving_model}}' group by 1
)
select
  c.* exclude (bot_edits, human_edits, anonymous_edits, registered_edits),
  100.0 * bot_edits / nullif(total_edits::double, 0) as bot_percentage,
  100.0 * anonymous_edits / nullif(total_edits::double, 0) as anonymous_percentage,
  100.0 * registered_edits / nullif(total_edits::double, 0) as registered_user_percentage,
  total_bytes_added, total_bytes_removed, total_bytes_added - total_bytes_removed as net_content_change,
  abs_bytes::double / nullif(total_edits, 0) as avg_edit_size_bytes,
  new_pages_created, large_deletions_count, large_deletions_count / total_events::double as large_deletion_rate,
  coalesce(high, 0) as high_risk_user_count, coalesce(medium, 0) as medium_risk_user_count, coalesce(low, 0) as low_risk_user_count,
  coalesce(alerts, 0) as total_alerts_triggered, mean_score as platform_avg_risk_score, top_score as platform_max_risk_score,
  100.0 * coalesce(europe, 0) / total_events::double as europe_percentage,
  100.0 * coalesce(americas, 0) / total_events::double as americas_percentage,
  100.0 * coalesce(asia, 0) / total_events::double as asia_pacific_percentage,
  100.0 * coalesce(middle_east, 0) / total_events::double as middle_east_percentage,
  100.0 * coalesce(other, 0) / total_events::double as other_percentage,
  peak_hour_events, total_events / hours_elapsed as avg_events_per_hour, hours_elapsed,
  round(40 * coalesce(low / nullif(scored::double, 0), 0) + 30 * registered_events / total_events::double
    + case when total_bytes_added > total_bytes_removed then 20 else 0 end
    + case when large_deletions_count < 0.01 * total_events then 10 else 0 end, 2)::double as platform_health_score,
  35 * (1 - least(1, coalesce(reverted_edits / nullif(human_edits::double, 0), 0) / 0.15))
    + 25 * (1 - least(1, coalesce(high / nullif(scored::double, 0), 0) / 0.02))
    + 20 * (1 - least(1, coalesce(case when hours_elapsed >= 1 then abs(total_edits * 24 / hours_elapsed - u.m) / greatest(1.4826 * u.mad, 1) end / 6, 0)))
    + 20 as platform_health_score_v2,
  0::bigint as feed_gap_seconds, all_wikis_total_events, all_wikis_total_edits,
  '{{risk.serving_model}}' as risk_model_version,
  (select max(event_timestamp) from facts) >= summary_date::timestamp + interval 25 hour as is_complete,
  '1.0.0' as schema_version
from counted c
left join hours using (summary_date) left join peaks using (summary_date) left join everywhere using (summary_date) left join risks using (summary_date)
join clock using (summary_date) left join usual u using (summary_date);
