-- Each evidence field of the model, in points; 0 where it does not fire.
-- @view pointed
select
  *,
  if(is_blanking and not is_revert, ${risk.points.blanking}, 0) as ev_blanking,
  if(
    not is_blanking and not is_revert and length_old >= ${risk.removed_min_length_old} and removed_share >= ${risk.removed_share},
    ${risk.points.removed_share}, 0
  ) as ev_removed_share,
  if(abs(size_z) >= ${risk.size_z}, ${risk.points.size_outlier}, 0) as ev_size_outlier,
  if(is_anonymous, ${risk.points.unregistered}, 0) as ev_unregistered,
  if(user_kind = 'registered' and is_new, ${risk.points.new_account}, 0) as ev_new_account,
  case
    when comment_kind not in ('empty', 'section_only') then 0
    when is_anonymous then ${risk.points.no_summary_unregistered}
    else ${risk.points.no_summary}
  end as ev_no_summary,
  if(event_type = 'new' and namespace = 0 and length_new < ${risk.tiny_page_below} and not is_redirect, ${risk.points.tiny_new_page}, 0)
    as ev_tiny_new_page,
  case filter_level
    when 3 then ${risk.points.filter_hit_stopped}
    when 2 then ${risk.points.filter_hit_warned}
    when 1 then ${risk.points.filter_hit_noted}
    else 0
  end as ev_filter_hit,
  cast(least(${risk.points.recent_reverted_each} * user_reverts, ${risk.points.recent_reverted_most}) as int) as ev_recent_reverted,
  cast(least(${risk.points.talk_warned_each} * warnings, ${risk.points.talk_warned_most}) as int) as ev_talk_warned,
  if(page_reverts >= ${gold.edit_war_reverts} and page_reverters >= ${gold.edit_war_users}, ${risk.points.page_contested}, 0)
    as ev_page_contested,
  if(pace > pace_p999 and pace >= ${risk.burst_min_edits}, ${risk.points.burst}, 0) as ev_burst,
  if(wikis >= ${risk.multi_wiki_min} and (is_anonymous or (user_kind = 'registered' and is_new)), ${risk.points.multi_wiki}, 0)
    as ev_multi_wiki,
  if(arrays_overlap(split(blacklist_ids, ','), array(${rules.risk_terms})), ${risk.points.blacklist}, 0) as ev_blacklist,
  if(is_patrolled, ${risk.points.patrolled}, 0) as ev_patrolled,
  if(is_revert_of_other, ${risk.points.revert_role}, 0) as ev_revert_role,
  if(is_minor and bytes_changed <= ${risk.small_minor_bytes} and user_kind = 'registered', ${risk.points.small_minor}, 0) as ev_small_minor,
  if(is_trusted or is_reverter, ${risk.points.trusted}, 0) as ev_trusted
from (
  select
    t.*,
    coalesce(p.pace, 0) as pace,
    coalesce(p.wikis, 0) as wikis,
    k.filter_level,
    coalesce(k.warnings, 0) as warnings,
    coalesce(k.is_new, false) as is_new,
    coalesce(k.user_reverts, 0) as user_reverts,
    coalesce(k.page_reverts, 0) as page_reverts,
    coalesce(k.page_reverters, 0) as page_reverters,
    coalesce(k.is_revert, false) as is_revert,
    coalesce(k.is_revert_of_other, false) as is_revert_of_other,
    r.user is not null as is_reverter,
    b.pace_p999,
    (t.length_delta - b.length_median) / (${gold.mad_scale} * greatest(b.length_mad, ${risk.size_mad_floor})) as size_z,
    o.event_id is not null as is_undone,
    t.event_timestamp <= ${settled_until_at} as is_settled
  from touched t
  left join paces p on p.event_id = t.event_id
  left join known k on k.event_id = t.event_id
  left join reverters r on r.user = t.user_normalized and r.day = t.event_date
  left join usual b on b.wiki = t.wiki and b.event_date = t.event_date and b.user_group = t.user_group
  left join undone o on o.event_id = t.event_id
)

