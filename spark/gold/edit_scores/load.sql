-- gold.edit_scores: new and changed edits, and edits whose context changed, are scored; after two days each gets its label.
-- Reads   ${input} rows processed after the consumed mark; of what touches them: reverts of a day, of seven days for the role
--         of a reverter, account events of 14 days, the hour before, baselines of the day before.
-- Writes  only rows that differ. What is touched by what, and what is not: docs/decisions/risk.md.

-- @view news cached
select
  event_id, event_type in ('edit', 'new') and not is_bot as is_scored, wiki, user_normalized, event_timestamp, event_date
from ${input}
where silver_processed_at > ${mark} and ${mark} > timestamp_ntz'1970-01-01'

-- An hour on each side: a resent event may carry its time in another precision.
-- @literals
select
  ${mark} < timestamp_ntz'1970-01-01' as is_first,
  coalesce((
    select sort_array(collect_set(date_format(at, 'yyyy-MM-dd')))
    from news lateral view explode(array(event_timestamp - interval 1 hour, event_timestamp, event_timestamp + interval 1 hour)) as at
  ), array()) as news_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(event_date), n), 'yyyy-MM-dd')))
    from (select distinct event_date from news) lateral view explode(sequence(0, ${silver.revert_window_days})) as n
  ), array()) as revert_dates,
  coalesce((select min(event_timestamp) from news), timestamp_ntz'1970-01-01') - interval 1 hour as news_from_at,
  coalesce((select max(event_timestamp) from news), timestamp_ntz'1970-01-01') + interval 1 hour as news_until_at

-- What was told of a revert before counts as much as what is told now: a row that has gone shows only in what was read last.
-- @view moved_reverts cached
select revert_event_id, wiki, title, reverting_user, reverted_event_id, reverted_user, is_self_revert, seconds_to_revert, event_timestamp
from ${reverts}
where silver_processed_at > ${reverts_mark} and not ${is_first}
union all
select b.revert_event_id, b.wiki, b.title, b.reverting_user, b.reverted_event_id, b.reverted_user, b.is_self_revert, b.seconds_to_revert,
  b.event_timestamp
from ${reverts_before} b
left anti join (
  select revert_event_id, silver_processed_at from ${reverts} where event_date in (${revert_dates})
) n on n.revert_event_id = b.revert_event_id and n.silver_processed_at = b.silver_processed_at
where b.event_date in (${revert_dates}) and not ${is_first}

-- @view moved_accounts
select kind, user_normalized, event_timestamp
from ${account_events}
where silver_processed_at > ${account_events_mark} and not ${is_first}
union all
select b.kind, b.user_normalized, b.event_timestamp
from ${account_events_before} b
left anti join (
  select event_id, silver_processed_at from ${account_events}
  where event_date in (${news_dates}) and event_timestamp between ${news_from_at} and ${news_until_at}
) n on n.event_id = b.event_id and n.silver_processed_at = b.silver_processed_at
where b.event_date in (${news_dates}) and b.event_timestamp between ${news_from_at} and ${news_until_at} and not ${is_first}

-- Edits that said something else when they were scored: whoever they were by then is touched too.
-- @view replaced
select t.user_normalized, t.event_timestamp
from ${stored} t
join news n on n.event_id = t.event_id
where not ${is_first} and t.event_date in (${news_dates})
  and t.event_timestamp between ${news_from_at} and ${news_until_at}
  and not (n.is_scored and n.user_normalized <=> t.user_normalized and n.wiki = t.wiki and n.event_timestamp = t.event_timestamp)

-- From when until when the edits of a user see what has moved. Own edits by the hour: a wider span only costs a second look.
-- @view user_spans cached
select user_normalized, min(event_timestamp) as from_at, max(event_timestamp) + interval ${risk.multi_wiki_minutes} minutes as until_at
from (
  select user_normalized, event_timestamp from news where is_scored
  union all
  select user_normalized, event_timestamp from replaced
)
where user_normalized is not null
group by user_normalized, date_trunc('hour', event_timestamp)
union all
select
  user_normalized,
  if(kind = 'filter_hit', event_timestamp - interval ${risk.filter_after_minutes} minutes, event_timestamp),
  event_timestamp + case kind
    when 'warned' then interval ${risk.warned_days} days
    when 'created' then interval ${gold.newcomer_days} days
    else interval ${risk.filter_before_minutes} minutes
  end
