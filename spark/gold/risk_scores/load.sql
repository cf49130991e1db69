-- gold.risk_scores: users, pages and wikis of a day that got new or changed scores, reverts or account events, by both models.
-- Reads   ${input} (every edit without the bot flag is there) for the touched days: edits of touched users and pages whole,
--         of wikis only counts; reverts of these days and two more; account events of these days.
-- Writes  only rows that differ. What is touched by what: docs/decisions/risk.md.

-- Where new rows lie: an edit that has gone, or is another's now, was about there.
-- @view news cached
select distinct date_trunc('hour', event_timestamp) as hour_start
from ${cleaned_events}
where silver_processed_at > ${cleaned_events_mark} and ${mark} > timestamp_ntz'1970-01-01'

-- @view rebased cached
select distinct
  date_format(date_add(to_date(as_of_date), 1), 'yyyy-MM-dd') as stat_date,
  wiki,
  metric = 'high_score_share' as is_share
from ${wiki_baselines}
where gold_processed_at > ${wiki_baselines_mark} and ${mark} > timestamp_ntz'1970-01-01'
  and ((metric = 'high_score_share' and hour_of_day = -1) or metric in ('user_edits_10min_registered', 'user_edits_10min_unregistered'))

-- @literals
select
  ${mark} < timestamp_ntz'1970-01-01' as is_first,
  coalesce((select min(hour_start) from news), timestamp_ntz'1970-01-01') - interval 1 hour as news_from_at,
  coalesce((select max(hour_start) from news), timestamp_ntz'1970-01-01') + interval 2 hours as news_until_at,
  coalesce((
    select sort_array(collect_set(date_format(at, 'yyyy-MM-dd')))
    from news lateral view explode(array(hour_start - interval 1 hour, hour_start, hour_start + interval 1 hour)) as at
  ), array()) as news_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(hour_start), n), 'yyyy-MM-dd')))
    from news lateral view explode(sequence(0, ${silver.revert_window_days})) as n
  ), array()) as revert_dates,
  coalesce((select sort_array(collect_set(stat_date)) from rebased where not is_share), array()) as rebased_dates

-- @view changed_edits cached
select event_date as stat_date, user_normalized, wiki, title
from ${input}
where gold_processed_at > ${mark} and not ${is_first}
union all
select b.event_date, b.user_normalized, b.wiki, b.title
from ${input_before} b
left anti join (
  select event_id, gold_processed_at from ${input}
  where event_date in (${news_dates}) and event_timestamp between ${news_from_at} and ${news_until_at}
) n on n.event_id = b.event_id and n.gold_processed_at = b.gold_processed_at
where b.event_date in (${news_dates}) and b.event_timestamp between ${news_from_at} and ${news_until_at} and not ${is_first}

-- @view changed_reverts cached
select wiki, title, reverted_user, seconds_to_revert, event_timestamp, event_date
from ${reverts}
where silver_processed_at > ${reverts_mark} and not is_self_revert and not ${is_first}
union all
select b.wiki, b.title, b.reverted_user, b.seconds_to_revert, b.event_timestamp, b.event_date
from ${reverts_before} b
left anti join (
  select revert_event_id, silver_processed_at from ${reverts} where event_date in (${revert_dates})
) n on n.revert_event_id = b.revert_event_id and n.silver_processed_at = b.silver_processed_at
where b.event_date in (${revert_dates}) and not b.is_self_revert and not ${is_first}

-- The edit undone lies whole seconds before, up to one more.
-- @view undone_days
select distinct date_format(at, 'yyyy-MM-dd') as stat_date, reverted_user, wiki, title
from changed_reverts
lateral view explode(array(
  event_timestamp - make_dt_interval(0, 0, 0, seconds_to_revert),
  event_timestamp - make_dt_interval(0, 0, 0, seconds_to_revert + 1)
)) as at
where seconds_to_revert <= ${gold.reverted_within_s}

-- @view touched_users cached
select distinct stat_date, user_normalized
from (
  select stat_date, user_normalized from changed_edits
  union all
  select stat_date, reverted_user from undone_days
  union all
  -- Their velocity is measured by something else now.
  select e.event_date, e.user_normalized
  from ${input} e
  left semi join (select stat_date, wiki from rebased where not is_share) r on r.stat_date = e.event_date and r.wiki = e.wiki
  where e.event_date in (${rebased_dates})
  union all
  select event_date, user_normalized from ${account_events}
  where silver_processed_at > ${account_events_mark} and kind in ('warned', 'filter_hit') and not ${is_first}
  union all
  select b.event_date, b.user_normalized
  from ${account_events_before} b
  left anti join (
    select event_id, silver_processed_at from ${account_events}
    where event_date in (${news_dates}) and event_timestamp between ${news_from_at} and ${news_until_at}
  ) n on n.event_id = b.event_id and n.silver_processed_at = b.silver_processed_at
  where b.event_date in (${news_dates}) and b.event_timestamp between ${news_from_at} and ${news_until_at} and not ${is_first}
)
where user_normalized is not null

