-- gold.user_daily: the days of users who have new or changed silver rows are computed anew.
-- Reads   ${input} rows processed after the consumed mark (touched users), then the days they lie on, of which only touched
--         users' rows go further than the first filter; ${reverts}, for who undid and who was undone. A user of whom only
--         that has changed keeps the stored row with new counts: an edit of yesterday that is undone today costs a row,
--         not a reading of yesterday.
-- Writes  only rows that differ; a row that vanished (an event has got the bot flag, say) is deleted in the same MERGE.

-- @view arrived cached
select
  event_date as stat_date, wiki, coalesce(server_name, domain) as server_name, user_normalized, count(*) as events,
  min(event_timestamp) as first_at
from ${input}
where silver_processed_at > ${mark}
group by event_date, wiki, coalesce(server_name, domain), user_normalized

-- @literals
select
  coalesce((select sort_array(collect_set(stat_date)) from arrived), array()) as new_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd')))
    from arrived lateral view explode(sequence(0, ${silver.revert_window_days})) as n
  ), array()) as later_dates,
  coalesce((select min(first_at) from arrived), timestamp_ntz'9999-01-01') as first_at

-- @use relabelled_reverts
--   told: event_date, wiki, reverting_user, reverted_user, reverted_at
--   compared: event_date, wiki, reverting_user, reverted_user

-- Users of whom nothing but a label is new.
-- @view labelled cached
select l.stat_date, l.wiki, l.user_normalized
from (
  select event_date as stat_date, wiki, reverting_user as user_normalized from relabelled
  union
  select date_format(reverted_at, 'yyyy-MM-dd'), wiki, reverted_user from relabelled where reverted_at is not null
) l
left anti join arrived a
  on a.stat_date = l.stat_date and a.wiki = l.wiki and a.user_normalized = l.user_normalized
where l.user_normalized is not null

-- An event that another copy has replaced may have moved to another user, and nothing shows from whom. Then the table holds
-- more events of a day than silver had without those that arrived, and the day is computed whole: rare, and right.
-- @literals
select
  coalesce((select sort_array(collect_set(stat_date)) from labelled), array()) as labelled_dates,
  (select count(user_normalized) from ${input} where event_date in (${new_dates}))
    - (select coalesce(sum(events), 0) from arrived where user_normalized is not null)
    <> (select coalesce(sum(events), 0) from ${target} where stat_date in (${new_dates})) as is_moved

-- A wiki has one host; the rows here say the host, the reverts the wiki. Who has two rows on a day is computed whole.
-- @view stored_labelled cached
select t.*, l.wiki, count(*) over (partition by t.stat_date, t.server_name, t.user_normalized) as rows_of_user
from ${target} t
join (select distinct wiki, server_name from arrived) s on s.server_name = t.server_name
join labelled l on l.stat_date = t.stat_date and l.wiki = s.wiki and l.user_normalized = t.user_normalized
where t.stat_date in (${labelled_dates})

-- @view touched cached
select stat_date, wiki, user_normalized
from arrived
where user_normalized is not null
union
select l.stat_date, l.wiki, l.user_normalized
from labelled l
left anti join stored_labelled t
  on t.rows_of_user = 1 and t.stat_date = l.stat_date and t.wiki = l.wiki and t.user_normalized = l.user_normalized
union
select event_date, wiki, user_normalized
from ${input}
where ${is_moved} and event_date in (${new_dates}) and user_normalized is not null

-- @literals
select
  coalesce((select sort_array(collect_set(stat_date)) from touched), array()) as dates,
  coalesce((
    select sort_array(collect_set(stat_date))
    from (select stat_date from touched union select stat_date from labelled)
  ), array()) as stored_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd')))
    from (select stat_date from touched union select stat_date from labelled)
    lateral view explode(sequence(0, cast(ceil(${gold.reverted_within_s} / 86400.0) as int))) as n
  ), array()) as label_dates,
  cast((select count(*) from touched) + (select count(*) from stored_labelled where rows_of_user = 1) as int) as touched_windows

-- @view undoing
select event_date, wiki, reverting_user, revert_event_id as event_id
from ${reverts}
where event_date in (${stored_dates}) and not is_self_revert

-- @view undone
select distinct
  date_format(reverted_at, 'yyyy-MM-dd') as event_date, wiki, reverted_user, reverted_user_kind, reverted_event_id as event_id
from ${reverts}
where event_date in (${label_dates})
  and not is_self_revert
  and reverted_event_id is not null
  and seconds_to_revert <= ${gold.reverted_within_s}

