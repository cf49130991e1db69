-- What the gate of gold.risk_scores looks at. ${branch} is the candidate. Nothing here leans on what the load has cached of it.

-- @view primary cached
select *, concat_ws(' ', stat_date, entity_type, model_version, entity_id) as row_id
from ${branch}
where stat_date in (${dates})

-- Users with a new or changed score, and no row of their own.
-- @view misplaced
select concat(e.stat_date, ' ', e.user_normalized) as row_key
from (
  select distinct event_date as stat_date, user_normalized
  from ${input}
  where gold_processed_at > ${mark} and user_normalized is not null
) e
left anti join primary p
  on p.stat_date = e.stat_date and p.entity_type = 'user' and p.model_version = 'v2' and p.entity_id = e.user_normalized

-- @view gold_check
select
  row_id as row_key,
  case
    when stat_date is null or entity_type is null or entity_id is null or model_version is null then 'a key is missing'
    when risk_score is null or risk_score not between 0 and 100 then 'a score is outside its range'
    when evidence is null or get_json_object(evidence, '$') is null then 'evidence is no JSON'
    when least(total_edits, large_deletions, domains_edited, active_hours, anonymous_edits, reverted_edits) < 0 then 'a count is negative'
    when total_edits = 0 or active_hours not between 1 and 24 then 'a day without an edit'
    when greatest(large_deletions, anonymous_edits, reverted_edits) > total_edits then 'a part is more than the whole'
    when max_edit_score not between 0 and 100 or (max_edit_score is null) <> (model_version = 'v1') then 'the highest score does not fit'
    when coalesce(least(filter_hits, warnings), 0) < 0 then 'a count is negative'
  end as problem
from primary

-- @view risk
select row_id as row_key, risk_score, risk_level, alert_triggered, is_trusted, model_version
from primary
