-- What the gate of silver.account_events looks at. ${branch} is the candidate, touched the events that were looked at.

-- @view account_events cached
select b.*
from ${branch} b
left semi join touched t on t.event_id = b.event_id
where b.event_date in (${dates})
  and b.event_timestamp between ${first_at} and ${last_at}

-- Every event that was looked at, with its verdict: that none is one of these is an answer too, that there is no event is not.
-- @view primary
select t.event_id, t.account is not null as is_wanted, a.kind, a.user_normalized
from touched t
left join account_events a on a.event_id = t.event_id
