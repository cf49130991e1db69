-- gold.hourly_stats: every hour that got new or changed silver rows is computed anew, for all its domains.
-- Reads   ${input} rows processed after the consumed mark (touched hours), then those hours whole.
--         Of hours whose events are as they were, only rows that a new, changed or vanished revert is about (its own hour and
--         that of the edit undone): their counts of events are those of the stored row.
-- Writes  only rows that differ; a domain that vanished from a touched hour is deleted in the same MERGE.

-- @view touched cached
select distinct event_date as stat_date, hour(event_timestamp) as stat_hour
from ${input}
where silver_processed_at > ${mark}

-- Hours that follow each other are read as one range.
-- @use touched_ranges
--   start: to_timestamp_ntz(stat_date) + make_dt_interval(0, stat_hour)
--   length: interval 1 hour
--   gap: interval 0 hours
--   count: touched_hours

-- @use relabelled_reverts
--   told: wiki, event_timestamp, reverted_at, seconds_to_revert
--   compared: wiki

-- Rows of other hours that may be another now.
-- @view around cached
select distinct date_format(at, 'yyyy-MM-dd') as stat_date, hour(at) as stat_hour, wiki
from (
  select wiki, explode(array(
    event_timestamp,
    if(seconds_to_revert <= ${gold.reverted_within_s}, reverted_at, null)
  )) as at
  from relabelled
)
where at is not null

-- @literals
select
  sort_array(collect_set(stat_date)) as stored_dates,
  -- A revert labels the hour of the edit it undoes from within two days after it.
  array_distinct(flatten(collect_list(transform(
    sequence(0, cast(ceil(${gold.reverted_within_s} / 86400.0) as int)), n -> date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd')
  )))) as label_dates,
  cast(coalesce(sum(hours), 0) as int) as touched_windows
from (
  select stat_date, count(*) as hours
  from (select stat_date, stat_hour from touched union all select stat_date, stat_hour from around)
  group by stat_date
)

-- Rows as they are: of touched hours all, of the others those that a revert is about.
-- @view stored cached
select t.*, w.stat_date is not null as is_whole
from ${stored} t
left join touched w on w.stat_date = t.stat_date and w.stat_hour = t.stat_hour
left join around a on a.stat_date = t.stat_date and a.stat_hour = t.stat_hour and a.wiki = t.wiki
where t.stat_date in (${stored_dates}) and (w.stat_date is not null or a.stat_date is not null)

-- @view counted
select
  e.event_date as stat_date,
  hour(e.event_timestamp) as stat_hour,
  e.domain,
  max(e.region) as region,
  count(*) as total_events,
  -- Sets of one hour and domain are small; count(distinct) twice would multiply every row and shuffle again.
  cast(size(collect_set(e.user_normalized)) as bigint) as unique_users,
  cast(size(collect_set(if(e.event_type in ('edit', 'new'), struct(e.wiki, e.title), null))) as bigint) as unique_pages,
  coalesce(sum(e.length_delta) filter (where e.event_type in ('edit', 'new') and e.length_delta > 0), 0) as bytes_added,
  coalesce(sum(-e.length_delta) filter (where e.event_type in ('edit', 'new') and e.length_delta < 0), 0) as bytes_removed,
  sum(e.bytes_changed) filter (where e.event_type in ('edit', 'new'))
    / cast(count_if(e.event_type in ('edit', 'new')) as double) as avg_edit_size,
  count_if(e.event_type in ('edit', 'new') and e.is_bot) as bot_edits,
  count_if(e.event_type in ('edit', 'new') and not e.is_bot) as human_edits,
  count_if(e.event_type in ('edit', 'new') and not e.is_bot and e.is_anonymous) as anonymous_edits,
  100.0D * count_if(e.event_type in ('edit', 'new') and e.is_bot)
    / cast(count_if(e.event_type in ('edit', 'new')) as double) as bot_percentage,
  count_if(e.event_type = 'edit') as type_edit,
  count_if(e.event_type = 'new') as type_new,
  count_if(e.event_type = 'categorize') as type_categorize,
  count_if(e.event_type = 'log') as type_log,
  count_if(e.event_type in ('edit', 'new') and e.is_large_deletion) as large_deletions,
  count_if(e.event_type in ('edit', 'new') and e.is_large_addition) as large_additions,
  to_timestamp_ntz(e.event_date) + make_dt_interval(0, hour(e.event_timestamp)) as hour_start,
  max(e.wiki) as wiki,
  max(e.language) as language,
  max(e.project) as project,
  max(e.in_scope) as in_scope,
  count_if(e.event_type in ('edit', 'new')) as total_edits,
  count_if(e.event_type not in ('edit', 'new', 'categorize', 'log')) as type_other,
  coalesce(sum(e.bytes_changed) filter (where e.event_type in ('edit', 'new')), 0) as abs_bytes,
  count_if(e.event_type in ('edit', 'new') and not e.is_bot and e.user_kind = 'temporary') as temporary_edits,
  count_if(e.event_type in ('edit', 'new') and not e.is_bot and e.user_kind = 'ip') as ip_edits,
  count_if(e.event_type in ('edit', 'new') and not e.is_bot and e.is_known_bot) as known_bot_edits,
  count_if(e.event_type in ('edit', 'new') and e.is_minor) as minor_edits,
  count_if(e.event_type in ('edit', 'new') and e.is_patrolled) as patrolled_edits,
  count_if(e.log_type = 'abusefilter') as abuse_filter_hits,
  count_if(e.is_stale) as late_events,
  count_if(e.is_signal) as signal_events,
  count_if(e.is_signal and e.is_bot) as signal_bot_events,
  count_if(e.is_signal and e.event_type in ('edit', 'new')) as signal_edits,
  count_if(e.is_signal and e.event_type in ('edit', 'new') and e.is_bot) as signal_bot_edits,
  count_if(e.is_signal and e.event_type = 'new') as signal_new_pages,
  coalesce(sum(e.bytes_changed) filter (where e.is_signal), 0) as signal_bytes
