-- gold.daily_analytics_summary: days with new events, labels, scores or gaps, and days that are not complete yet.
-- Reads   ${input} and ${risk_scores} rows newer than their marks (touched days), then those days of both; users and pages,
--         which are the dear part, only of days with new events, else the stored row says them; gaps of the feed.
-- Writes  only rows that differ. The second health score looks back ${gold.summary.history_days} days, so that a change
--         of a day is followed by the days after it: from their stored rows.

-- Gaps are written by others, meanwhile: an hour more is looked at, so that none is missed.
-- @view touched cached
select event_date as summary_date, true as has_events, true as is_stored
from ${cleaned_events}
where silver_processed_at > ${cleaned_events_mark}
union
select stat_date, false, true from ${input} where gold_processed_at > ${mark}
union
select stat_date, false, false
from ${risk_scores}
where gold_processed_at > ${risk_scores_mark} and entity_type = 'user' and model_version = ${risk.serving_model}
union
select summary_date, false, true from ${target} where not is_complete
union
select date_format(day, 'yyyy-MM-dd'), false, false
from (
  select explode(sequence(to_date(gap_start), to_date(greatest(gap_start, gap_end)))) as day
  from ${lake}_ops.feed_gaps
  where greatest(detected_at, closed_at) + interval 1 hour > ${mark}
)

-- The newest day is never complete, so that it is always among the touched ones.
-- @literals
select
  coalesce((select sort_array(collect_set(summary_date)) from touched), array()) as dates,
  coalesce((select sort_array(collect_set(summary_date)) from touched where has_events), array()) as event_dates,
  coalesce((select max(summary_date) from touched where is_stored), '0001-01-01') as newest_date,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(summary_date), n), 'yyyy-MM-dd')))
    from touched lateral view explode(sequence(0, ${gold.summary.history_days})) as n
  ), array()) as following_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(summary_date), n), 'yyyy-MM-dd')))
    from touched lateral view explode(sequence(-${gold.summary.history_days}, ${gold.summary.history_days})) as n
  ), array()) as stored_dates,
  cast((select count(distinct summary_date) from touched) as int) as touched_windows

-- @literals
select coalesce(
  (select max(last_event_at) from ${user_daily} where stat_date = ${newest_date}),
  to_timestamp_ntz(${newest_date})
) as watermark

-- @view stored cached
select * from ${target} where summary_date in (${stored_dates})

-- @view hour_totals
select
  stat_date,
  coalesce(sum(total_events) filter (where in_scope), 0) as total_events,
  coalesce(sum(total_edits) filter (where in_scope), 0) as total_edits,
  coalesce(sum(bot_edits) filter (where in_scope), 0) as bot_edits,
  coalesce(sum(anonymous_edits) filter (where in_scope), 0) as anonymous_edits,
  coalesce(sum(bytes_added) filter (where in_scope), 0) as bytes_added,
  coalesce(sum(bytes_removed) filter (where in_scope), 0) as bytes_removed,
  coalesce(sum(abs_bytes) filter (where in_scope), 0) as abs_bytes,
  coalesce(sum(type_new) filter (where in_scope), 0) as type_new,
  coalesce(sum(large_deletions) filter (where in_scope), 0) as large_deletions,
  coalesce(sum(reverted_edits) filter (where in_scope), 0) as reverted_edits,
  coalesce(sum(revert_count) filter (where in_scope), 0) as revert_count,
  coalesce(sum(total_events) filter (where in_scope and region = 'europe'), 0) as europe,
  coalesce(sum(total_events) filter (where in_scope and region = 'americas'), 0) as americas,
  coalesce(sum(total_events) filter (where in_scope and region = 'asia_pacific'), 0) as asia_pacific,
  coalesce(sum(total_events) filter (where in_scope and region = 'middle_east'), 0) as middle_east,
  sum(total_events) as all_events,
  sum(total_edits) as all_edits,
  collect_set(if(in_scope, domain, null)) as domains
from ${input}
where stat_date in (${dates})
group by stat_date, stat_hour

-- @view day_totals
select
  stat_date as summary_date,
  sum(total_events) as total_events,
  sum(total_edits) as total_edits,
  sum(bot_edits) as bot_edits,
  sum(anonymous_edits) as anonymous_edits,
  sum(bytes_added) as bytes_added,
  sum(bytes_removed) as bytes_removed,
  sum(abs_bytes) as abs_bytes,
  sum(type_new) as type_new,
  sum(large_deletions) as large_deletions,
  sum(reverted_edits) as reverted_edits,
  sum(revert_count) as revert_count,
  sum(europe) as europe,
  sum(americas) as americas,
  sum(asia_pacific) as asia_pacific,
  sum(middle_east) as middle_east,
  sum(all_events) as all_events,
  sum(all_edits) as all_edits,
  max(total_events) as peak_hour_events,
  size(array_distinct(flatten(collect_list(domains)))) as active_domains
from hour_totals
group by stat_date