-- @view touched_pages cached
select distinct stat_date, wiki, title
from (
  select stat_date, wiki, title from changed_edits
  union all
  select stat_date, wiki, title from undone_days
  union all
  select event_date, wiki, title from changed_reverts
)

-- @view touched_wikis cached
select distinct stat_date, wiki
from (
  select stat_date, wiki from changed_edits
  union all
  select stat_date, wiki from undone_days
  union all
  select stat_date, wiki from rebased where is_share
)

-- @literals
with days as (
  select stat_date from touched_users
  union
  select stat_date from touched_pages
  union
  select stat_date from touched_wikis
  union
  select distinct event_date from ${input} where ${is_first}
)
select
  coalesce(sort_array(collect_set(stat_date)), array()) as dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd')))
    from days lateral view explode(sequence(0, cast(ceil(${gold.reverted_within_s} / 86400.0) as int))) as n
  ), array()) as label_dates,
  coalesce((select sort_array(collect_set(date_format(date_add(to_date(stat_date), -1), 'yyyy-MM-dd'))) from days), array()) as baseline_dates
from days

-- @view undone cached
select distinct reverted_event_id as event_id
from ${reverts}
where event_date in (${label_dates})
  and not is_self_revert
  and reverted_event_id is not null
  and seconds_to_revert <= ${gold.reverted_within_s}

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
    count(*) as total_edits,
    count_if(is_large_deletion) as large_deletions,
    size(collect_set(domain)) as domains_edited,
    size(collect_set(hour_start)) as active_hours,
    count_if(is_anonymous) as anonymous_edits,
    count_if(is_undone) as reverted_edits,
    max(edit_score) as max_edit_score,
    max_by(kinds, struct(edit_score, event_timestamp, event_id)) as kinds,
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
      count(*) as total_edits,
      count_if(is_large_deletion) as large_deletions,
      size(collect_set(domain)) as domains_edited,
      size(collect_set(hour_start)) as active_hours,
      count_if(is_anonymous) as anonymous_edits,
      count_if(is_undone) as reverted_edits,
      max(edit_score) as max_edit_score,
      max_by(kinds, struct(edit_score, event_timestamp, event_id)) as kinds,
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

-- Kinds: what speaks against the highest edit, and what the day adds.
-- @view scored
select
  stat_date, 'user' as entity_type, user_normalized as entity_id, 'v1' as model_version,
  scope_edits as total_edits, scope_large_deletions as large_deletions, scope_domains as domains_edited, scope_hours as active_hours,
  user_kind, is_trusted, scope_anonymous as anonymous_edits, scope_reverted as reverted_edits, filter_hits, warnings,
  cast(null as double) as max_edit_score,
  cast(p_speed + p_deletions + p_anonymous + p_domains as double) as points,
  cast(null as int) as kinds,
  to_json(struct(
    struct(round(per_hour, 4) as value, p_speed as points) as edits_per_hour,
    struct(scope_large_deletions as value, p_deletions as points) as large_deletions,
    struct(round(anonymous_share, 4) as value, p_anonymous as points) as anonymous_share,
    struct(scope_domains as value, p_domains as points) as domains_edited
  )) as evidence
from users_v1
union all
select
  stat_date, 'user', user_normalized, 'v2',
  total_edits, large_deletions, domains_edited, active_hours,
  user_kind, is_trusted, anonymous_edits, reverted_edits, filter_hits, warnings,
  max_edit_score,
  p_edit + p_reverted + p_rate + p_hits + p_velocity,
  size(array_distinct(concat(
    kinds,
    if(p_reverted > 0, array('recent_reverted'), array()), if(p_hits > 0, array('filter_hit'), array()),
    if(p_velocity > 0, array('burst'), array())
  ))),
  to_json(struct(
    struct(max_edit_score as value, round(p_edit, 4) as points, kinds as kinds) as max_edit_score,
    struct(reverted_edits as value, p_reverted as points) as reverted_edits,
    struct(round(reverted_edits / cast(total_edits as double), 4) as value, round(p_rate, 4) as points) as reverted_rate,
    struct(filter_hits as value, p_hits as points) as filter_hits,
    struct(round(velocity_z, 2) as value, p_velocity as points) as velocity
  ))
