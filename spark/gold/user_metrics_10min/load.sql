-- gold.user_metrics_10min: windows that got new or changed silver rows are counted anew, for all their users.
-- Reads   ${input} rows processed after the consumed mark (touched windows), then those windows whole.
--         Of windows whose events are as they were, only what changed around them: reverts that are new, changed or gone
--         (who made them, whose edit they undid, and for seven days on whether both are reverters), accounts that were
--         created (for four days on), baselines of the day before. Their counts of events are taken from the stored row.
-- Roles   use only what happened before the window's end: a row says what was known of the user then.
-- Writes  only rows that differ; a user who vanished from a touched window is deleted in the same MERGE.

-- @view touched cached
select distinct event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)) as window_start
from ${input}
where silver_processed_at > ${mark}

-- @use touched_ranges
--   start: window_start
--   length: interval 10 minutes
--   gap: interval 1 hour
--   count: touched_windows

-- @use relabelled_reverts
--   told: wiki, reverting_user, reverted_user, event_timestamp, reverted_at, seconds_to_revert
--   compared: wiki, reverting_user, reverted_user, reverted_user_kind

-- Users whose role may be another one, from when to when a window's end must lie.
-- @view reconsidered cached
select user_normalized, event_timestamp as after_at, event_timestamp + interval ${gold.reverter_days} days as until_at
from (select explode(array(reverting_user, reverted_user)) as user_normalized, event_timestamp from relabelled)
where user_normalized is not null
union
select user_normalized, event_timestamp, event_timestamp + interval ${gold.newcomer_days} days
from ${account_events}
where silver_processed_at > ${account_events_mark} and kind = 'created'
union
select user_normalized, event_timestamp, event_timestamp + interval ${gold.newcomer_days} days
from (
  select event_id, user_normalized, event_timestamp, kind
  from ${account_events_before}
  where event_date in (${dates}) and event_timestamp >= ${first_at}
  except
  select event_id, user_normalized, event_timestamp, kind
  from ${account_events}
  where event_date in (${dates}) and event_timestamp >= ${first_at}
)
where kind = 'created'

-- Rows of other windows that may be another now. Baselines of a day judge the day after, all users of a kind (user NULL).
-- @view around cached
select distinct window_start, wiki, user_normalized, cast(null as string) as metric
from (
  select wiki, inline(array(
    struct(event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)) as window_start, reverting_user as user_normalized),
    struct(if(seconds_to_revert <= ${gold.reverted_within_s}, reverted_at - make_dt_interval(0, 0, minute(reverted_at) % 10, extract(second from reverted_at)), null) as window_start, reverted_user as user_normalized)
  ))
  from relabelled
)
where window_start is not null and user_normalized is not null
union all
select to_timestamp_ntz(as_of_date) + make_dt_interval(1, hour_of_day, 10 * n), wiki, null, metric
from ${wiki_baselines} lateral view explode(sequence(0, 5)) as n
where gold_processed_at > ${wiki_baselines_mark} and metric like 'user_edits_10min%' and hour_of_day >= 0

-- @view reach
select window_start as from_at, window_start + interval 10 minutes as until from touched
union all
select window_start, window_start + interval 10 minutes from around
union all
select min(after_at) - interval 10 minutes, max(until_at) from reconsidered having count(*) > 0

-- Reverts and new accounts of the days before decide on roles.
-- @use stored_window_ranges
--   days_before: ${gold.reverter_days}

-- Rows as they are: of touched windows all, of the others those that something around them has changed.
-- @view stored cached
select t.*, w.window_start is not null as is_whole
from ${target} t
left join touched w on w.window_start = t.window_start
where t.stat_date in (${stored_dates})
  and ${stored_ranges}
  and (
    w.window_start is not null
    or exists (
      select 1 from around a where a.window_start = t.window_start and a.wiki = t.wiki and a.user_normalized = t.user_normalized
    )
    or exists (
      select 1 from reconsidered r
      where r.user_normalized = t.user_normalized and t.window_end > r.after_at and t.window_end <= r.until_at
    )
    or exists (
      select 1 from around a
      where a.window_start = t.window_start and a.wiki = t.wiki
        and a.metric = if(t.user_kind = 'registered', 'user_edits_10min_registered', 'user_edits_10min_unregistered')
    )
  )

-- @view counted
select
  window_start,
  wiki,
  user_normalized,
  max(user_kind) as user_kind,
  max(is_bot) as is_bot,
  case when max(is_bot) then 'bot' when max(is_known_bot) then 'known_bot' end as fixed_role,
  -- @use edit_counts
  cast(size(collect_set(if(is_edit, title, null))) as bigint) as pages_edited,
  cast(size(collect_set(if(is_edit, namespace, null))) as bigint) as namespaces_edited,
  count_if(is_edit and is_talk_warning) as talk_warnings
from (
  select
    e.event_timestamp - make_dt_interval(0, 0, minute(e.event_timestamp) % 10, extract(second from e.event_timestamp)) as window_start,
    e.wiki, e.user_normalized, e.user_kind, e.title, e.namespace, e.event_type in ('edit', 'new') as is_edit, e.is_bot,
    e.is_known_bot, e.is_anonymous, e.length_delta, e.is_large_deletion, e.log_type, e.is_talk_warning
  from ${input} e
  where e.event_date in (${dates}) and ${event_ranges}
    and e.event_type in ('edit', 'new', 'log') and e.user_normalized is not null
) e
left semi join touched w on w.window_start = e.window_start
group by window_start, wiki, user_normalized

