-- Reverts that are new or changed, and those that were there before and are not, or not so, any more.
-- @view relabelled cached
select ${use.told}
from ${reverts}
where silver_processed_at > ${reverts_mark}
union
select ${use.told}
from (
  select revert_event_id, reverted_event_id, ${use.compared}, event_timestamp, reverted_at, seconds_to_revert, is_self_revert
  from ${reverts_before}
  where event_date in (${later_dates}) and event_timestamp >= ${first_at}
  except
  select revert_event_id, reverted_event_id, ${use.compared}, event_timestamp, reverted_at, seconds_to_revert, is_self_revert
  from ${reverts}
  where event_date in (${later_dates}) and event_timestamp >= ${first_at}
)