from moved_accounts
union all
select reverted_user, event_timestamp, event_timestamp + interval ${risk.reverted_hours} hours
from moved_reverts
where not is_self_revert and reverted_user is not null
union all
-- Who reverts well is known by the day: from the next one on.
select user, to_timestamp_ntz(date_add(to_date(event_timestamp), 1)), to_timestamp_ntz(date_add(to_date(event_timestamp), ${gold.reverter_days} + 1))
from moved_reverts lateral view explode(array(reverting_user, reverted_user)) as user
where not is_self_revert and user is not null

-- @view page_spans cached
select wiki, title, event_timestamp as from_at, event_timestamp + interval ${gold.edit_war_hours} hours as until_at
from moved_reverts
where not is_self_revert

-- Baselines of a day judge the day after.
-- @view rebased cached
select distinct wiki, date_format(date_add(to_date(as_of_date), 1), 'yyyy-MM-dd') as event_date
from ${wiki_baselines}
where gold_processed_at > ${wiki_baselines_mark} and not ${is_first}
  and metric in ('length_delta_registered', 'length_delta_unregistered', 'user_edits_10min_registered', 'user_edits_10min_unregistered')
  and hour_of_day = -1

-- A late revert of an edit that has its label already.
-- @view late_labels cached
select distinct reverted_event_id as event_id, event_timestamp - make_dt_interval(0, 0, 0, seconds_to_revert) as about_at
from moved_reverts
where reverted_event_id is not null and not is_self_revert
  and seconds_to_revert <= ${gold.reverted_within_s}
  and event_timestamp - make_dt_interval(0, 0, 0, seconds_to_revert) <= ${valid_through_before} - make_dt_interval(0, 0, 0, ${gold.reverted_within_s})

-- Nothing has happened after ${valid_through}: spans end there.
-- @literals
with spans as (
  select from_at, least(until_at, ${valid_through}) as until_at
  from (
    select from_at, until_at from user_spans
    union all
    select from_at, until_at from page_spans
    union all
    select event_timestamp, event_timestamp from news where is_scored
    union all
    select event_timestamp, event_timestamp from moved_reverts
    union all
    select to_timestamp_ntz(event_date), to_timestamp_ntz(event_date) + interval 1 day from rebased
  )
  where from_at <= ${valid_through}
),
days as (
  select distinct date_format(day, 'yyyy-MM-dd') as day
  from spans lateral view explode(sequence(to_date(from_at), to_date(until_at))) as day
  union
  select distinct event_date from ${input} where ${is_first}
),
settled as (
  select date_format(day, 'yyyy-MM-dd') as day
  from (select ${valid_through_before} as before_at, ${valid_through} as now_at)
  lateral view explode(sequence(
    to_date(before_at - make_dt_interval(0, 0, 0, ${gold.reverted_within_s})),
    to_date(now_at - make_dt_interval(0, 0, 0, ${gold.reverted_within_s}))
  )) as day
  where not ${is_first} and now_at > before_at
  union
  select date_format(at, 'yyyy-MM-dd') from late_labels lateral view explode(array(about_at, about_at - interval 1 second)) as at
)
select
  coalesce((select sort_array(collect_set(day)) from days), array()) as dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(day), n), 'yyyy-MM-dd'))) from days lateral view explode(array(-1, 0)) as n
  ), array()) as before_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(day), n), 'yyyy-MM-dd')))
    from days lateral view explode(sequence(-${risk.warned_days}, 1)) as n
  ), array()) as account_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(day), n), 'yyyy-MM-dd')))
    from days lateral view explode(sequence(-${gold.reverter_days}, -1)) as n
  ), array()) as role_dates,
  coalesce((select sort_array(collect_set(day)) from settled), array()) as settled_dates,
  -- Labels are looked up only for days that may have some.
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(day), n), 'yyyy-MM-dd')))
    from (
      select day from days where to_timestamp_ntz(day) <= ${valid_through} - make_dt_interval(0, 0, 0, ${gold.reverted_within_s})
      union
      select day from settled
    ) lateral view explode(sequence(0, cast(ceil(${gold.reverted_within_s} / 86400.0) as int))) as n
  ), array()) as label_dates,
  if(${is_first}, timestamp_ntz'1970-01-01', coalesce((select min(from_at) from spans), timestamp_ntz'1970-01-01')) as first_at,
  if(${is_first}, timestamp_ntz'9999-01-01', coalesce((select max(until_at) from spans), timestamp_ntz'1970-01-01')) as until_at,
  ${valid_through} - make_dt_interval(0, 0, 0, ${gold.reverted_within_s}) as settled_until_at,
  least(
    coalesce((select min(about_at) - interval 1 second from late_labels), timestamp_ntz'9999-01-01'),
    if(${is_first}, timestamp_ntz'9999-01-01', ${valid_through_before}) - make_dt_interval(0, 0, 0, ${gold.reverted_within_s})
  ) as settled_from_at

