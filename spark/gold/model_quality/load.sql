-- gold.model_quality: days whose edits all have their label, once that is so and again when a label or a score has changed.
-- Reads   ${input} of such days whole, ${risk_scores} of v1 for them. A day is over when events are known from two days after it.
-- Writes  only rows that differ.

-- @literals
select
  date_format(date_add(to_date(${valid_through} - make_dt_interval(0, 0, 0, ${gold.reverted_within_s})), -1), 'yyyy-MM-dd') as last_day,
  if(
    ${mark} < timestamp_ntz'1970-01-01', '0001-01-01',
    date_format(date_add(to_date(${valid_through_before} - make_dt_interval(0, 0, 0, ${gold.reverted_within_s})), -1), 'yyyy-MM-dd')
  ) as last_day_before

-- @view touched cached
select distinct event_date as stat_date
from ${input}
where event_date <= ${last_day} and event_date > ${last_day_before}
union
select distinct event_date
from ${input}
where event_date <= ${last_day} and gold_processed_at > ${mark}
union
select distinct stat_date
from ${risk_scores}
where stat_date <= ${last_day} and gold_processed_at > ${risk_scores_mark} and model_version = 'v1'

-- @literals
select
  coalesce(sort_array(collect_set(stat_date)), array()) as dates,
  cast(count(*) as int) as touched_windows
from touched

-- @view edits cached
select event_date as stat_date, wiki, user_normalized, in_scope, edit_score, reverted_within_48h as is_damage
from ${input}
where event_date in (${dates}) and model_version = 'v2' and reverted_within_48h is not null

-- @view people cached
select
  stat_date,
  if(grouping(wiki) = 1, '*', wiki) as wiki,
  user_normalized,
  max(edit_score) as max_edit_score,
  count_if(is_damage) >= 1 and count_if(is_damage) >= 0.5D * count(*) as is_damaging,
  count_if(in_scope) as scope_edits,
  count_if(in_scope and is_damage) >= 1 and count_if(in_scope and is_damage) >= 0.5D * count_if(in_scope) as is_damaging_in_scope
from edits
where user_normalized is not null
group by grouping sets ((stat_date, user_normalized), (stat_date, user_normalized, wiki))

-- Everything that was scored, as a tenth of the scale that it reached, counted.
-- @view tenths cached
select stat_date, wiki, model_version, level, cast(floor(least(score, 90D) / 10) as int) as tenth, is_damage, count(*) as n
from (
  select stat_date, explode(array('*', wiki)) as wiki, 'v2' as model_version, 'edit' as level, edit_score as score, is_damage from edits
  union all
  select stat_date, wiki, 'v2', 'user', max_edit_score, is_damaging from people
  union all
  select p.stat_date, p.wiki, 'v1', 'user', r.risk_score, p.is_damaging_in_scope
  from people p
  join ${risk_scores} r
    on r.stat_date = p.stat_date and r.entity_id = p.user_normalized
  where r.stat_date in (${dates}) and r.entity_type = 'user' and r.model_version = 'v1' and p.scope_edits > 0
)
group by stat_date, wiki, model_version, level, cast(floor(least(score, 90D) / 10) as int), is_damage

-- @view fresh
select
  stat_date,
  wiki,
  model_version,
  level,
  threshold,
  scored,
  flagged,
  true_positive,
  damage - true_positive as false_negative,
  true_positive / cast(flagged as double) as precision,
  true_positive / cast(damage as double) as recall,
  ${run_at} as gold_processed_at,
  '1.0.0' as schema_version
from (
  select
    stat_date, wiki, model_version, level, cast(threshold as bigint) as threshold,
    sum(n) as scored,
    coalesce(sum(n) filter (where tenth * 10 >= threshold), 0) as flagged,
    coalesce(sum(n) filter (where tenth * 10 >= threshold and is_damage), 0) as true_positive,
    coalesce(sum(n) filter (where is_damage), 0) as damage
  from tenths lateral view explode(sequence(10, 90, 10)) as threshold
  group by stat_date, wiki, model_version, level, threshold
)

-- @view existing
select t.* from ${target} t where t.stat_date in (${dates})

-- @changes existing

-- @merge_changes
t.stat_date in (${dates})
