-- gold.risk_scores. H: edits without the bot flag; v1 counts only the wikis in scope.
create table human_edits as
select f.*, p.edit_score, f.event_date as stat_date,
  -- What speaks against the edit, by name.
  list_filter([
    case when ev_blanking > 0 then 'blanking' end, case when ev_removed_share > 0 then 'removed_share' end,
    case when ev_size_outlier > 0 then 'size_outlier' end, case when ev_unregistered > 0 then 'unregistered' end,
    case when ev_new_account > 0 then 'new_account' end, case when ev_no_summary > 0 then 'no_summary' end,
    case when ev_tiny_new_page > 0 then 'tiny_new_page' end, case when ev_filter_hit > 0 then 'filter_hit' end,
    case when ev_recent_reverted > 0 then 'recent_reverted' end, case when ev_talk_warned > 0 then 'talk_warned' end,
    case when ev_page_contested > 0 then 'page_contested' end, case when ev_burst > 0 then 'burst' end,
    case when ev_multi_wiki > 0 then 'multi_wiki' end, case when ev_blacklist > 0 then 'blacklist' end
  ], lambda kind: kind is not null) as kinds
from facts f join edit_scores p using (event_id);

create table account_days as
select event_date as stat_date, user_normalized,
  count(*) filter (kind = 'filter_hit') as filter_hits,
  count(*) filter (kind = 'filter_hit' and filter_level = 3) as stopped_hits,
  count(*) filter (kind = 'warned') as warnings
from account_events group by all;

-- Trusted on a day: listed, or a reverter in the eyes of any edit of the day.
create table trusted_days as
select h.stat_date, h.user_normalized, bool_or(h.is_trusted or k.event_id is not null) as is_trusted
from human_edits h left join s_reverter k using (event_id)
where h.user_normalized is not null
group by all;

create table user_day_base as
select
  v.model_version, stat_date, user_normalized as entity_id, any_value(user_kind) as user_kind,
  count(*) as total_edits,
  count(*) filter (is_large_deletion) as large_deletions,
  count(distinct domain) as domains_edited,
  count(distinct hour(event_timestamp))::int as active_hours,
  count(*)::double / count(distinct hour(event_timestamp)) as edits_per_hour_avg,
  count(*) filter (is_anonymous) as anonymous_edits,
  count(*) filter (is_reverted) as reverted_edits,
  max(edit_score) as max_edit_score,
  arg_max(kinds, (edit_score, event_timestamp, event_id)) as top_kinds
from human_edits h cross join (values ('v1'), ('v2')) v(model_version)
where user_normalized is not null and (v.model_version = 'v2' or in_scope)
group by all;

create table user_peaks as
select stat_date, user_normalized, max(anomaly_score) as z from user_metrics_10min group by all;

create table user_risk as
with pointed as (
  select
    b.*, coalesce(a.filter_hits, 0) as filter_hits, coalesce(a.warnings, 0) as warnings, t.is_trusted,
    (case when edits_per_hour_avg > 50 then 40 else 0 end) as p_rate,
    (case when large_deletions > 3 then 30 else 0 end) as p_deletions,
    (case when anonymous_edits / total_edits::double > 0.5 then 20 else 0 end) as p_anonymous,
    (case when domains_edited > 5 and edits_per_hour_avg > 50 then 10 else 0 end) as p_domains,
    0.7 * max_edit_score as q_edit,
    least(30, 10 * reverted_edits) as q_reverted,
    case when total_edits >= 2 then 20.0 * reverted_edits / total_edits else 0 end as q_share,
    least(20, 10 * coalesce(a.stopped_hits, 0) + 3 * (coalesce(a.filter_hits, 0) - coalesce(a.stopped_hits, 0))) as q_hits,
    case when pk.z >= 6 then 10 else 0 end as q_velocity
  from user_day_base b
  left join account_days a on a.stat_date = b.stat_date and a.user_normalized = b.entity_id
  left join user_peaks pk on pk.stat_date = b.stat_date and pk.user_normalized = b.entity_id
  left join trusted_days t on t.stat_date = b.stat_date and t.user_normalized = b.entity_id
)
select
  *, 'user' as entity_type,
  case when model_version = 'v1' then (p_rate + p_deletions + p_anonymous + p_domains)::double
    when is_trusted then 0.0::double
    else greatest(0, least(100, q_edit + q_reverted + q_share + q_hits + q_velocity))::double end as risk_score,
  len(list_distinct(list_concat(top_kinds, case when q_reverted > 0 then ['recent_reverted'] else [] end,
    case when q_hits > 0 then ['filter_hit'] else [] end, case when q_velocity > 0 then ['burst'] else [] end))) as kinds
