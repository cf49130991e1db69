-- What was known around the touched edits when they were made, and what became of them.

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

-- @use undone_edits
