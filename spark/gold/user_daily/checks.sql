-- What the gold gate looks at. ${branch} is the candidate; silver is counted again, by itself.

-- @view primary cached
select b.*
from ${branch} b
left semi join touched_users t
  on t.stat_date = b.stat_date and t.server_name = b.server_name and t.user_normalized = b.user_normalized
where b.stat_date in (${stored_dates})

-- Whole days, not only touched users: an event that no row has counted, or two have, shows here.
-- @view day_check
select
  (select coalesce(sum(events), 0) from ${branch} where stat_date in (${new_dates})) as day_value,
  (select count(user_normalized) from ${input} where event_date in (${new_dates})) as hour_sum

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat_ws(' ', stat_date, server_name, user_normalized) as row_key,
  case
    when stat_date is null or server_name is null or user_normalized is null or is_bot is null then 'a key is missing'
    when least(
      events, edits, signal_edits, pages_edited, pages_created, bytes_changed, large_deletions, reverts_made, reverted_edits,
      active_hours
    ) < 0 then 'a count is negative'
    when active_hours > 24 then 'no hour of the day'
    when coalesce(user_kind not in ('registered', 'temporary', 'ip'), true) then 'no kind of user'
    when coalesce(date_format(first_event_at, 'yyyy-MM-dd') <> stat_date or date_format(last_event_at, 'yyyy-MM-dd') <> stat_date, true)
      then 'an event lies on another day'
  end as problem
from primary
