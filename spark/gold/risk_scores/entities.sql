-- Users, pages and wikis of the touched days, with what speaks for and against each.

-- @view day_edits cached
select
  s.*,
  o.event_id is not null as is_undone,
  date_trunc('hour', s.event_timestamp) as hour_start,
  s.user_kind in ('ip', 'temporary') as is_anonymous
from (
  select
    e.event_id, e.event_date, e.event_timestamp, e.wiki, e.domain, e.in_scope, e.title, e.user_normalized, e.user_kind,
    e.is_large_deletion, e.edit_score, e.ev_trusted <> 0 as is_trusted, e.ev_page_contested > 0 as is_contested,
    ${is_first} or u.user_normalized is not null as has_touched_user,
    ${is_first} or p.title is not null as has_touched_page,
    -- Names of the evidence that speaks against the edit.
    filter(array(
      if(e.ev_blanking > 0, 'blanking', null), if(e.ev_removed_share > 0, 'removed_share', null),
      if(e.ev_size_outlier > 0, 'size_outlier', null), if(e.ev_unregistered > 0, 'unregistered', null),
      if(e.ev_new_account > 0, 'new_account', null), if(e.ev_no_summary > 0, 'no_summary', null),
      if(e.ev_tiny_new_page > 0, 'tiny_new_page', null), if(e.ev_filter_hit > 0, 'filter_hit', null),
      if(e.ev_recent_reverted > 0, 'recent_reverted', null), if(e.ev_talk_warned > 0, 'talk_warned', null),
      if(e.ev_page_contested > 0, 'page_contested', null), if(e.ev_burst > 0, 'burst', null),
      if(e.ev_multi_wiki > 0, 'multi_wiki', null), if(e.ev_blacklist > 0, 'blacklist', null)
    ), k -> k is not null) as kinds
  from ${input} e
  left join touched_users u on u.stat_date = e.event_date and u.user_normalized = e.user_normalized
  left join touched_pages p on p.stat_date = e.event_date and p.wiki = e.wiki and p.title = e.title
  where e.event_date in (${dates})
) s
left join undone o on o.event_id = s.event_id
where s.has_touched_user or s.has_touched_page

-- Edits in ten minutes against what is usual for the wiki, the hour and the group.
-- @view velocities
select w.stat_date, w.user_normalized, max((w.edits - b.median) / greatest(${gold.mad_scale} * b.mad, 1D)) as z
from (
  select
    event_date as stat_date, user_normalized, wiki, hour(event_timestamp) as hour, user_kind,
    floor(minute(event_timestamp) / 10) as slot, count(*) as edits
  from day_edits
  where has_touched_user and user_normalized is not null
  group by event_date, user_normalized, wiki, hour(event_timestamp), user_kind, floor(minute(event_timestamp) / 10)
) w
join ${wiki_baselines} b
  on b.as_of_date = date_format(date_add(to_date(w.stat_date), -1), 'yyyy-MM-dd')
  and b.wiki = w.wiki and b.hour_of_day = w.hour
  and b.metric = if(w.user_kind = 'registered', 'user_edits_10min_registered', 'user_edits_10min_unregistered')
where b.as_of_date in (${baseline_dates})
group by w.stat_date, w.user_normalized

-- @view told
select
  event_date as stat_date,
  user_normalized,
  count_if(kind = 'warned') as warnings,
  count_if(kind = 'filter_hit') as filter_hits,
  count_if(kind = 'filter_hit' and filter_level = 3) as stopped_hits
from ${account_events}
where event_date in (${dates}) and kind in ('warned', 'filter_hit')
group by event_date, user_normalized

-- @view users
select
  d.*,
  coalesce(t.warnings, 0) as warnings,
  coalesce(t.filter_hits, 0) as filter_hits,
  coalesce(t.stopped_hits, 0) as stopped_hits,
  v.z as velocity_z
from (
  select
    event_date as stat_date,
    user_normalized,
    max(user_kind) as user_kind,
    bool_or(is_trusted) as is_trusted,
    -- @use ./entity_counts
    count_if(in_scope) as scope_edits,
    count_if(in_scope and is_large_deletion) as scope_large_deletions,
    size(collect_set(if(in_scope, domain, null))) as scope_domains,
    size(collect_set(if(in_scope, hour_start, null))) as scope_hours,
    count_if(in_scope and is_anonymous) as scope_anonymous,
    count_if(in_scope and is_undone) as scope_reverted
  from day_edits
  where has_touched_user and user_normalized is not null
  group by event_date, user_normalized
) d
left join told t on t.stat_date = d.stat_date and t.user_normalized = d.user_normalized
left join velocities v on v.stat_date = d.stat_date and v.user_normalized = d.user_normalized