-- @view touched cached
select
  e.event_id, e.wiki, e.domain, e.in_scope, e.title, e.namespace, e.revision_new, e.user_normalized, e.user_kind, e.is_anonymous,
  e.event_timestamp, e.event_date, e.event_type, e.length_old, e.length_new, e.length_delta, e.bytes_changed, e.removed_share,
  e.is_large_deletion, e.is_blanking, e.comment_kind, e.is_minor, e.is_patrolled, e.is_trusted, e.blacklist_ids,
  if(e.is_anonymous, 'unregistered', 'registered') as user_group,
  -- Every wiki writes such a summary by itself.
  coalesce(lower(e.comment) rlike 'redirect|weiterleitung|redirige|redirecion|redireccion|redirezione|перенаправ|redirection|リダイレクト|重定向|넘겨주기|تحويل|تغییرمسیر|הפניה|przekierowan|doorverw|đổi hướng|เปลี่ยนทาง|alih', false) as is_redirect
from ${input} e
left join (select user_normalized, collect_list(struct(from_at, until_at)) as spans from user_spans group by user_normalized) u
  on u.user_normalized = e.user_normalized
left join (select wiki, title, collect_list(struct(from_at, until_at)) as spans from page_spans group by wiki, title) p
  on p.wiki = e.wiki and p.title = e.title
left join rebased d on d.wiki = e.wiki and d.event_date = e.event_date
left join (
  select distinct event_id from (select event_id from news union all select revert_event_id from moved_reverts)
) i on i.event_id = e.event_id
where e.event_date in (${dates})
  and e.event_timestamp between ${first_at} and ${until_at}
  and e.event_type in ('edit', 'new') and not e.is_bot
  and (
    ${is_first} or i.event_id is not null or d.wiki is not null
    or exists(u.spans, s -> e.event_timestamp between s.from_at and s.until_at)
    or exists(p.spans, s -> e.event_timestamp between s.from_at and s.until_at)
  )

-- @view paces
select
  event_id,
  count(*) over (
    partition by user_normalized, wiki order by event_timestamp
    range between interval ${risk.burst_minutes} minutes preceding and current row
  ) as pace,
  size(collect_set(wiki) over (
    partition by user_normalized order by event_timestamp
    range between interval ${risk.multi_wiki_minutes} minutes preceding and current row
  )) as wikis
from (
  select e.event_id, e.user_normalized, e.wiki, e.event_timestamp
  from ${input} e
  left semi join touched t on t.user_normalized = e.user_normalized
  where e.event_date in (${before_dates})
    and e.event_timestamp between ${first_at} - interval ${risk.multi_wiki_minutes} minutes and ${until_at}
    and e.event_type in ('edit', 'new') and not e.is_bot
)

