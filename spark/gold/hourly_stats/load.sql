-- gold.hourly_stats: every hour that got new or changed silver rows is computed anew, for all its domains.
-- Reads   ${input} rows processed after the consumed mark (touched hours), then those hours whole; ${reverts} likewise: a
--         revert touches its own hour and that of the edit it undid.
-- Writes  only rows that differ; a domain that vanished from a touched hour is deleted in the same MERGE.
-- The changes are found first (full join with a flag): WHEN NOT MATCHED BY SOURCE reads the whole target, every cycle.

-- @view touched cached
select event_date as stat_date, hour(event_timestamp) as stat_hour
from ${input}
where silver_processed_at > ${mark}
union
select date_format(touched_at, 'yyyy-MM-dd'), hour(touched_at)
from (
  -- Whole seconds lie between the two edits: the earlier one is up to a second before.
  select explode(array(
    event_timestamp,
    event_timestamp - make_dt_interval(0, 0, 0, seconds_to_revert),
    event_timestamp - make_dt_interval(0, 0, 0, seconds_to_revert + 1)
  )) as touched_at
  from ${reverts}
  where silver_processed_at > ${reverts_mark}
)
where touched_at is not null

-- @literals
select
  sort_array(collect_set(stat_date)) as dates,
  (
    select coalesce(sort_array(collect_set(date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd'))), array())
    from touched lateral view explode(sequence(0, cast(ceil(${gold.reverted_within_s} / 86400.0) as int))) as n
  ) as label_dates,
  coalesce(min(to_timestamp_ntz(stat_date) + make_dt_interval(0, stat_hour)), timestamp_ntz'1970-01-01') as first_at,
  coalesce(max(to_timestamp_ntz(stat_date) + make_dt_interval(0, stat_hour + 1)), timestamp_ntz'1970-01-01') as until_at,
  cast(count(*) as int) as touched_windows
from touched

-- Edits that undo somebody else's, and edits that somebody else undid in time.
-- @view undoing
select distinct revert_event_id as event_id from ${reverts} where event_date in (${dates}) and not is_self_revert

-- @view undone
select distinct reverted_event_id as event_id
from ${reverts}
where event_date in (${label_dates})
  and not is_self_revert
  and reverted_event_id is not null
  and seconds_to_revert <= ${gold.reverted_within_s}

-- @view fresh
select
  e.event_date as stat_date,
  hour(e.event_timestamp) as stat_hour,
  e.domain,
  max(e.region) as region,
  '1.0.0' as schema_version,
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
  ${run_at} as gold_processed_at,
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
  count(u.event_id) as revert_count,
  count(o.event_id) as reverted_edits,
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
left join undoing u on u.event_id = e.event_id
left join undone o on o.event_id = e.event_id
where e.event_date in (${dates})
  and e.event_timestamp >= ${first_at}
  and e.event_timestamp < ${until_at}
group by e.event_date, hour(e.event_timestamp), e.domain

-- @view existing
select t.*
from ${target} t
join touched w on w.stat_date = t.stat_date and w.stat_hour = t.stat_hour
where t.stat_date in (${dates})

-- @view changes cached
select
  coalesce(f.stat_date, e.stat_date) as row_date,
  coalesce(f.stat_hour, e.stat_hour) as row_hour,
  coalesce(f.domain, e.domain) as row_domain,
  f.domain is null as is_gone,
  f.*
from fresh f
full outer join existing e
  on f.stat_date = e.stat_date and f.stat_hour = e.stat_hour and f.domain = e.domain
where f.domain is null or e.domain is null or not (${unchanged})

-- @merge
merge into ${target} t
using changes s
on t.stat_date in (${dates}) and t.stat_date = s.row_date and t.stat_hour = s.row_hour and t.domain = s.row_domain
when matched and s.is_gone then delete
when matched then update set *
when not matched then insert *
