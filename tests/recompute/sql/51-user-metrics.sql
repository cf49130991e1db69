-- gold.user_metrics_10min: users with an edit or a log entry in the window.
create table user_wikis as
select window_start, user_normalized, count(distinct wiki) as wikis_edited
from windowed where is_edit and user_normalized is not null
group by all;

create table user_windows as
select
  window_start, wiki, user_normalized,
  any_value(user_kind) as user_kind,
  bool_or(is_bot) as is_bot,
  bool_or(is_known_bot) as is_known_bot,
  count(*) filter (is_edit) as edit_count,
  count(*) filter (is_edit and is_bot) as bot_edits,
  count(*) filter (is_edit and not is_bot) as human_edits,
  count(*) filter (is_edit and not is_bot and is_anonymous) as anonymous_edits,
  count(*) filter (is_edit and not is_bot and user_kind = 'registered') as registered_edits,
  coalesce(sum(greatest(length_delta, 0)) filter (is_edit), 0) as bytes_added,
  coalesce(sum(greatest(-length_delta, 0)) filter (is_edit), 0) as bytes_removed,
  count(*) filter (is_edit and is_large_deletion) as large_deletions,
  count(*) filter (is_revert) as revert_count,
  count(*) filter (is_reverted) as reverted_edits,
  count(*) filter (log_type = 'abusefilter') as abuse_filter_hits,
  count(distinct title) filter (is_edit) as pages_edited,
  count(distinct namespace) filter (is_edit) as namespaces_edited,
  count(*) filter (is_talk_warning) as talk_warnings
from windowed
where user_normalized is not null and event_type in ('edit', 'new', 'log')
group by all;

-- Reverts of a week and accounts of four days: only users that can have either are looked at.
create table reverters as
select u.window_start, u.user_normalized
from (select distinct window_start, user_normalized from user_windows) u
join (
  select r.reverting_user, r.event_timestamp, d.event_id is not null as is_undone
  from reverts r left join reverted d on d.event_id = r.revert_event_id
  where not r.is_self_revert
) v on v.reverting_user = u.user_normalized
  and v.event_timestamp >= u.window_start + interval 10 minute - interval {{gold.reverter_days}} day
  and v.event_timestamp < u.window_start + interval 10 minute
group by all
having count(*) >= {{gold.reverter_min_reverts}} and avg(is_undone::int) < {{gold.reverter_reverted_below}};

create table newcomers as
select distinct u.window_start, u.user_normalized
from (select distinct window_start, user_normalized from user_windows where user_kind = 'registered') u
join account_events a on a.kind = 'created' and a.user_normalized = u.user_normalized
  and a.event_timestamp > u.window_start + interval 10 minute - interval {{gold.newcomer_days}} day
  and a.event_timestamp < u.window_start + interval 10 minute;