-- @view users_v1
select
  *,
  if(per_hour > ${risk.v1.edits_per_hour}, ${risk.v1.edits_per_hour_points}, 0) as p_speed,
  if(scope_large_deletions > ${risk.v1.large_deletions}, ${risk.v1.large_deletions_points}, 0) as p_deletions,
  if(anonymous_share > ${risk.v1.anonymous_share}, ${risk.v1.anonymous_share_points}, 0) as p_anonymous,
  if(per_hour > ${risk.v1.edits_per_hour} and scope_domains > ${risk.v1.domains}, ${risk.v1.domains_points}, 0) as p_domains
from (
  select *, scope_edits / cast(scope_hours as double) as per_hour, scope_anonymous / cast(scope_edits as double) as anonymous_share
  from users
  where scope_edits > 0
)

-- @view users_v2
select
  *,
  if(is_trusted, 0D, ${risk.user.edit_share} * max_edit_score) as p_edit,
  if(is_trusted, 0D, cast(least(${risk.user.reverted_each} * reverted_edits, ${risk.user.reverted_most}) as double)) as p_reverted,
  if(
    is_trusted or total_edits < ${risk.user.reverted_rate_min_edits}, 0D,
    ${risk.user.reverted_rate} * reverted_edits / cast(total_edits as double)
  ) as p_rate,
  if(
    is_trusted, 0D,
    cast(least(
      ${risk.user.hit_stopped} * stopped_hits + ${risk.user.hit_other} * (filter_hits - stopped_hits), ${risk.user.hits_most}
    ) as double)
  ) as p_hits,
  if(not is_trusted and coalesce(velocity_z, 0D) >= ${risk.user.velocity_z}, cast(${risk.user.velocity} as double), 0D) as p_velocity
from users

-- @view page_reverts
select event_date as stat_date, wiki, title, count(*) as reverts, size(collect_set(coalesce(reverting_user, ''))) as reverters
from ${reverts}
where event_date in (${dates}) and not is_self_revert
group by event_date, wiki, title

-- @view pages
select
  *,
  ${risk.page.edit_share} * max_edit_score as p_edit,
  cast(least(${risk.page.revert_each} * greatest(0, reverts - 1), ${risk.page.reverts_most}) as double) as p_reverts,
  if(is_edit_war, cast(${risk.page.edit_war} as double), 0D) as p_war,
  cast(least(${risk.page.unregistered_each} * unregistered_users, ${risk.page.unregistered_most}) as double) as p_unregistered
from (
  select
    d.*,
    coalesce(r.reverts, 0) as reverts,
    coalesce(d.is_contested or (r.reverts >= ${gold.edit_war_reverts} and r.reverters >= ${gold.edit_war_users}), false) as is_edit_war
  from (
    select
      event_date as stat_date,
      wiki,
      title,
      -- @use ./entity_counts
      size(collect_set(if(is_anonymous, user_normalized, null))) as unregistered_users,
      bool_or(is_contested) as is_contested
    from day_edits
    where has_touched_page
    group by event_date, wiki, title
  ) d
  left join page_reverts r on r.stat_date = d.stat_date and r.wiki = d.wiki and r.title = d.title
)

-- @view wikis
select
  d.*,
  (d.high_edits / cast(d.total_edits as double) - b.median) / (${gold.mad_scale} * greatest(b.mad, ${risk.wiki.share_mad_floor})) as share_z
from (
  select
    e.event_date as stat_date,
    e.wiki,
    count(*) as total_edits,
    count_if(e.is_large_deletion) as large_deletions,
    size(collect_set(e.domain)) as domains_edited,
    size(collect_set(date_trunc('hour', e.event_timestamp))) as active_hours,
    count_if(e.user_kind in ('ip', 'temporary')) as anonymous_edits,
    count(o.event_id) as reverted_edits,
    max(e.edit_score) as max_edit_score,
    count_if(e.edit_score >= ${risk.high_from}) as high_edits
  from ${input} e
  left join touched_wikis w on w.stat_date = e.event_date and w.wiki = e.wiki
  left join undone o on o.event_id = e.event_id
  where e.event_date in (${dates}) and (${is_first} or w.wiki is not null)
  group by e.event_date, e.wiki
) d
left join ${wiki_baselines} b
  on b.as_of_date = date_format(date_add(to_date(d.stat_date), -1), 'yyyy-MM-dd')
  and b.as_of_date in (${baseline_dates})
  and b.wiki = d.wiki and b.metric = 'high_score_share' and b.hour_of_day = -1