-- @view user_totals
select
  stat_date as summary_date,
  count(distinct user_normalized) as unique_users,
  coalesce(sum(events) filter (where user_kind = 'registered' and not is_bot), 0) as registered_events,
  coalesce(sum(edits) filter (where user_kind = 'registered' and not is_bot), 0) as registered_edits
from ${user_daily}
where stat_date in (${event_dates}) and in_scope
group by stat_date

-- A domain in scope has a region (rule S-10): the largest partition need not be opened.
-- @view page_totals
select event_date as summary_date, count(*) as unique_pages_edited
from (
  select distinct event_date, wiki, title
  from ${cleaned_events}
  where event_date in (${event_dates}) and region <> 'other' and in_scope and event_type in ('edit', 'new')
)
group by event_date

-- @view risk_totals
select
  stat_date as summary_date,
  count_if(risk_level = 'HIGH') as high_risk_users,
  count_if(risk_level = 'MEDIUM') as medium_risk_users,
  count_if(risk_level = 'LOW') as low_risk_users,
  count_if(alert_triggered) as alerts_triggered,
  avg(risk_score) as avg_risk_score,
  max(risk_score) as max_risk_score
from ${risk_scores}
where stat_date in (${dates}) and entity_type = 'user' and model_version = ${risk.serving_model}
group by stat_date

-- What was delivered after all is no gap. An open one reaches to the newest event, no further than the day.
-- @view gap_pieces
select
  d.summary_date,
  greatest(g.gap_start, to_timestamp_ntz(d.summary_date)) as from_at,
  least(
    coalesce(g.gap_end, ${watermark}),
    to_timestamp_ntz(d.summary_date) + interval 1 day,
    if(d.summary_date = ${newest_date}, ${watermark}, null)
  ) as until_at
from (select explode(array(${dates})) as summary_date) d
join ${lake}_ops.feed_gaps g
  on g.gap_start < to_timestamp_ntz(d.summary_date) + interval 1 day
  and coalesce(g.gap_end, ${watermark}) > to_timestamp_ntz(d.summary_date)
where g.status <> 'recovered'

-- @view gap_totals
select
  summary_date,
  sum(greatest(0L, timestampdiff(MICROSECOND, greatest(from_at, covered_until), until_at))) div 1000000 as feed_gap_seconds
from (
  select *, max(until_at) over (
    partition by summary_date order by from_at, until_at rows between unbounded preceding and 1 preceding
  ) as covered_until
  from gap_pieces
  where until_at > from_at
)
group by summary_date

-- @view touched_days
select
  d.*,
  coalesce(u.unique_users, if(s.summary_date is null or d.summary_date in (${event_dates}), 0, s.unique_users)) as unique_users,
  coalesce(u.registered_events, if(s.summary_date is null or d.summary_date in (${event_dates}), 0, s.registered_events)) as registered_events,
  if(
    d.summary_date in (${event_dates}),
    100.0D * coalesce(u.registered_edits, 0) / d.total_edits,
    s.registered_user_percentage
  ) as registered_user_percentage,
  if(d.summary_date in (${event_dates}), coalesce(p.unique_pages_edited, 0), s.unique_pages_edited) as unique_pages_edited,
  coalesce(r.high_risk_users, 0) as high_risk_users,
  coalesce(r.medium_risk_users, 0) as medium_risk_users,
  coalesce(r.low_risk_users, 0) as low_risk_users,
  coalesce(r.alerts_triggered, 0) as alerts_triggered,
  r.avg_risk_score,
  r.max_risk_score,
  coalesce(g.feed_gap_seconds, 0) as feed_gap_seconds,
  if(
    d.summary_date < ${newest_date},
    24.0D,
    timestampdiff(MICROSECOND, to_timestamp_ntz(d.summary_date), ${watermark}) / 3600000000.0D
  ) as hours_elapsed
from day_totals d
left join stored s on s.summary_date = d.summary_date
left join user_totals u on u.summary_date = d.summary_date
left join page_totals p on p.summary_date = d.summary_date
left join risk_totals r on r.summary_date = d.summary_date
left join gap_totals g on g.summary_date = d.summary_date

