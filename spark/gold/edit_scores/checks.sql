-- What the gate of gold.edit_scores looks at. ${branch} is the candidate. Nothing here leans on what the load has cached of it.

-- @view primary cached
select *, event_id as row_id
from ${branch}
where event_date in (${dates}, ${news_dates}, ${settled_dates})
  and (
    event_timestamp between least(${first_at}, ${news_from_at}) and greatest(${until_at}, ${news_until_at})
    or event_timestamp between ${settled_from_at} and ${settled_until_at}
  )

-- New edits without a score, and scores of what is no edit (any more).
-- @view misplaced
select n.event_id as row_key
from (
  select event_id, event_type in ('edit', 'new') and not is_bot as is_scored
  from ${input}
  where silver_processed_at > ${mark}
) n
left join primary p on p.event_id = n.event_id
where n.is_scored <> (p.event_id is not null)

-- @view gold_check
select
  row_id as row_key,
  case
    when event_id is null or model_version is null or wiki is null or event_date is null or event_timestamp is null then 'a key is missing'
    when edit_score is null or edit_score not between 0 and 100 then 'a score is outside its range'
    when evidence is null or get_json_object(evidence, '$') is null then 'evidence is no JSON'
    when least(
      ev_blanking, ev_removed_share, ev_size_outlier, ev_unregistered, ev_new_account, ev_no_summary, ev_tiny_new_page, ev_filter_hit,
      ev_recent_reverted, ev_talk_warned, ev_page_contested, ev_burst, ev_multi_wiki, ev_blacklist
    ) < 0 or greatest(ev_patrolled, ev_revert_role, ev_small_minor, ev_trusted) > 0 then 'points have the wrong sign'
    when (reverted_within_48h is null) <> (label_at is null) then 'a label without its time'
  end as problem
from primary

-- @view risk
select event_id as row_key, edit_score as risk_score, edit_level as risk_level
from primary
