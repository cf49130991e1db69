-- silver.reverts: pages that got new or changed edits are looked at anew, from those edits to as far as they can matter.
-- Reads   ${input} rows processed after the consumed mark (touched pages), then those pages, ${silver.revert_window_days} days back.
-- Writes  only rows that differ; a row that is no revert any more is deleted in the same MERGE.
-- Order   revision ids order the edits of one page; an event whose ids do not rise is not looked at.

-- @view touched_edits cached
select wiki, title, event_date, event_timestamp
from ${input}
where silver_processed_at > ${mark} and event_type in ('edit', 'new')

-- @view touched cached
select distinct wiki, title from touched_edits

-- A touched edit can undo what lies a window before it, and be undone a window after it.
-- @literals
select
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(event_date), n), 'yyyy-MM-dd')))
    from (select distinct event_date from touched_edits)
    lateral view explode(sequence(-${silver.revert_window_days}, ${silver.revert_window_days})) as n
  ), array()) as history_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(event_date), n), 'yyyy-MM-dd')))
    from (select distinct event_date from touched_edits)
    lateral view explode(sequence(0, ${silver.revert_window_days})) as n
  ), array()) as dates,
  cast((select count(*) from touched) as int) as touched_windows

-- Earlier: what was captured of the page before, oldest first.
-- @view page_edits cached
select
  e.event_id, e.event_type, e.wiki, e.title, e.namespace, e.user_normalized, e.user_kind, e.revision_old, e.revision_new,
  e.length_new, e.length_delta, e.revert_method, e.reverted_revision_hint, e.reverted_user_hint, e.event_timestamp, e.event_date,
  filter(
    collect_list(struct(e.length_new, e.event_timestamp)) over (
      partition by e.wiki, e.title
      order by e.revision_new, e.event_timestamp, e.event_id
      rows between ${silver.revert_revisions_back} preceding and 1 preceding
    ),
    x -> x.event_timestamp >= e.event_timestamp - interval ${silver.revert_window_days} days
  ) as earlier
from ${input} e
left semi join touched t on t.wiki = e.wiki and t.title = e.title
where e.event_date in (${history_dates})
  and e.event_type in ('edit', 'new')
  and e.revision_new > coalesce(e.revision_old, 0)

-- One event a revision: what a revision's first record says.
-- @view page_revisions
select
  wiki, title, revision_new as revision,
  min_by(struct(event_id, user_normalized, user_kind, length_delta, event_timestamp), struct(event_timestamp, event_id)) as edit
from page_edits
group by wiki, title, revision_new

-- @view candidates
select
  b.*,
  if(b.reverted_revision_hint < b.revision_new, b.reverted_revision_hint, b.revision_old) as target,
  p.edit as parent,
  -- The nearest earlier revision of the same length; 1 would be the one that was just edited.
  array_position(transform(reverse(b.earlier), x -> x.length_new), b.length_new) as back
from page_edits b
left join page_revisions p on p.wiki = b.wiki and p.title = b.title and p.revision = b.revision_old
where b.event_date in (${dates}) and b.event_type = 'edit' and b.revision_old is not null

-- @view judged_edits
select
  c.*,
  c.revert_method is not null as by_summary,
  coalesce(
    c.length_delta <> 0 and c.length_delta = -c.parent.length_delta and not (c.user_normalized <=> c.parent.user_normalized)
      and c.parent.event_timestamp >= c.event_timestamp - interval ${silver.revert_window_days} days,
    false
  ) as by_bytes,
  coalesce(c.back >= 2, false) as by_length,
  r.edit as reverted
from candidates c
left join page_revisions r
  on r.wiki = c.wiki and r.title = c.title and r.revision = c.target
  and r.edit.event_timestamp >= c.event_timestamp - interval ${silver.revert_window_days} days

-- @view fresh
select
  event_id as revert_event_id,
  wiki,
  title,
  namespace,
  user_normalized as reverting_user,
  user_kind as reverting_user_kind,
  revision_new as reverting_revision,
  target as reverted_revision,
  reverted.event_id as reverted_event_id,
  coalesce(reverted.user_normalized, reverted_user_hint) as reverted_user,
  reverted.user_kind as reverted_user_kind,
  case when by_summary then revert_method when by_bytes then 'byte_inverse' else 'restored_length' end as method,
  case
    when by_summary and by_bytes then 0.99D
    when by_summary and reverted_revision_hint < revision_new then 0.97D
    when by_bytes then 0.95D
    when by_summary then 0.90D
    else 0.80D
  end as confidence,
  coalesce(user_normalized = coalesce(reverted.user_normalized, reverted_user_hint), false) as is_self_revert,
  case when by_length then cast(back - 1 as int) when by_bytes then 1 end as undone_revisions,
  timestampdiff(SECOND, reverted.event_timestamp, event_timestamp) as seconds_to_revert,
  reverted.event_timestamp as reverted_at,
  event_timestamp,
  event_date,
  ${run_at} as silver_processed_at,
  '1.0.0' as schema_version
from judged_edits
where by_summary or by_bytes or by_length

-- @view existing
select r.*
from ${target} r
left semi join touched t on t.wiki = r.wiki and t.title = r.title
where r.event_date in (${dates})

-- @changes existing

-- @merge_changes
t.event_date in (${dates})