-- @view near_reverts cached
select revert_event_id, wiki, title, reverting_user, reverted_event_id, reverted_user, is_self_revert, event_timestamp
from ${reverts}
where event_date in (${before_dates})

-- One row for each thing that was known around a touched edit.
-- @view facts
select t.event_id, a.kind, a.filter_level, cast(null as string) as which
from touched t
join ${account_events} a on a.user_normalized = t.user_normalized
where a.event_date in (${account_dates})
  and case a.kind
    when 'warned' then a.event_timestamp < t.event_timestamp and a.event_timestamp >= t.event_timestamp - interval ${risk.warned_days} days
    when 'created' then a.event_timestamp < t.event_timestamp and a.event_timestamp > t.event_timestamp - interval ${gold.newcomer_days} days
    when 'filter_hit' then a.wiki = t.wiki
      and a.event_timestamp >= t.event_timestamp - interval ${risk.filter_before_minutes} minutes
      and a.event_timestamp <= t.event_timestamp + interval ${risk.filter_after_minutes} minutes
  end
union all
select t.event_id, 'user_reverted', null, r.reverted_event_id
from touched t
join near_reverts r on r.reverted_user = t.user_normalized
-- Only what was seen: a summary may name anybody.
where not r.is_self_revert and r.reverted_event_id is not null
  and r.event_timestamp < t.event_timestamp and r.event_timestamp >= t.event_timestamp - interval ${risk.reverted_hours} hours
union all
select t.event_id, 'page_reverted', null, coalesce(r.reverting_user, '')
from touched t
join near_reverts r on r.wiki = t.wiki and r.title = t.title
where not r.is_self_revert
  and r.event_timestamp < t.event_timestamp and r.event_timestamp >= t.event_timestamp - interval ${gold.edit_war_hours} hours
union all
select t.event_id, if(r.is_self_revert, 'is_revert', 'is_revert_of_other'), null, null
from touched t
join near_reverts r on r.revert_event_id = t.event_id

-- @view known
select
  event_id,
  max(filter_level) as filter_level,
  count_if(kind = 'warned') as warnings,
  count_if(kind = 'created') > 0 as is_new,
  size(collect_set(if(kind = 'user_reverted', which, null))) as user_reverts,
  count_if(kind = 'page_reverted') as page_reverts,
  size(collect_set(if(kind = 'page_reverted', which, null))) as page_reverters,
  count_if(kind in ('is_revert', 'is_revert_of_other')) > 0 as is_revert,
  count_if(kind = 'is_revert_of_other') > 0 as is_revert_of_other
from facts
group by event_id

-- Users who have reverted much in the days before, with few of these reverts undone.
-- @view reverters
with made as (
  select r.revert_event_id, r.reverting_user as user, r.event_date
  from ${reverts} r
  left semi join touched t on t.user_normalized = r.reverting_user
  where r.event_date in (${role_dates}) and not r.is_self_revert
),
busy as (
  select user from made group by user having count(*) >= ${gold.reverter_min_reverts}
),
undone as (
  select r.reverted_event_id, min(r.event_date) as event_date
  from ${reverts} r
  left semi join busy b on b.user = r.reverted_user
  where r.event_date in (${role_dates}) and not r.is_self_revert and r.reverted_event_id is not null
  group by r.reverted_event_id
),
daily as (
  select m.user, date_format(date_add(to_date(m.event_date), n), 'yyyy-MM-dd') as day, u.event_date as undone_date
  from made m
  left semi join busy b on b.user = m.user
  left join undone u on u.reverted_event_id = m.revert_event_id
  lateral view explode(sequence(1, ${gold.reverter_days})) as n
)
select user, day
from daily
where day in (${dates})
group by user, day
having count(*) >= ${gold.reverter_min_reverts} and count_if(undone_date < day) < ${gold.reverter_reverted_below} * count(*)

