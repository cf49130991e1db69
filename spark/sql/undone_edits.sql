-- Edits that somebody else has undone in time.
-- @view undone cached
select distinct reverted_event_id as event_id
from ${reverts}
where event_date in (${label_dates})
  and not is_self_revert
  and reverted_event_id is not null
  and seconds_to_revert <= ${gold.reverted_within_s}
