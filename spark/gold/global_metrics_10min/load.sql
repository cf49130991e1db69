-- gold.global_metrics_10min: windows that got new or changed silver rows are counted anew, for all their wikis.
-- Reads   ${input} rows processed after the consumed mark (touched windows), then those windows whole.
--         Of windows whose events are as they were, only what changed around them: reverts that are new, changed or gone
--         (their own window and that of the edit undone) and baselines of the day before. Their counts of events are taken
--         from the stored row: an edit of yesterday that is undone today costs a row, not a window of yesterday.
-- Writes  only rows that differ; a wiki that vanished from a touched window is deleted in the same MERGE.

-- The newest window of the last run has ended when events have come from after it: is_anomaly may say so now.
-- @view touched cached
select distinct event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)) as window_start
from ${input}
where silver_processed_at > ${mark}
union
select window_start
from (
  select ${valid_through_before} - make_dt_interval(
    0, 0, minute(${valid_through_before}) % 10, extract(second from ${valid_through_before})
  ) as window_start
)
where ${valid_through_before} > timestamp_ntz'1970-01-01' and window_start + interval 10 minutes <= ${valid_through}

-- @use touched_ranges
--   start: window_start
--   length: interval 10 minutes
--   gap: interval 1 hour
--   count: touched_windows

-- @use relabelled_reverts
--   told: wiki, event_timestamp, reverted_at, seconds_to_revert
--   compared: wiki

-- Rows of other windows that may be another now. Baselines of a day judge the day after.
-- @view around cached
select distinct window_start, scope
from (
  select wiki, explode(array(
    event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)),
    if(seconds_to_revert <= ${gold.reverted_within_s}, reverted_at - make_dt_interval(0, 0, minute(reverted_at) % 10, extract(second from reverted_at)), null)
  )) as window_start
  from relabelled
)
lateral view explode(array('*', wiki)) as scope
where window_start is not null
union
select to_timestamp_ntz(as_of_date) + make_dt_interval(1, hour_of_day, 10 * n), wiki
from ${wiki_baselines} lateral view explode(sequence(0, 5)) as n
where gold_processed_at > ${wiki_baselines_mark} and metric = 'edits_10min' and hour_of_day >= 0

-- @view reach
select window_start as from_at, window_start + interval 10 minutes as until from touched
union all
select window_start, window_start + interval 10 minutes from around

-- @use stored_window_ranges
--   days_before: 0

-- Rows as they are: of touched windows all, of the others those that something around them has changed.
-- @view stored cached
select t.*, w.window_start is not null as is_whole
from ${target} t
left join touched w on w.window_start = t.window_start
left join around a on a.window_start = t.window_start and a.scope = t.scope
where t.stat_date in (${stored_dates})
  and ${stored_ranges}
  and (w.window_start is not null or a.window_start is not null)

-- @view window_events cached
select
  e.event_timestamp - make_dt_interval(0, 0, minute(e.event_timestamp) % 10, extract(second from e.event_timestamp)) as window_start,
  e.wiki, e.title, e.user_normalized, e.user_kind, e.event_type, e.event_type in ('edit', 'new') as is_edit, e.is_bot,
  e.is_anonymous, e.length_delta, e.is_large_deletion, e.log_type, e.processing_lag_s
from ${input} e
left semi join touched w on w.window_start = e.event_timestamp - make_dt_interval(0, 0, minute(e.event_timestamp) % 10, extract(second from e.event_timestamp))
where e.event_date in (${dates}) and ${event_ranges}

-- @view counted
select
  window_start,
  if(grouping(wiki) = 1, '*', wiki) as scope,
  -- @use edit_counts
  count(*) as total_events,
  cast(size(collect_set(if(is_edit, struct(wiki, title), null))) as bigint) as unique_pages,
  count_if(event_type = 'new') as new_pages,
  count_if(log_type = 'block') as blocks,
  count_if(log_type = 'delete') as page_deletions,
  count_if(log_type = 'protect') as protections,
  count_if(log_type = 'newusers') as new_accounts,
  percentile(processing_lag_s, array(0.5D, 0.95D)) as lags
from window_events
group by grouping sets ((window_start), (window_start, wiki))

-- Edits of each user, smallest first: a sum of logarithms in one order is one number. Across wikis a user is one.
-- @view shares
select window_start, scope, sort_array(collect_list(edits)) as edits
from (
  select window_start, scope, user_normalized, count(*) as edits
  from window_events lateral view explode(array('*', wiki)) as scope
  where is_edit and user_normalized is not null
  group by window_start, scope, user_normalized
)
group by window_start, scope

