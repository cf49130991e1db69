-- gold.risk_scores: users, pages and wikis of a day that got new or changed scores, reverts or account events, by both models.
-- Reads   ${input} (every edit without the bot flag is there) for the touched days: edits of touched users and pages whole,
--         of wikis only counts; reverts of these days and two more; account events of these days.
-- Writes  only rows that differ. What is touched by what: docs/decisions/risk.md.

-- @use ./touched

-- @use undone_edits

-- @use ./entities

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

-- @changes existing

-- @literals
select cast(count(*) as int) as touched_windows from changes

-- @merge_changes
t.stat_date in (${dates})
