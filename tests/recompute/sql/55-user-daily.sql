-- gold.user_daily: a day of a user on a server.
create table user_daily as
select
  event_date as stat_date, server_name, user_normalized, is_bot,
  any_value(language) as language, any_value(project) as project, any_value(user_kind) as user_kind, any_value(in_scope) as in_scope,
  count(*) as events,
  count(*) filter (is_edit) as edits,
  count(*) filter (is_edit and is_signal) as signal_edits,
  count(distinct title) filter (is_edit) as pages_edited,
  count(*) filter (is_new_page and is_signal) as pages_created,
  coalesce(sum(bytes_changed) filter (is_edit), 0) as bytes_changed,
  coalesce(sum(length_delta) filter (is_edit), 0) as net_bytes,
  count(*) filter (is_edit and is_large_deletion) as large_deletions,
  count(*) filter (is_revert) as reverts_made,
  count(*) filter (is_reverted) as reverted_edits,
  count(distinct hour(event_timestamp)) filter (is_edit)::int as active_hours,
  min(event_timestamp) as first_event_at, max(event_timestamp) as last_event_at,
  '1.0.0' as schema_version
from facts
where user_normalized is not null
group by 1, 2, 3, 4;