-- @view base
select
  c.window_start, c.scope, c.edit_count, c.bot_edits, c.human_edits, c.anonymous_edits, c.registered_edits, c.bytes_added,
  c.bytes_removed, c.large_deletions, c.abuse_filter_hits, c.total_events, c.unique_pages, c.new_pages, c.blocks,
  c.page_deletions, c.protections, c.new_accounts, c.lags[0] as lag_p50_s, c.lags[1] as lag_p95_s,
  if(s.edits is null, 0L, cast(size(s.edits) as bigint)) as unique_users,
  case
    when size(s.edits) = 1 then 0D
    when size(s.edits) > 1 then least(1D, aggregate(
      s.edits,
      named_struct('n', 0D, 'n_ln_n', 0D),
      (total, n) -> named_struct('n', total.n + n, 'n_ln_n', total.n_ln_n + n * ln(n)),
      total -> (ln(total.n) - total.n_ln_n / total.n) / ln(size(s.edits))
    ))
  end as user_diversity
from counted c
left join shares s on s.window_start = c.window_start and s.scope = c.scope
union all
select
  window_start, scope, edit_count, bot_edits, human_edits, anonymous_edits, registered_edits, bytes_added,
  bytes_removed, large_deletions, abuse_filter_hits, total_events, unique_pages, new_pages, blocks,
  page_deletions, protections, new_accounts, lag_p50_s, lag_p95_s, unique_users, user_diversity
from stored
where not is_whole

-- @view labels
select
  window_start,
  if(grouping(wiki) = 1, '*', wiki) as scope,
  count(made) as revert_count,
  cast(size(collect_set(undone)) as bigint) as reverted_edits
from (
  select wiki, inline(array(
    struct(event_timestamp - make_dt_interval(0, 0, minute(event_timestamp) % 10, extract(second from event_timestamp)) as window_start, revert_event_id as made, cast(null as string) as undone),
    struct(
      if(seconds_to_revert <= ${gold.reverted_within_s}, reverted_at - make_dt_interval(0, 0, minute(reverted_at) % 10, extract(second from reverted_at)), null) as window_start,
      cast(null as string) as made,
      reverted_event_id as undone
    )
  ))
  from ${reverts}
  where event_date in (${context_dates}) and event_timestamp >= ${stored_from} and not is_self_revert
) r
left semi join (select window_start from touched union all select window_start from around) w on w.window_start = r.window_start
group by grouping sets ((window_start), (window_start, wiki))

-- @view judged
select
  b.*,
  coalesce(l.revert_count, 0) as revert_count,
  coalesce(l.reverted_edits, 0) as reverted_edits,
  l.revert_count / cast(b.edit_count as double) as rate,
  (b.edit_count - m.median) / greatest(${gold.mad_scale} * m.mad, 1D) as z
from base b
left join labels l on l.window_start = b.window_start and l.scope = b.scope
left join ${wiki_baselines} m
  on m.as_of_date = date_format(date_add(to_date(b.window_start), -1), 'yyyy-MM-dd')
  and m.wiki = b.scope and m.hour_of_day = hour(b.window_start) and m.metric = 'edits_10min'
  and m.as_of_date in (${baseline_dates})

-- @view fresh
select
  window_start,
  window_start + interval 10 minutes as window_end,
  date_format(window_start, 'yyyy-MM-dd') as stat_date,
  scope,
  edit_count,
  bot_edits,
  human_edits,
  anonymous_edits,
  registered_edits,
  bytes_added,
  bytes_removed,
  large_deletions,
  revert_count,
  reverted_edits,
  abuse_filter_hits,
  edit_count / 10D as edits_per_minute,
  revert_count / cast(edit_count as double) as revert_rate,
  reverted_edits / cast(edit_count as double) as reverted_rate,
  unique_users,
  user_diversity,
  total_events,
  unique_pages,
  new_pages,
  blocks,
  page_deletions,
  protections,
  new_accounts,
  bot_edits / cast(edit_count as double) as bot_share,
  anonymous_edits / cast(edit_count as double) as anonymous_share,
  lag_p50_s,
  lag_p95_s,
  100D * (
    ${gold.health_weight_reverts} * (1D - least(1D, coalesce(rate, 0D) / ${gold.health_revert_rate}))
    + ${gold.health_weight_anomaly} * (1D - least(1D, abs(coalesce(z, 0D)) / ${gold.anomaly_z}))
    + ${gold.health_weight_lag} * if(lag_p95_s <= ${gold.health_lag_s}, 1D, 0D)
  ) as health_indicator,
  z as anomaly_score,
  coalesce(
    z >= ${gold.anomaly_z} and edit_count >= ${gold.anomaly_min_edits}
    or z <= -${gold.anomaly_z} and window_start + interval 10 minutes <= ${valid_through}, false
  ) as is_anomaly,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from judged

-- @changes stored

-- @merge_changes
t.stat_date in (${stored_dates}) and ${stored_ranges}
