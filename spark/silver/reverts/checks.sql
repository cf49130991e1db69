-- What the gate of silver.reverts looks at. ${branch} is the candidate, page_edits the edits that were judged.

-- @view reverts cached
select r.*
from ${branch} r
left semi join touched t on t.wiki = r.wiki and t.title = r.title
where r.event_date in (${dates})

-- Every edit that was looked at, with its verdict: that none is a revert is an answer too, that there is no edit is not.
-- @view primary
select
  p.event_id as revert_event_id,
  r.revert_event_id is not null as is_revert,
  r.method,
  r.confidence,
  r.is_self_revert
from page_edits p
left join reverts r on r.revert_event_id = p.event_id
