-- What the gold gate looks at. ${branch} is the candidate; the hours are counted again.

-- @view primary cached
select * from ${branch} where summary_date in (${dates})

-- @view day_check
select p.summary_date, measure, day_value, hour_sum
from primary p
join (
  select
    stat_date,
    coalesce(sum(total_events) filter (where in_scope), 0) as scope_events,
    coalesce(sum(total_edits) filter (where in_scope), 0) as scope_edits,
    sum(total_events) as events,
    sum(total_edits) as edits
  from ${input}
  where stat_date in (${dates})
  group by stat_date
) h on h.stat_date = p.summary_date
lateral view stack(
  4,
  'total_events', p.total_events, scope_events,
  'total_edits', p.total_edits, scope_edits,
  'all_wikis_total_events', p.all_wikis_total_events, events,
  'all_wikis_total_edits', p.all_wikis_total_edits, edits
) s as measure, day_value, hour_sum

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  summary_date as row_key,
  case
    when summary_date is null then 'a key is missing'
    when least(
      total_events, unique_users, active_domains, unique_pages_edited, total_bytes_added, total_bytes_removed,
      new_pages_created, large_deletions_count, high_risk_user_count, medium_risk_user_count, low_risk_user_count,
      total_alerts_triggered, peak_hour_events, total_edits, registered_events, reverted_edits, revert_count,
      feed_gap_seconds, all_wikis_total_events, all_wikis_total_edits
    ) < 0 then 'a count is negative'
    when bot_percentage not between 0 and 100 or anonymous_percentage not between 0 and 100
      or registered_user_percentage not between 0 and 100 or europe_percentage not between 0 and 100
      or americas_percentage not between 0 and 100 or asia_pacific_percentage not between 0 and 100
      or middle_east_percentage not between 0 and 100 or other_percentage not between 0 and 100
      or large_deletion_rate not between 0 and 1 then 'a share is outside its range'
    when platform_health_score not between 0 and 100 or platform_health_score_v2 not between 0 and 100
      or platform_avg_risk_score not between 0 and 100 or platform_max_risk_score not between 0 and 100
      then 'a score is outside 0-100'
    when (total_events = 0) <> (platform_health_score is null) or (total_events = 0) <> (platform_health_score_v2 is null)
      or (total_edits = 0) <> (avg_edit_size_bytes is null) then 'a ratio does not fit its count'
    when hours_elapsed is null or hours_elapsed not between 0 and 24 then 'no hours of a day'
    when is_complete is null or is_complete and hours_elapsed < 24 then 'complete before it was over'
  end as problem
from primary