-- Everything but the score that looks back.
-- @view rows_before_score cached
select
  summary_date,
  '1.0.0' as schema_version,
  total_events,
  unique_users,
  cast(active_domains as bigint) as active_domains,
  unique_pages_edited,
  100.0D * bot_edits / total_edits as bot_percentage,
  100.0D * anonymous_edits / total_edits as anonymous_percentage,
  registered_user_percentage,
  bytes_added as total_bytes_added,
  bytes_removed as total_bytes_removed,
  bytes_added - bytes_removed as net_content_change,
  abs_bytes / cast(total_edits as double) as avg_edit_size_bytes,
  type_new as new_pages_created,
  large_deletions as large_deletions_count,
  large_deletions / cast(total_events as double) as large_deletion_rate,
  high_risk_users as high_risk_user_count,
  medium_risk_users as medium_risk_user_count,
  low_risk_users as low_risk_user_count,
  alerts_triggered as total_alerts_triggered,
  avg_risk_score as platform_avg_risk_score,
  max_risk_score as platform_max_risk_score,
  100.0D * europe / total_events as europe_percentage,
  100.0D * americas / total_events as americas_percentage,
  100.0D * asia_pacific / total_events as asia_pacific_percentage,
  peak_hour_events,
  total_events / hours_elapsed as avg_events_per_hour,
  if(total_events = 0, null, round(
    ${gold.summary.v1_low_risk}
      * coalesce(low_risk_users / cast(low_risk_users + medium_risk_users + high_risk_users as double), 0)
    + ${gold.summary.v1_registered} * registered_events / cast(total_events as double)
    + if(bytes_added > bytes_removed, ${gold.summary.v1_growth}, 0)
    + if(large_deletions < ${gold.summary.v1_large_deletions_below} * total_events, ${gold.summary.v1_few_large_deletions}, 0),
    2
  )) as platform_health_score,
  100.0D * middle_east / total_events as middle_east_percentage,
  100.0D * (total_events - europe - americas - asia_pacific - middle_east) / total_events as other_percentage,
  hours_elapsed,
  total_edits,
  registered_events,
  reverted_edits,
  revert_count,
  feed_gap_seconds,
  all_events as all_wikis_total_events,
  all_edits as all_wikis_total_edits,
  ${risk.serving_model} as risk_model_version,
  to_timestamp_ntz(summary_date) + make_dt_interval(1, 0, 0, ${gold.summary.complete_after_s}) <= ${watermark} as is_complete
from touched_days
union all
select
  summary_date, schema_version, total_events, unique_users, active_domains, unique_pages_edited, bot_percentage,
  anonymous_percentage, registered_user_percentage, total_bytes_added, total_bytes_removed, net_content_change,
  avg_edit_size_bytes, new_pages_created, large_deletions_count, large_deletion_rate, high_risk_user_count,
  medium_risk_user_count, low_risk_user_count, total_alerts_triggered, platform_avg_risk_score, platform_max_risk_score,
  europe_percentage, americas_percentage, asia_pacific_percentage, peak_hour_events, avg_events_per_hour,
  platform_health_score, middle_east_percentage, other_percentage, hours_elapsed, total_edits, registered_events,
  reverted_edits, revert_count, feed_gap_seconds, all_wikis_total_events, all_wikis_total_edits, risk_model_version, is_complete
from stored
where summary_date not in (${dates})

-- @view edits_by_day
select summary_date, cast(total_edits as double) as edits from rows_before_score

-- A day that is not over is measured as if it went on like this; of its first hour nothing is said.
-- @view usual_edits
select
  summary_date,
  if(days >= ${gold.summary.min_days}, median, null) as median,
  transform(past, x -> abs(x - median)) as deviations
from (
  select
    *,
    (past[cast((days - 1) div 2 as int)] + past[cast(days div 2 as int)]) / 2 as median
  from (
    select d.summary_date, count(*) as days, sort_array(collect_list(h.edits)) as past
    from edits_by_day d
    join edits_by_day h
      on h.summary_date < d.summary_date
      and datediff(to_date(d.summary_date), to_date(h.summary_date)) <= ${gold.summary.history_days}
    where d.summary_date in (${following_dates})
    group by d.summary_date
  )
)

-- @view edit_scores_by_day
select
  r.summary_date,
  if(r.hours_elapsed >= 1, abs(r.total_edits * 24 / r.hours_elapsed - u.median) / greatest(${gold.mad_scale} * (
    sort_array(u.deviations)[cast((size(u.deviations) - 1) div 2 as int)] + sort_array(u.deviations)[cast(size(u.deviations) div 2 as int)]
  ) / 2, 1), null) as edits_z
from rows_before_score r
left join usual_edits u on u.summary_date = r.summary_date
where r.summary_date in (${following_dates})

-- The edits that are not a bot's, from their share: the row has no column of them.
-- @view fresh
select
  r.*,
  if(r.total_events = 0, null,
    ${gold.summary.v2_reverts} * (1 - least(1, coalesce(
      r.reverted_edits / round(r.total_edits * (1 - r.bot_percentage / 100)) / ${gold.summary.v2_reverted_share}, 0
    )))
    + ${gold.summary.v2_high_risk} * (1 - least(1, coalesce(
      r.high_risk_user_count / cast(r.high_risk_user_count + r.medium_risk_user_count + r.low_risk_user_count as double)
        / ${gold.summary.v2_high_risk_share}, 0
    )))
    + ${gold.summary.v2_usual} * (1 - least(1, coalesce(z.edits_z / ${gold.anomaly_z}, 0)))
    + ${gold.summary.v2_feed} * (1 - least(1, coalesce(r.feed_gap_seconds / (r.hours_elapsed * 3600), 0)))
  ) as platform_health_score_v2,
  ${run_at} as gold_processed_at
from rows_before_score r
join edit_scores_by_day z on z.summary_date = r.summary_date

-- @view existing
select * from stored where summary_date in (${following_dates})

-- @changes existing

-- @merge_changes
t.summary_date in (${following_dates})
