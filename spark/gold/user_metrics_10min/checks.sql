-- What the gold gate looks at. ${branch} is the candidate; silver is counted again, by itself.

-- The users of touched windows, as silver has them.
-- @view silver_users cached
select window_start, wiki, user_normalized, count_if(event_type in ('edit', 'new')) as edits
from (
  select
    e.event_timestamp - make_dt_interval(0, 0, minute(e.event_timestamp) % 10, extract(second from e.event_timestamp)) as window_start,
    e.wiki, e.user_normalized, e.event_type
  from ${input} e
  where e.event_date in (${dates}) and ${event_ranges} and e.event_type in ('edit', 'new', 'log') and e.user_normalized is not null
)
where window_start in (select window_start from touched)
group by window_start, wiki, user_normalized

-- @view rows_now cached
select t.*, w.window_start is not null as is_touched
from ${branch} t
left join touched w on w.window_start = t.window_start
where t.stat_date in (${stored_dates}) and ${stored_ranges}
  and (w.window_start is not null or exists (
    select 1 from stored s where s.window_start = t.window_start and s.wiki = t.wiki and s.user_normalized = t.user_normalized
  ))

-- The windows that were looked at, with their rows: that a window has no user is an answer too.
-- @view primary
select t.window_start, count(r.wiki) as users
from touched t
left join rows_now r on r.window_start = t.window_start
group by t.window_start

-- @view against_silver
select
  coalesce(p.window_start, s.window_start) as window_start, coalesce(p.wiki, s.wiki) as wiki, p.edit_count, s.edits
from (select * from rows_now where is_touched) p
full outer join silver_users s
  on s.window_start = p.window_start and s.wiki = p.wiki and s.user_normalized = p.user_normalized

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat(window_start, ' ', wiki, ' ', user_kind) as row_key,
  case
    when window_start is null or wiki is null or user_normalized is null or stat_date is null then 'a key is missing'
    when least(
      edit_count, bot_edits, human_edits, anonymous_edits, registered_edits, bytes_added, bytes_removed, large_deletions,
      revert_count, reverted_edits, abuse_filter_hits, pages_edited, wikis_edited, reverts_made, namespaces_edited, talk_warnings
    ) < 0 then 'a count is negative'
    when revert_rate not between 0 and 1 or reverted_rate not between 0 and 1 then 'a share is outside 0-1'
    when (edit_count = 0) <> (revert_rate is null) then 'a ratio does not fit its count'
    when not (window_end <=> window_start + interval 10 minutes and stat_date <=> date_format(window_start, 'yyyy-MM-dd')
      and minute(window_start) % 10 = 0 and extract(second from window_start) = 0) then 'no window of ten minutes'
    when role is null or role not in ('bot', 'known_bot', 'reverter', 'newcomer', 'human') then 'no known role'
    when is_bot is null or is_bot <> (role = 'bot') then 'the role does not fit the flag'
    when role in ('reverter', 'newcomer') and user_kind <> 'registered' then 'a role without an account'
    when is_anomaly is null or is_anomaly and coalesce(anomaly_score, 0) < ${gold.anomaly_z} then 'an anomaly without a score'
  end as problem
from rows_now