-- @view usual
select
  wiki,
  date_format(date_add(to_date(as_of_date), 1), 'yyyy-MM-dd') as event_date,
  if(metric like '%unregistered', 'unregistered', 'registered') as user_group,
  max(if(metric like 'length%', median, null)) as length_median,
  max(if(metric like 'length%', mad, null)) as length_mad,
  max(if(metric like 'user%', p999, null)) as pace_p999
from ${wiki_baselines}
where date_format(date_add(to_date(as_of_date), 1), 'yyyy-MM-dd') in (${dates})
  and as_of_date in (${before_dates})
  and metric in ('length_delta_registered', 'length_delta_unregistered', 'user_edits_10min_registered', 'user_edits_10min_unregistered')
  and hour_of_day = -1
group by wiki, as_of_date, if(metric like '%unregistered', 'unregistered', 'registered')

-- @view undone
select distinct reverted_event_id as event_id
from ${reverts}
where event_date in (${label_dates})
  and not is_self_revert
  and reverted_event_id is not null
  and seconds_to_revert <= ${gold.reverted_within_s}

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

-- @view existing
select t.*
from ${stored} t
left semi join (select event_id from touched union all select event_id from news) i on i.event_id = t.event_id
where not ${is_first} and t.event_date in (${dates}, ${news_dates})
  and t.event_timestamp between least(${first_at}, ${news_from_at}) and greatest(${until_at}, ${news_until_at})

-- Two days are over for these, or what was said then is no longer so. Only the former leaves gold_processed_at alone: whoever
-- reads on from a mark has nothing to do for it.
-- @view settled
select
  t.event_id as row_id, t.event_date as row_date, false as is_gone,
  t.event_id, t.model_version, t.wiki, t.domain, t.in_scope, t.title, t.namespace, t.revision_new, t.user_normalized, t.user_kind,
  t.event_timestamp, t.event_date, t.is_large_deletion, t.edit_score, t.edit_level, t.evidence, t.ev_blanking, t.ev_removed_share,
  t.ev_size_outlier, t.ev_unregistered, t.ev_new_account, t.ev_no_summary, t.ev_tiny_new_page, t.ev_filter_hit,
  t.ev_recent_reverted, t.ev_talk_warned, t.ev_page_contested, t.ev_burst, t.ev_multi_wiki, t.ev_blacklist, t.ev_patrolled,
  t.ev_revert_role, t.ev_small_minor, t.ev_trusted,
  o.event_id is not null as reverted_within_48h,
  t.event_timestamp + make_dt_interval(0, 0, 0, ${gold.reverted_within_s}) as label_at,
  if(t.reverted_within_48h is null, t.gold_processed_at, ${run_at}) as gold_processed_at,
  t.schema_version
from ${stored} t
left anti join touched f on f.event_id = t.event_id
left anti join news n on n.event_id = t.event_id
left join undone o on o.event_id = t.event_id
left join (select distinct event_id from late_labels) l on l.event_id = t.event_id
where not ${is_first} and t.event_date in (${settled_dates})
  and t.event_timestamp between ${settled_from_at} and ${settled_until_at}
  and (t.reverted_within_48h is null or (l.event_id is not null and t.reverted_within_48h <> (o.event_id is not null)))

-- @view changes cached
select
  coalesce(e.event_id, f.event_id) as row_id,
  coalesce(e.event_date, f.event_date) as row_date,
  f.event_id is null as is_gone,
  f.*
from fresh f
full outer join existing e on f.event_id = e.event_id
where f.event_id is null or e.event_id is null or not (${unchanged})
union all
select * from settled

-- @literals
select cast(count(*) as int) as touched_windows from changes

-- @merge
merge into ${target} t
using changes s
on t.event_date in (${dates}, ${news_dates}, ${settled_dates})
  and (
    t.event_timestamp between least(${first_at}, ${news_from_at}) and greatest(${until_at}, ${news_until_at})
    or t.event_timestamp between ${settled_from_at} and ${settled_until_at}
  )
  and t.event_date = s.row_date and t.event_id = s.row_id
when matched and s.is_gone then delete
when matched then update set *
when not matched then insert *