-- @view fresh
select
  event_id,
  'v2' as model_version,
  wiki,
  domain,
  in_scope,
  title,
  namespace,
  revision_new,
  user_normalized,
  user_kind,
  event_timestamp,
  event_date,
  is_large_deletion,
  edit_score,
  case when edit_score >= ${risk.high_from} then 'HIGH' when edit_score >= ${risk.medium_from} then 'MEDIUM' else 'LOW' end as edit_level,
  to_json(struct(
    if(ev_blanking <> 0, struct(length_old as from_bytes, length_new as value, ev_blanking as points), null) as blanking,
    if(ev_removed_share <> 0, struct(round(removed_share, 4) as value, ev_removed_share as points), null) as removed_share,
    if(ev_size_outlier <> 0, struct(round(size_z, 2) as value, ev_size_outlier as points), null) as size_outlier,
    if(ev_unregistered <> 0, struct(user_kind as value, ev_unregistered as points), null) as unregistered,
    if(ev_new_account <> 0, struct(true as value, ev_new_account as points), null) as new_account,
    if(ev_no_summary <> 0, struct(comment_kind as value, ev_no_summary as points), null) as no_summary,
    if(ev_tiny_new_page <> 0, struct(length_new as value, ev_tiny_new_page as points), null) as tiny_new_page,
    if(ev_filter_hit <> 0, struct(filter_level as value, ev_filter_hit as points), null) as filter_hit,
    if(ev_recent_reverted <> 0, struct(user_reverts as value, ev_recent_reverted as points), null) as recent_reverted,
    if(ev_talk_warned <> 0, struct(warnings as value, ev_talk_warned as points), null) as talk_warned,
    if(ev_page_contested <> 0, struct(page_reverts as value, ev_page_contested as points), null) as page_contested,
    if(ev_burst <> 0, struct(pace as value, ev_burst as points), null) as burst,
    if(ev_multi_wiki <> 0, struct(wikis as value, ev_multi_wiki as points), null) as multi_wiki,
    if(ev_blacklist <> 0, struct(blacklist_ids as value, ev_blacklist as points), null) as blacklist,
    if(ev_patrolled <> 0, struct(true as value, ev_patrolled as points), null) as patrolled,
    if(ev_revert_role <> 0, struct(true as value, ev_revert_role as points), null) as revert_role,
    if(ev_small_minor <> 0, struct(bytes_changed as value, ev_small_minor as points), null) as small_minor,
    if(ev_trusted <> 0, struct(if(is_trusted, 'listed', 'reverter') as value, ev_trusted as points), null) as trusted
  )) as evidence,
  ev_blanking,
  ev_removed_share,
  ev_size_outlier,
  ev_unregistered,
  ev_new_account,
  ev_no_summary,
  ev_tiny_new_page,
  ev_filter_hit,
  ev_recent_reverted,
  ev_talk_warned,
  ev_page_contested,
  ev_burst,
  ev_multi_wiki,
  ev_blacklist,
  ev_patrolled,
  ev_revert_role,
  ev_small_minor,
  ev_trusted,
  if(is_settled, is_undone, null) as reverted_within_48h,
  if(is_settled, event_timestamp + make_dt_interval(0, 0, 0, ${gold.reverted_within_s}), null) as label_at,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from (
  select
    *,
    cast(greatest(0, least(100,
      ev_blanking + ev_removed_share + ev_size_outlier + ev_unregistered + ev_new_account + ev_no_summary + ev_tiny_new_page
      + ev_filter_hit + ev_recent_reverted + ev_talk_warned + ev_page_contested + ev_burst + ev_multi_wiki + ev_blacklist
      + ev_patrolled + ev_revert_role + ev_small_minor + ev_trusted
    )) as double) as edit_score
  from pointed
)