from pointed;

create table page_risk as
with base as (
  select
    stat_date, wiki || ':' || title as entity_id, wiki, title,
    count(*) as total_edits, count(*) filter (is_large_deletion) as large_deletions, count(distinct domain) as domains_edited,
    count(distinct hour(event_timestamp))::int as active_hours,
    count(*)::double / count(distinct hour(event_timestamp)) as edits_per_hour_avg,
    count(*) filter (is_anonymous) as anonymous_edits, count(*) filter (is_reverted) as reverted_edits,
    max(edit_score) as max_edit_score,
    arg_max(kinds, (edit_score, event_timestamp, event_id)) as top_kinds,
    count(distinct user_normalized) filter (is_anonymous) as unregistered
  from human_edits group by all
),
undone as (
  select event_date as stat_date, wiki, title, count(*) as reverts
  from reverts where not is_self_revert group by all
),
-- A war on a day: three reverts by two people on that day, or an edit of the day into three of the 24 hours before it.
wars as (
  select event_date as stat_date, wiki, title
  from reverts where not is_self_revert
  group by all having count(*) >= 3 and count(distinct coalesce(reverting_user, '')) >= 2
  union
  select stat_date, wiki, title from human_edits where list_contains(kinds, 'page_contested')
),
pointed as (
  select b.*,
    0.5 * max_edit_score as q_edit,
    least(30, 10 * greatest(0, coalesce(u.reverts, 0) - 1)) as q_reverts,
    case when w.title is not null then 20 else 0 end as q_war,
    least(20, 4 * unregistered) as q_unregistered
  from base b
  left join undone u using (stat_date, wiki, title)
  left join wars w using (stat_date, wiki, title)
)
select *, greatest(0, least(100, q_edit + q_reverts + q_war + q_unregistered))::double as risk_score,
  len(list_distinct(list_concat(top_kinds, case when q_reverts > 0 then ['page_reverts'] else [] end,
    case when q_war > 0 then ['page_contested'] else [] end, case when q_unregistered > 0 then ['unregistered'] else [] end))) as kinds
from pointed;

create table risk_scores as
with rows_of_all as (
  select stat_date, entity_type, entity_id, model_version, total_edits, large_deletions, domains_edited, active_hours, edits_per_hour_avg,
    user_kind, is_trusted, anonymous_edits, reverted_edits, filter_hits, warnings,
    case when model_version = 'v2' then max_edit_score end as max_edit_score, risk_score, kinds
  from user_risk
  union all by name
  select stat_date, 'page' as entity_type, entity_id, 'v2' as model_version, total_edits, large_deletions, domains_edited, active_hours, edits_per_hour_avg,
    null as user_kind, false as is_trusted, anonymous_edits, reverted_edits, null as filter_hits, null as warnings, max_edit_score, risk_score, kinds
  from page_risk
  union all by name
  select stat_date, 'wiki' as entity_type, h.wiki as entity_id, 'v2' as model_version, count(*) as total_edits, count(*) filter (is_large_deletion) as large_deletions,
    count(distinct domain) as domains_edited, count(distinct hour(event_timestamp))::int as active_hours,
    count(*)::double / count(distinct hour(event_timestamp)) as edits_per_hour_avg, null as user_kind, false as is_trusted,
    count(*) filter (is_anonymous) as anonymous_edits, count(*) filter (is_reverted) as reverted_edits, null as filter_hits, null as warnings,
    max(edit_score) as max_edit_score,
    coalesce(least(100, 15 * greatest(0, any_value(
      (h.high_share - b.median) / (1.4826 * greatest(b.mad, {{risk.wiki.share_mad_floor}}))
    ))), 0)::double as risk_score,
    case when max(edit_score) >= 70 then 2 else 0 end as kinds
  from (select *, avg((edit_score >= 70)::int) over (partition by stat_date, wiki) as high_share from human_edits) h
  left join wiki_baselines b on b.as_of_date = strftime(h.stat_date::date - 1, '%Y-%m-%d') and b.wiki = h.wiki
    and b.metric = 'high_score_share' and b.hour_of_day = -1
  group by stat_date, h.wiki
)
select * replace (round(risk_score, 4) as risk_score),
  case when round(risk_score, 4) >= 70 then 'HIGH' when round(risk_score, 4) >= 40 then 'MEDIUM' else 'LOW' end as risk_level,
  round(risk_score, 4) >= 70 and (model_version = 'v1' or (not is_trusted and kinds >= 2)) as alert_triggered,
  '1.0.0' as schema_version
from rows_of_all;