from users_v2
union all
select
  stat_date, 'page', concat(wiki, ':', title), 'v2',
  total_edits, large_deletions, domains_edited, active_hours,
  null, false, anonymous_edits, reverted_edits, null, null,
  max_edit_score,
  p_edit + p_reverts + p_war + p_unregistered,
  size(array_distinct(concat(
    kinds,
    if(p_reverts > 0, array('page_reverts'), array()), if(p_war > 0, array('page_contested'), array()),
    if(p_unregistered > 0, array('unregistered'), array())
  ))),
  to_json(struct(
    struct(max_edit_score as value, round(p_edit, 4) as points, kinds as kinds) as max_edit_score,
    struct(reverts as value, p_reverts as points) as reverts,
    struct(is_edit_war as value, p_war as points) as edit_war,
    struct(unregistered_users as value, p_unregistered as points) as unregistered_users
  ))
from pages
union all
-- Edits that are HIGH hold two kinds of evidence at least: no kind alone has so many points.
select
  stat_date, 'wiki', wiki, 'v2',
  total_edits, large_deletions, domains_edited, active_hours,
  null, false, anonymous_edits, reverted_edits, null, null,
  max_edit_score,
  coalesce(${risk.wiki.z_points} * greatest(0D, share_z), 0D),
  if(high_edits > 0, ${risk.alert_min_kinds}, 0),
  to_json(struct(struct(
    round(high_edits / cast(total_edits as double), 6) as value, round(share_z, 2) as z,
    round(coalesce(${risk.wiki.z_points} * greatest(0D, share_z), 0D), 4) as points
  ) as high_score_share))
from wikis

-- @view fresh
select
  stat_date,
  entity_type,
  entity_id,
  model_version,
  total_edits,
  large_deletions,
  cast(domains_edited as bigint) as domains_edited,
  active_hours,
  total_edits / cast(active_hours as double) as edits_per_hour_avg,
  user_kind,
  is_trusted,
  anonymous_edits,
  reverted_edits,
  filter_hits,
  warnings,
  max_edit_score,
  risk_score,
  risk_level,
  evidence,
  risk_level = 'HIGH' and (model_version = 'v1' or (not is_trusted and kinds >= ${risk.alert_min_kinds})) as alert_triggered,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from (
  select
    *,
    case when risk_score >= ${risk.high_from} then 'HIGH' when risk_score >= ${risk.medium_from} then 'MEDIUM' else 'LOW' end as risk_level
  from (
    -- Sums of hundredths: a level must not hang on the order of an addition.
    select *, round(greatest(0D, least(100D, points)), 4) as risk_score from scored
  )
)

-- @view existing
select t.*
from ${stored} t
left join touched_users u on t.entity_type = 'user' and u.stat_date = t.stat_date and u.user_normalized = t.entity_id
left join (select distinct stat_date, concat(wiki, ':', title) as entity_id from touched_pages) p
  on t.entity_type = 'page' and p.stat_date = t.stat_date and p.entity_id = t.entity_id
left join touched_wikis w on t.entity_type = 'wiki' and w.stat_date = t.stat_date and w.wiki = t.entity_id
where not ${is_first} and t.stat_date in (${dates}) and (u.user_normalized is not null or p.entity_id is not null or w.wiki is not null)

-- @view changes cached
select
  coalesce(f.stat_date, e.stat_date) as row_date,
  coalesce(f.entity_type, e.entity_type) as row_type,
  coalesce(f.entity_id, e.entity_id) as row_entity,
  coalesce(f.model_version, e.model_version) as row_model,
  f.entity_id is null as is_gone,
  f.*
from fresh f
full outer join existing e
  on f.stat_date = e.stat_date and f.entity_type = e.entity_type and f.entity_id = e.entity_id and f.model_version = e.model_version
where f.entity_id is null or e.entity_id is null or not (${unchanged})

-- @literals
select cast(count(*) as int) as touched_windows from changes

-- @merge
merge into ${target} t
using changes s
on t.stat_date in (${dates})
  and t.stat_date = s.row_date and t.entity_type = s.row_type and t.entity_id = s.row_entity and t.model_version = s.row_model
when matched and s.is_gone then delete
when matched then update set *
when not matched then insert *
