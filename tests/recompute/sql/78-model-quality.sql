-- gold.model_quality: what a model flags from a threshold on, against what others undid within two days.
create table judged_days as
select distinct stat_date from human_edits
where stat_date::date::timestamp + interval 3 day <= (select max(event_timestamp) from facts);

create table judged as
select stat_date, wiki, 'edit' as level, 'v2' as model_version, edit_score as score, is_reverted as is_damage
from human_edits where stat_date in (from judged_days)
union all
select stat_date, '*', 'edit', 'v2', edit_score, is_reverted
from human_edits where stat_date in (from judged_days)
union all
select stat_date, wiki, 'user', 'v2', max(edit_score), count(*) filter (is_reverted) >= 1 and avg(is_reverted::int) >= 0.5
from human_edits where stat_date in (from judged_days) and user_normalized is not null group by stat_date, wiki, user_normalized
union all
select stat_date, '*', 'user', 'v2', max(edit_score), count(*) filter (is_reverted) >= 1 and avg(is_reverted::int) >= 0.5
from human_edits where stat_date in (from judged_days) and user_normalized is not null group by stat_date, user_normalized
union all
select h.stat_date, h.wiki, 'user', 'v1', any_value(r.risk_score), count(*) filter (is_reverted) >= 1 and avg(is_reverted::int) >= 0.5
from human_edits h join user_risk r on r.model_version = 'v1' and r.stat_date = h.stat_date and r.entity_id = h.user_normalized
where h.stat_date in (from judged_days) and h.in_scope group by h.stat_date, h.wiki, h.user_normalized
union all
select h.stat_date, '*', 'user', 'v1', any_value(r.risk_score), count(*) filter (is_reverted) >= 1 and avg(is_reverted::int) >= 0.5
from human_edits h join user_risk r on r.model_version = 'v1' and r.stat_date = h.stat_date and r.entity_id = h.user_normalized
where h.stat_date in (from judged_days) and h.in_scope group by h.stat_date, h.user_normalized;

create table model_quality as
select
  stat_date, wiki, model_version, level, t.threshold,
  count(*) as scored,
  count(*) filter (score >= t.threshold) as flagged,
  count(*) filter (score >= t.threshold and is_damage) as true_positive,
  count(*) filter (score < t.threshold and is_damage) as false_negative,
  count(*) filter (score >= t.threshold and is_damage) / nullif(count(*) filter (score >= t.threshold), 0)::double as precision,
  count(*) filter (score >= t.threshold and is_damage) / nullif(count(*) filter (is_damage), 0)::double as recall,
  '1.0.0' as schema_version
from judged cross join (select unnest(range(10, 100, 10))::bigint as threshold) t
group by all;
