-- gold.entity_metrics_10min: windows that got new or changed silver rows are counted anew, for all their pages.
-- Reads   ${input} rows processed after the consumed mark (touched windows), then those windows whole.
--         Of windows whose events are as they were, only what changed around them: reverts that are new, changed or gone
--         (their own window, that of the edit undone, and edit wars of the page for a day on), baselines of the day before.
--         Their counts of events are taken from the stored row.
-- Writes  only rows that differ; a page that vanished from a touched window is deleted in the same MERGE.

-- @view touched cached
select distinct event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)) as window_start
from ${input}
where silver_processed_at > ${mark}

-- @use touched_ranges
--   start: window_start
--   length: interval 10 minutes
--   gap: interval 1 hour
--   count: touched_windows

-- @use relabelled_reverts
--   told: wiki, title, event_timestamp, reverted_at, seconds_to_revert
--   compared: wiki, title, reverting_user

-- Rows of other windows that may be another now. Baselines of a day judge the day after, all pages of a wiki (title NULL).
-- @view around cached
select distinct window_start, wiki, title
from (
  select wiki, title, explode(array(
    event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)),
    if(seconds_to_revert <= ${gold.reverted_within_s}, reverted_at - make_dt_interval(0, 0, minute(reverted_at) % 10, extract(second from reverted_at)), null)
  )) as window_start
  from relabelled
)
where window_start is not null
union all
select to_timestamp_ntz(as_of_date) + make_dt_interval(1, hour_of_day, 10 * n), wiki, null
from ${wiki_baselines} lateral view explode(sequence(0, 5)) as n
where gold_processed_at > ${wiki_baselines_mark} and metric = 'entity_edits_10min' and hour_of_day >= 0

-- @view reach
select window_start as from_at, window_start + interval 10 minutes as until from touched
union all
select window_start, window_start + interval 10 minutes from around
union all
select min(event_timestamp) - interval 10 minutes, max(event_timestamp) + interval ${gold.edit_war_hours} hours
from relabelled having count(*) > 0

-- Reverts of the day before decide on edit wars.
-- @use stored_window_ranges
--   days_before: cast(ceil(${gold.edit_war_hours} / 24.0) as int)

-- Rows as they are: of touched windows all, of the others those that something around them has changed.
-- @view stored cached
select t.*, w.window_start is not null as is_whole
from ${target} t
left join touched w on w.window_start = t.window_start
where t.stat_date in (${stored_dates})
  and ${stored_ranges}
  and (
    w.window_start is not null
    or exists (select 1 from around a where a.window_start = t.window_start and a.wiki = t.wiki and coalesce(a.title, t.title) = t.title)
    or exists (
      select 1 from relabelled r
      where r.wiki = t.wiki and r.title = t.title and t.window_end > r.event_timestamp
        and t.window_end <= r.event_timestamp + interval ${gold.edit_war_hours} hours
    )
  )

-- Edits of each user of a page first: all that is counted of the page is a sum over them, or a comparison between them.
-- @view counted
select
  window_start,
  wiki,
  title,
  max(namespace) as namespace,
  max(is_watched) as is_watched,
  max(watch_id) as watch_id,
  sum(edits) as edit_count,
  sum(bot_edits) as bot_edits,
  sum(edits - bot_edits) as human_edits,
  sum(anonymous_edits) as anonymous_edits,
  sum(registered_edits) as registered_edits,
  sum(bytes_added) as bytes_added,
  sum(bytes_removed) as bytes_removed,
  sum(large_deletions) as large_deletions,
  sum(abuse_filter_hits) as abuse_filter_hits,
  sort_array(collect_list(if(user_normalized is not null and edits > 0, edits, null))) as edits_by_user
from (
  select
    window_start,
    wiki,
    title,
    user_normalized,
    max(namespace) as namespace,
    max(is_watched) as is_watched,
    max(watch_id) as watch_id,
    count_if(is_edit) as edits,
    count_if(is_edit and is_bot) as bot_edits,
    count_if(is_edit and not is_bot and is_anonymous) as anonymous_edits,
    count_if(is_edit and not is_bot and user_kind = 'registered') as registered_edits,
    coalesce(sum(length_delta) filter (where is_edit and length_delta > 0), 0) as bytes_added,
    coalesce(sum(-length_delta) filter (where is_edit and length_delta < 0), 0) as bytes_removed,
    count_if(is_edit and is_large_deletion) as large_deletions,
    count_if(log_type = 'abusefilter') as abuse_filter_hits
  from (
    select
      e.event_timestamp - make_dt_interval(0, 0, minute(e.event_timestamp) % 10, extract(second from e.event_timestamp)) as window_start,
      e.wiki, e.title, e.namespace, e.user_normalized, e.user_kind, e.event_type in ('edit', 'new') as is_edit, e.is_bot,
      e.is_anonymous, e.length_delta, e.is_large_deletion, e.log_type, e.is_watched, e.watch_id
    from ${input} e
    where e.event_date in (${dates}) and ${event_ranges}
      and (e.event_type in ('edit', 'new') or e.log_type = 'abusefilter') and e.title is not null
  ) e
  left semi join touched w on w.window_start = e.window_start
  group by window_start, wiki, title, user_normalized
)
group by window_start, wiki, title
having sum(edits) > 0 and (max(is_watched) or (sum(edits) >= ${gold.entity_min_edits} and ${rules.watch_mode} = 'mark'))

