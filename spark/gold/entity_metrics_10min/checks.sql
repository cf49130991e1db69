-- What the gold gate looks at. ${branch} is the candidate; silver is counted again, by itself.

-- @view entities cached
select t.*, w.window_start is not null as is_touched
from ${branch} t
left join touched w on w.window_start = t.window_start
where t.stat_date in (${stored_dates}) and ${stored_ranges}
  and (w.window_start is not null or exists (
    select 1 from stored s where s.window_start = t.window_start and s.wiki = t.wiki and s.title = t.title
  ))

-- @view silver_pages cached
select window_start, wiki, title, count_if(event_type in ('edit', 'new')) as edits, max(is_watched) as is_watched
from (
  select
    e.event_timestamp - make_dt_interval(0, 0, minute(e.event_timestamp) % 10, extract(second from e.event_timestamp)) as window_start,
    e.wiki, e.title, e.event_type, e.is_watched
  from ${input} e
  where e.event_date in (${dates}) and ${event_ranges}
    and (e.event_type in ('edit', 'new') or e.log_type = 'abusefilter') and e.title is not null
)
where window_start in (select window_start from touched)
group by window_start, wiki, title
having count_if(event_type in ('edit', 'new')) > 0
  and (max(is_watched) or (count_if(event_type in ('edit', 'new')) >= ${gold.entity_min_edits} and ${rules.watch_mode} = 'mark'))

-- The windows that were looked at, with their pages: that a window has none is an answer too.
-- @view primary
select t.window_start, count(e.title) as pages
from touched t
left join entities e on e.window_start = t.window_start
group by t.window_start

-- @view against_silver
select
  coalesce(p.window_start, s.window_start) as window_start, coalesce(p.wiki, s.wiki) as wiki, p.edit_count, s.edits
from (select * from entities where is_touched) p
full outer join silver_pages s on s.window_start = p.window_start and s.wiki = p.wiki and s.title = p.title

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat(window_start, ' ', wiki, ' ', title) as row_key,
  case
    when window_start is null or wiki is null or title is null or stat_date is null then 'a key is missing'
    when least(
      edit_count, bot_edits, human_edits, anonymous_edits, registered_edits, bytes_added, bytes_removed, large_deletions,
      revert_count, reverted_edits, abuse_filter_hits, unique_users
    ) < 0 then 'a count is negative'
    when revert_rate not between 0 and 1 or reverted_rate not between 0 and 1 or user_diversity not between 0 and 1
      or top_user_share not between 0 and 1 then 'a share is outside 0-1'
    when (edit_count = 0) <> (revert_rate is null) or (unique_users = 0) <> (user_diversity is null)
      or (unique_users = 0) <> (top_user_share is null) then 'a ratio does not fit its count'
    when is_watched is null or is_watched <> (watch_id is not null) then 'watched without an entry'
    when not (window_end <=> window_start + interval 10 minutes and stat_date <=> date_format(window_start, 'yyyy-MM-dd')
      and minute(window_start) % 10 = 0 and extract(second from window_start) = 0) then 'no window of ten minutes'
    when is_edit_war is null or is_anomaly is null or is_anomaly and coalesce(anomaly_score, 0) < ${gold.anomaly_z}
      then 'an anomaly without a score'
  end as problem
from entities
