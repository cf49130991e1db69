-- What the gate of gold.model_quality looks at. ${branch} is the candidate, edits and tenths what it was counted from.

-- @view primary cached
select b.*, concat_ws(' ', stat_date, wiki, model_version, level, threshold) as row_id
from ${branch} b
where b.stat_date in (${dates})

-- What there is to judge, and the nine rows it should have.
-- @view judged
select coalesce(j.row_key, p.row_key) as row_key, j.row_key is not null as is_judged, coalesce(p.thresholds, 0) as thresholds
from (select distinct concat_ws(' ', stat_date, wiki, model_version, level) as row_key from tenths) j
full outer join (
  select concat_ws(' ', stat_date, wiki, model_version, level) as row_key, count(*) as thresholds from primary group by 1
) p on p.row_key = j.row_key

-- @view gold_check
select
  row_id as row_key,
  case
    when stat_date is null or wiki is null or model_version is null or level is null or threshold is null then 'a key is missing'
    when least(scored, flagged, true_positive, false_negative) < 0 then 'a count is negative'
    when flagged > scored or true_positive > flagged or true_positive + false_negative > scored then 'a part is more than the whole'
    when (precision is null) <> (flagged = 0) or precision not between 0 and 1 then 'a share does not fit its counts'
    when (recall is null) <> (true_positive + false_negative = 0) or recall not between 0 and 1 then 'a share does not fit its counts'
  end as problem
from primary

-- @view steps
select row_id as row_key, flagged, lag(flagged) over (partition by stat_date, wiki, model_version, level order by threshold) as flagged_below
from primary
