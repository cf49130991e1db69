-- gold.edit_scores: new and changed edits, and edits whose context changed, are scored; after two days each gets its label.
-- Reads   ${input} rows processed after the consumed mark; of what touches them: reverts of a day, of seven days for the role
--         of a reverter, account events of 14 days, the hour before, baselines of the day before.
-- Writes  only rows that differ. What is touched by what, and what is not: docs/decisions/risk.md.

-- @use ./touched

-- @use ./surroundings

-- @use ./points

-- @view existing
select t.*
from ${stored} t
left semi join (select event_id from touched union all select event_id from news) i on i.event_id = t.event_id
where not ${is_first} and t.event_date in (${dates}, ${news_dates})
  and t.event_timestamp between least(${first_at}, ${news_from_at}) and greatest(${until_at}, ${news_until_at})

-- Two days are over for these, or what was said then is no longer so. Only the former leaves gold_processed_at alone: whoever
-- reads on from a mark has nothing to do for it.
-- @view settled
select
  t.event_id, t.model_version, t.wiki, t.domain, t.in_scope, t.title, t.namespace, t.revision_new, t.user_normalized, t.user_kind,
  t.event_timestamp, t.event_date, t.is_large_deletion, t.edit_score, t.edit_level, t.evidence, t.ev_blanking, t.ev_removed_share,
  t.ev_size_outlier, t.ev_unregistered, t.ev_new_account, t.ev_no_summary, t.ev_tiny_new_page, t.ev_filter_hit,
  t.ev_recent_reverted, t.ev_talk_warned, t.ev_page_contested, t.ev_burst, t.ev_multi_wiki, t.ev_blacklist, t.ev_patrolled,
  t.ev_revert_role, t.ev_small_minor, t.ev_trusted,
  o.event_id is not null as reverted_within_48h,
  t.event_timestamp + make_dt_interval(0, 0, 0, ${gold.reverted_within_s}) as label_at,
  if(t.reverted_within_48h is null, t.gold_processed_at, ${run_at}) as gold_processed_at,
  t.schema_version
from ${stored} t
left anti join touched f on f.event_id = t.event_id
left anti join news n on n.event_id = t.event_id
left join undone o on o.event_id = t.event_id
left join (select distinct event_id from late_labels) l on l.event_id = t.event_id
where not ${is_first} and t.event_date in (${settled_dates})
  and t.event_timestamp between ${settled_from_at} and ${settled_until_at}
  and (t.reverted_within_48h is null or (l.event_id is not null and t.reverted_within_48h <> (o.event_id is not null)))

-- @changes existing and settled

-- @literals
select cast(count(*) as int) as touched_windows from changes

-- @merge_changes
t.event_date in (${dates}, ${news_dates}, ${settled_dates})
  and (
    t.event_timestamp between least(${first_at}, ${news_from_at}) and greatest(${until_at}, ${news_until_at})
    or t.event_timestamp between ${settled_from_at} and ${settled_until_at}
  )