-- @view base cached
select
  window_start, wiki, title, namespace, is_watched, watch_id, ${rules.watch_label} as entity_label, edit_count, bot_edits,
  human_edits, anonymous_edits, registered_edits, bytes_added, bytes_removed, large_deletions, abuse_filter_hits,
  cast(size(edits_by_user) as bigint) as unique_users,
  case
    when size(edits_by_user) = 1 then 0D
    when size(edits_by_user) > 1 then least(1D, aggregate(
      edits_by_user,
      named_struct('n', 0D, 'n_ln_n', 0D),
      (total, n) -> named_struct('n', total.n + n, 'n_ln_n', total.n_ln_n + n * ln(n)),
      total -> (ln(total.n) - total.n_ln_n / total.n) / ln(size(edits_by_user))
    ))
  end as user_diversity,
  array_max(edits_by_user) / cast(edit_count as double) as top_user_share
from counted
union all
select
  window_start, wiki, title, namespace, is_watched, watch_id, entity_label, edit_count, bot_edits,
  human_edits, anonymous_edits, registered_edits, bytes_added, bytes_removed, large_deletions, abuse_filter_hits,
  unique_users, user_diversity, top_user_share
from stored
where not is_whole

-- @view page_reverts cached
select r.wiki, r.title, r.revert_event_id, r.reverting_user, r.event_timestamp, r.reverted_event_id, r.reverted_at, r.seconds_to_revert
from ${reverts} r
left semi join base b on b.wiki = r.wiki and b.title = r.title
where r.event_date in (${context_dates}) and not r.is_self_revert

-- @view labels
select window_start, wiki, title, count(made) as revert_count, cast(size(collect_set(undone)) as bigint) as reverted_edits
from (
  select wiki, title, inline(array(
    struct(event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)) as window_start, revert_event_id as made, cast(null as string) as undone),
    struct(
      if(seconds_to_revert <= ${gold.reverted_within_s}, reverted_at - make_dt_interval(0, 0, minute(reverted_at) % 10, extract(second from reverted_at)), null) as window_start,
      cast(null as string) as made,
      reverted_event_id as undone
    )
  ))
  from page_reverts
)
where window_start is not null
group by window_start, wiki, title

-- @view wars
select b.window_start, b.wiki, b.title
from base b
join page_reverts r
  on r.wiki = b.wiki and r.title = b.title
  and r.event_timestamp < b.window_start + interval 10 minutes
  and r.event_timestamp >= b.window_start + interval 10 minutes - interval ${gold.edit_war_hours} hours
group by b.window_start, b.wiki, b.title
having count(*) >= ${gold.edit_war_reverts} and size(collect_set(r.reverting_user)) >= ${gold.edit_war_users}

-- @view fresh
select
  b.window_start,
  b.window_start + interval 10 minutes as window_end,
  date_format(b.window_start, 'yyyy-MM-dd') as stat_date,
  b.wiki,
  b.title,
  b.namespace,
  b.is_watched,
  b.watch_id,
  b.entity_label,
  -- @use edit_rates
  b.unique_users,
  b.user_diversity,
  b.top_user_share,
  w.window_start is not null as is_edit_war,
  -- @use edit_anomaly
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from base b
left join labels l on l.window_start = b.window_start and l.wiki = b.wiki and l.title = b.title
left join wars w on w.window_start = b.window_start and w.wiki = b.wiki and w.title = b.title
left join ${wiki_baselines} m
  on m.as_of_date = date_format(date_add(to_date(b.window_start), -1), 'yyyy-MM-dd')
  and m.wiki = b.wiki and m.hour_of_day = hour(b.window_start) and m.metric = 'entity_edits_10min'
  and m.as_of_date in (${baseline_dates})

-- @changes stored

-- @merge_changes
t.stat_date in (${stored_dates}) and ${stored_ranges}
