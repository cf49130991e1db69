-- What the gold gate looks at. ${branch} is the candidate; silver is counted again, by itself.

-- @view primary cached
select b.*
from ${branch} b
join touched w on w.stat_date = b.stat_date and w.stat_hour = b.stat_hour
where b.stat_date in (${dates})

-- @view silver_hours cached
select e.event_date as stat_date, hour(e.event_timestamp) as stat_hour, e.domain, count(*) as events
from ${input} e
join touched w on w.stat_date = e.event_date and w.stat_hour = hour(e.event_timestamp)
where e.event_date in (${dates})
  and e.event_timestamp >= ${first_at}
  and e.event_timestamp < ${until_at}
group by e.event_date, hour(e.event_timestamp), e.domain

-- RG-1: what no row of a metric table may hold.
-- @view gold_check
select
  concat(stat_date, ' ', stat_hour, ' ', domain) as row_key,
  case
    when stat_date is null or stat_hour is null or domain is null or region is null then 'a key is missing'
    when stat_hour not between 0 and 23 then 'no hour of the day'
    when least(
      total_events, unique_users, unique_pages, bytes_added, bytes_removed, bot_edits, human_edits, anonymous_edits,
      type_edit, type_new, type_categorize, type_log, type_other, large_deletions, large_additions, total_edits, abs_bytes,
      temporary_edits, ip_edits, known_bot_edits, minor_edits, patrolled_edits, revert_count, reverted_edits,
      abuse_filter_hits, late_events, signal_events, signal_bot_events, signal_edits, signal_bot_edits, signal_new_pages,
      signal_bytes
    ) < 0 then 'a count is negative'
    when bot_percentage not between 0 and 100 then 'a share is outside its range'
    when (total_edits = 0) <> (avg_edit_size is null) then 'an average does not fit its count'
  end as problem
from primary
