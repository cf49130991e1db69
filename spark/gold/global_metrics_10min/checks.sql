-- What the gold gate looks at. ${branch} is the candidate; silver is counted again, by itself.

-- @view primary cached
select t.*, w.window_start is not null as is_touched
from ${branch} t
left join touched w on w.window_start = t.window_start
where t.stat_date in (${stored_dates}) and ${stored_ranges}
  and (w.window_start is not null or exists (
    select 1 from stored s where s.window_start = t.window_start and s.scope = t.scope
  ))

-- Events of the touched windows, of each wiki and of all.
-- @view silver_windows cached
select window_start, if(grouping(wiki) = 1, '*', wiki) as scope, count(*) as events, count_if(event_type in ('edit', 'new')) as edits
from (
  select
    e.event_timestamp - make_dt_interval(0, 0, minute(e.event_timestamp) % 10, extract(second from e.event_timestamp)) as window_start,
    e.wiki, e.event_type
  from ${input} e
  where e.event_date in (${dates}) and ${event_ranges}
)
where window_start in (select window_start from touched)
group by grouping sets ((window_start), (window_start, wiki))

-- @view against_silver
select coalesce(p.window_start, s.window_start) as window_start, coalesce(p.scope, s.scope) as scope,
  p.total_events, p.edit_count, s.events, s.edits
from (select * from primary where is_touched) p
full outer join silver_windows s on s.window_start = p.window_start and s.scope = p.scope

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat(window_start, ' ', scope) as row_key,
  case
    when window_start is null or scope is null or stat_date is null then 'a key is missing'
    when least(
      edit_count, bot_edits, human_edits, anonymous_edits, registered_edits, bytes_added, bytes_removed, large_deletions,
      revert_count, reverted_edits, abuse_filter_hits, unique_users, total_events, unique_pages, new_pages, blocks,
      page_deletions, protections, new_accounts
    ) < 0 then 'a count is negative'
    when bot_share not between 0 and 1 or anonymous_share not between 0 and 1 or user_diversity not between 0 and 1
      or revert_rate not between 0 and 1 or reverted_rate not between 0 and 1 then 'a share is outside 0-1'
    when health_indicator is null or health_indicator not between 0 and 100 then 'a score is outside 0-100'
    when (edit_count = 0) <> (revert_rate is null) or (edit_count = 0) <> (bot_share is null)
      or (unique_users = 0) <> (user_diversity is null) then 'a ratio does not fit its count'
    when not (window_end <=> window_start + interval 10 minutes and stat_date <=> date_format(window_start, 'yyyy-MM-dd')
      and minute(window_start) % 10 = 0 and extract(second from window_start) = 0) then 'no window of ten minutes'
    when is_anomaly is null or is_anomaly and abs(coalesce(anomaly_score, 0)) < ${gold.anomaly_z} then 'an anomaly without a score'
  end as problem
from primary
