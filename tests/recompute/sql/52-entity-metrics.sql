-- gold.entity_metrics_10min: pages that are watched, or have three edits and more in the window.
create table page_windows as
select
  window_start, wiki, title,
  any_value(namespace) filter (is_edit) as namespace,
  max(watch_id) as watch_id,
  bool_or(is_watched) as is_watched,
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
  count(distinct user_normalized) filter (is_edit) as unique_users
from windowed
where title is not null
group by all
having count(*) filter (is_edit) >= {{gold.entity_min_edits}} or (bool_or(is_watched) and count(*) filter (is_edit) > 0);

create table page_users as
select window_start, wiki, title, user_normalized, count(*) as n
from windowed
where is_edit and user_normalized is not null
group by all;

create table page_diversity as
select window_start, wiki, title, max(n) as top_n,
  case when count(*) = 1 then 0.0 else -sum(share * ln(share)) / ln(count(*)) end as user_diversity
from (select *, n / sum(n) over (partition by window_start, wiki, title) as share from page_users)
group by all;

create table page_wars as
select p.window_start, p.wiki, p.title
from page_windows p
join reverts r on r.wiki = p.wiki and r.title = p.title and not r.is_self_revert
  and r.event_timestamp >= p.window_start + interval 10 minute - interval {{gold.edit_war_hours}} hour
  and r.event_timestamp < p.window_start + interval 10 minute
group by all
having count(*) >= {{gold.edit_war_reverts}} and count(distinct r.reverting_user) >= {{gold.edit_war_users}};