-- One row per user and page, so that pages are counted without a set of them per user.
-- @view user_pages
select
  e.event_date as stat_date,
  coalesce(e.server_name, e.domain) as server_name,
  e.user_normalized,
  e.is_bot,
  if(e.event_type in ('edit', 'new'), e.wiki, null) as wiki,
  if(e.event_type in ('edit', 'new'), e.title, null) as title,
  max(e.language) as language,
  max(e.project) as project,
  max(e.user_kind) as user_kind,
  max(e.in_scope) as in_scope,
  count(*) as events,
  count_if(e.event_type in ('edit', 'new')) as edits,
  count_if(e.event_type in ('edit', 'new') and e.is_signal) as signal_edits,
  count_if(e.event_type = 'new' and e.is_signal) as pages_created,
  sum(if(e.event_type in ('edit', 'new'), e.bytes_changed, 0)) as bytes_changed,
  sum(if(e.event_type in ('edit', 'new'), e.length_delta, 0)) as net_bytes,
  count_if(e.event_type in ('edit', 'new') and e.is_large_deletion) as large_deletions,
  count(u.event_id) as reverts_made,
  count(o.event_id) as reverted_edits,
  bit_or(if(e.event_type in ('edit', 'new'), shiftleft(1, hour(e.event_timestamp)), 0)) as hours_with_edits,
  min(e.event_timestamp) as first_event_at,
  max(e.event_timestamp) as last_event_at
from ${input} e
left semi join touched t
  on t.stat_date = e.event_date and t.wiki = e.wiki and t.user_normalized = e.user_normalized
left join undoing u on u.event_id = e.event_id
left join (select distinct event_id from undone) o on o.event_id = e.event_id
where e.event_date in (${dates})
group by
  e.event_date, coalesce(e.server_name, e.domain), e.user_normalized, e.is_bot,
  if(e.event_type in ('edit', 'new'), e.wiki, null), if(e.event_type in ('edit', 'new'), e.title, null)

-- Whose edits undid others, and whose were undone: told from the reverts alone.
-- @view label_counts
select event_date as stat_date, wiki, user_normalized, sum(made) as reverts_made, sum(undone) as reverted_edits
from (
  select event_date, wiki, reverting_user as user_normalized, 1L as made, 0L as undone from undoing
  union all
  select event_date, wiki, reverted_user, 0L, 1L from undone where reverted_user_kind <> 'hidden'
)
where event_date in (${labelled_dates})
group by event_date, wiki, user_normalized

-- @view fresh cached
select
  stat_date,
  server_name,
  user_normalized,
  is_bot,
  max(language) as language,
  max(project) as project,
  max(user_kind) as user_kind,
  max(in_scope) as in_scope,
  sum(events) as events,
  sum(edits) as edits,
  sum(signal_edits) as signal_edits,
  count_if(edits > 0) as pages_edited,
  sum(pages_created) as pages_created,
  coalesce(sum(bytes_changed), 0) as bytes_changed,
  coalesce(sum(net_bytes), 0) as net_bytes,
  sum(large_deletions) as large_deletions,
  sum(reverts_made) as reverts_made,
  sum(reverted_edits) as reverted_edits,
  cast(bit_count(bit_or(hours_with_edits)) as int) as active_hours,
  min(first_event_at) as first_event_at,
  max(last_event_at) as last_event_at,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from user_pages
group by stat_date, server_name, user_normalized, is_bot
union all
select
  t.stat_date, t.server_name, t.user_normalized, t.is_bot, t.language, t.project, t.user_kind, t.in_scope, t.events, t.edits,
  t.signal_edits, t.pages_edited, t.pages_created, t.bytes_changed, t.net_bytes, t.large_deletions,
  coalesce(c.reverts_made, 0), coalesce(c.reverted_edits, 0), t.active_hours, t.first_event_at, t.last_event_at,
  ${run_at}, t.schema_version
from stored_labelled t
left anti join touched a on a.stat_date = t.stat_date and a.wiki = t.wiki and a.user_normalized = t.user_normalized
left join label_counts c on c.stat_date = t.stat_date and c.wiki = t.wiki and c.user_normalized = t.user_normalized
where not (${is_moved} and t.stat_date in (${new_dates}))

-- @view touched_users
select distinct stat_date, server_name, user_normalized from fresh

-- @view existing
select e.*
from ${target} e
left semi join touched_users t
  on t.stat_date = e.stat_date
  and (t.server_name = e.server_name and t.user_normalized = e.user_normalized or ${is_moved} and e.stat_date in (${new_dates}))
where e.stat_date in (${stored_dates})

-- @changes existing

-- @merge_changes
t.stat_date in (${stored_dates})
