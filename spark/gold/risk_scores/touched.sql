-- Which users, pages and wikis of which days are looked at.

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
-- @use moved_rows
--   columns: event_date as stat_date, user_normalized, wiki, title
--   rows: ${input}
--   before: ${input_before}
--   mark: ${mark}
--   key: event_id
--   processed: gold_processed_at
--   near: event_date in (${news_dates}) and event_timestamp between ${news_from_at} and ${news_until_at}

-- @view changed_reverts cached
select wiki, title, reverted_user, seconds_to_revert, event_timestamp, event_date
from (
  -- @use moved_rows
  --   columns: wiki, title, reverted_user, seconds_to_revert, event_timestamp, event_date, is_self_revert
  --   rows: ${reverts}
  --   before: ${reverts_before}
  --   mark: ${reverts_mark}
  --   key: revert_event_id
  --   processed: silver_processed_at
  --   near: event_date in (${revert_dates})
)
where not is_self_revert

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
  select event_date, user_normalized
  from (
    -- @use moved_rows
    --   columns: event_date, user_normalized, kind
    --   rows: ${account_events}
    --   before: ${account_events_before}
    --   mark: ${account_events_mark}
    --   key: event_id
    --   processed: silver_processed_at
    --   near: event_date in (${news_dates}) and event_timestamp between ${news_from_at} and ${news_until_at}
  )
  where kind in ('warned', 'filter_hit')
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