-- @view base cached
select
  window_start, wiki, user_normalized, user_kind, is_bot, fixed_role, edit_count, bot_edits, human_edits, anonymous_edits,
  registered_edits, bytes_added, bytes_removed, large_deletions, abuse_filter_hits, pages_edited, namespaces_edited,
  talk_warnings, count_if(edit_count > 0) over (partition by window_start, user_normalized) as wikis_edited
from counted
union all
select
  window_start, wiki, user_normalized, user_kind, is_bot, if(role in ('bot', 'known_bot'), role, null), edit_count, bot_edits,
  human_edits, anonymous_edits, registered_edits, bytes_added, bytes_removed, large_deletions, abuse_filter_hits, pages_edited,
  namespaces_edited, talk_warnings, wikis_edited
from stored
where not is_whole

-- Reverts by these users and of their edits: all that the rest asks of the days before and after.
-- @view user_reverts cached
select
  r.revert_event_id, r.wiki, r.reverting_user, r.event_timestamp, r.reverted_event_id, r.reverted_user, r.reverted_user_kind,
  r.reverted_at, r.seconds_to_revert
from ${reverts} r
where r.event_date in (${context_dates}) and not r.is_self_revert
  and (
    exists (select 1 from base b where b.user_normalized = r.reverting_user)
    or exists (select 1 from base b where b.user_normalized = r.reverted_user)
  )

-- @view labels
select window_start, wiki, user_normalized, count(made) as revert_count, cast(size(collect_set(undone)) as bigint) as reverted_edits
from (
  select wiki, inline(array(
    struct(event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)) as window_start, reverting_user as user_normalized, revert_event_id as made, cast(null as string) as undone),
    struct(
      if(seconds_to_revert <= ${gold.reverted_within_s} and reverted_user_kind <> 'hidden', reverted_at - make_dt_interval(0, 0, minute(reverted_at) % 10, extract(second from reverted_at)), null) as window_start,
      reverted_user as user_normalized,
      cast(null as string) as made,
      reverted_event_id as undone
    )
  ))
  from user_reverts
)
where window_start is not null and user_normalized is not null
group by window_start, wiki, user_normalized

-- Reverts over all wikis: names are the same everywhere.
-- @view reverters
select b.window_start, b.user_normalized
from (
  select distinct b.window_start, b.user_normalized
  from base b
  left semi join (
    select reverting_user from user_reverts group by reverting_user having count(*) >= ${gold.reverter_min_reverts}
  ) m on m.reverting_user = b.user_normalized
  where b.fixed_role is null and b.user_kind = 'registered'
) b
join user_reverts r
  on r.reverting_user = b.user_normalized
  and r.event_timestamp < b.window_start + interval 10 minutes
  and r.event_timestamp >= b.window_start + interval 10 minutes - interval ${gold.reverter_days} days
left join (
  select reverted_event_id, min(event_timestamp) as undone_at from user_reverts where reverted_event_id is not null group by reverted_event_id
) u on u.reverted_event_id = r.revert_event_id
group by b.window_start, b.user_normalized
having count(*) >= ${gold.reverter_min_reverts}
  and count_if(u.undone_at < b.window_start + interval 10 minutes) < ${gold.reverter_reverted_below} * count(*)

-- @view newcomers
select distinct b.window_start, b.user_normalized
from ${account_events} a
join base b
  on a.user_normalized = b.user_normalized
  and a.event_timestamp < b.window_start + interval 10 minutes
  and a.event_timestamp > b.window_start + interval 10 minutes - interval ${gold.newcomer_days} days
where a.event_date in (${context_dates}) and a.kind = 'created' and b.user_kind = 'registered' and b.fixed_role is null

-- @view fresh
select
  b.window_start,
  b.window_start + interval 10 minutes as window_end,
  date_format(b.window_start, 'yyyy-MM-dd') as stat_date,
  b.wiki,
  b.user_normalized,
  b.user_kind,
  b.is_bot,
  coalesce(b.fixed_role, if(r.window_start is not null, 'reverter', null), if(n.window_start is not null, 'newcomer', null), 'human') as role,
  -- @use edit_rates
  b.pages_edited,
  b.wikis_edited,
  coalesce(l.revert_count, 0) as reverts_made,
  b.namespaces_edited,
  b.talk_warnings,
  -- @use edit_anomaly
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from base b
left join labels l on l.window_start = b.window_start and l.wiki = b.wiki and l.user_normalized = b.user_normalized
left join reverters r on r.window_start = b.window_start and r.user_normalized = b.user_normalized
left join newcomers n on n.window_start = b.window_start and n.user_normalized = b.user_normalized
left join ${wiki_baselines} m
  on m.as_of_date = date_format(date_add(to_date(b.window_start), -1), 'yyyy-MM-dd')
  and m.wiki = b.wiki and m.hour_of_day = hour(b.window_start) and not b.is_bot
  and m.metric = if(b.user_kind = 'registered', 'user_edits_10min_registered', 'user_edits_10min_unregistered')
  and m.as_of_date in (${baseline_dates})

-- @changes stored

-- @merge_changes
t.stat_date in (${stored_dates}) and ${stored_ranges}