from ${input} e
join touched w on w.stat_date = e.event_date and w.stat_hour = hour(e.event_timestamp)
where e.event_date in (${dates}) and ${event_ranges}
group by e.event_date, hour(e.event_timestamp), e.domain

-- @view base
select
  stat_date, stat_hour, domain, region, total_events, unique_users, unique_pages, bytes_added, bytes_removed, avg_edit_size,
  bot_edits, human_edits, anonymous_edits, bot_percentage, type_edit, type_new, type_categorize, type_log, large_deletions,
  large_additions, hour_start, wiki, language, project, in_scope, total_edits, type_other, abs_bytes, temporary_edits,
  ip_edits, known_bot_edits, minor_edits, patrolled_edits, abuse_filter_hits, late_events, signal_events, signal_bot_events,
  signal_edits, signal_bot_edits, signal_new_pages, signal_bytes
from counted
union all
select
  stat_date, stat_hour, domain, region, total_events, unique_users, unique_pages, bytes_added, bytes_removed, avg_edit_size,
  bot_edits, human_edits, anonymous_edits, bot_percentage, type_edit, type_new, type_categorize, type_log, large_deletions,
  large_additions, hour_start, wiki, language, project, in_scope, total_edits, type_other, abs_bytes, temporary_edits,
  ip_edits, known_bot_edits, minor_edits, patrolled_edits, abuse_filter_hits, late_events, signal_events, signal_bot_events,
  signal_edits, signal_bot_edits, signal_new_pages, signal_bytes
from stored
where not is_whole

-- Edits of the hour that undo somebody else's, and edits of the hour that somebody else undid in time.
-- @view labels
select stat_date, stat_hour, wiki, count(made) as revert_count, cast(size(collect_set(undone)) as bigint) as reverted_edits
from (
  select date_format(at, 'yyyy-MM-dd') as stat_date, hour(at) as stat_hour, wiki, made, undone
  from (
    select wiki, inline(array(
      struct(event_timestamp as at, revert_event_id as made, cast(null as string) as undone),
      struct(if(seconds_to_revert <= ${gold.reverted_within_s}, reverted_at, null) as at, cast(null as string) as made, reverted_event_id as undone)
    ))
    from ${reverts}
    where event_date in (${label_dates}) and not is_self_revert
  )
)
group by stat_date, stat_hour, wiki

-- @view fresh
select
  b.*,
  coalesce(l.revert_count, 0) as revert_count,
  coalesce(l.reverted_edits, 0) as reverted_edits,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from base b
left join labels l on l.stat_date = b.stat_date and l.stat_hour = b.stat_hour and l.wiki = b.wiki

-- @changes stored

-- @merge_changes
t.stat_date in (${stored_dates})
