-- Which edits are looked at: new and changed ones, and those around which something has moved.

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
-- @use moved_rows
--   columns: revert_event_id, wiki, title, reverting_user, reverted_event_id, reverted_user, is_self_revert, seconds_to_revert, event_timestamp
--   rows: ${reverts}
--   before: ${reverts_before}
--   mark: ${reverts_mark}
--   key: revert_event_id
--   processed: silver_processed_at
--   near: event_date in (${revert_dates})

-- @view moved_accounts
-- @use moved_rows
--   columns: kind, user_normalized, event_timestamp
--   rows: ${account_events}
--   before: ${account_events_before}
--   mark: ${account_events_mark}
--   key: event_id
--   processed: silver_processed_at
--   near: event_date in (${news_dates}) and event_timestamp between ${news_from_at} and ${news_until_at}

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
