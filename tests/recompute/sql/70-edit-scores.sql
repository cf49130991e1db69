-- gold.edit_scores, model v2: every edit without the bot flag, by what was known five minutes after it.
create table scored as
select *, strftime(event_timestamp, '%Y-%m-%d') as day from facts where is_edit and not is_bot;

-- Log entries and warnings of an account; a creation makes an account new for four days.
create table s_new as
select distinct s.event_id
from scored s join account_events a on a.kind = 'created' and a.user_normalized = s.user_normalized
  and a.event_timestamp < s.event_timestamp and a.event_timestamp > s.event_timestamp - interval 4 day
where s.user_kind = 'registered';

create table s_filter as
select s.event_id, max(a.filter_level) as level
from scored s join account_events a on a.kind = 'filter_hit' and a.wiki = s.wiki and a.user_normalized = s.user_normalized
  and a.event_timestamp between s.event_timestamp - interval 30 minute and s.event_timestamp + interval 5 minute
group by 1;

create table s_warned as
select s.event_id, count(*) as n
from scored s join account_events a on a.kind = 'warned' and a.user_normalized = s.user_normalized
  and a.event_timestamp >= s.event_timestamp - interval 14 day and a.event_timestamp < s.event_timestamp
group by 1;

create table s_reverted as
select s.event_id, count(distinct r.reverted_event_id) as n
from scored s join reverts r on r.reverted_user = s.user_normalized and not r.is_self_revert and r.reverted_event_id is not null
  and r.event_timestamp >= s.event_timestamp - interval 24 hour and r.event_timestamp < s.event_timestamp
group by 1;

create table s_contested as
select s.event_id
from scored s join reverts r on r.wiki = s.wiki and r.title = s.title and not r.is_self_revert
  and r.event_timestamp >= s.event_timestamp - interval 24 hour and r.event_timestamp < s.event_timestamp
group by 1
having count(*) >= 3 and count(distinct r.reverting_user) >= 2;

create table s_wikis as
select s.event_id
from scored s join scored o on o.user_normalized = s.user_normalized
  and o.event_timestamp >= s.event_timestamp - interval 60 minute and o.event_timestamp <= s.event_timestamp
where s.user_kind in ('temporary', 'ip') or s.event_id in (select event_id from s_new)
group by 1
having count(distinct o.wiki) >= 3;

-- Somebody known to undo damage: 20 reverts in the seven days before the day, hardly any of them undone by then.
create table undone_reverts as
select reverted_event_id as event_id, min(event_date)::date as day
from reverts where not is_self_revert and reverted_event_id is not null group by 1;

create table reverter_days as
select s.user_normalized, s.day
from (select distinct user_normalized, day::date as day from scored) s
join (
  select r.reverting_user, r.event_date::date as day, d.day as undone
  from reverts r left join undone_reverts d on d.event_id = r.revert_event_id
  where not r.is_self_revert
) v on v.reverting_user = s.user_normalized and v.day >= s.day - {{gold.reverter_days}} and v.day < s.day
group by all
having count(*) >= {{gold.reverter_min_reverts}} and count(*) filter (v.undone < s.day) < {{gold.reverter_reverted_below}} * count(*);

create table s_reverter as
select s.event_id from scored s join reverter_days r on r.user_normalized = s.user_normalized and r.day = s.day::date;

-- Far from what is usual for the wiki and the group; a deviation below 50 bytes counts as 50.
create table s_size as
select s.event_id
from scored s join wiki_baselines b on b.as_of_date = strftime(s.event_timestamp - interval 1 day, '%Y-%m-%d') and b.wiki = s.wiki
  and b.metric = 'length_delta_' || case when s.user_kind in ('ip', 'temporary') then 'unregistered' else 'registered' end and b.hour_of_day = -1
where abs(s.length_delta - b.median) / (1.4826 * greatest(b.mad, 50)) >= 6;

create table s_burst as
select s.event_id
from scored s
join scored o on o.user_normalized = s.user_normalized and o.wiki = s.wiki
  and o.event_timestamp >= s.event_timestamp - interval 10 minute and o.event_timestamp <= s.event_timestamp
join wiki_baselines b on b.as_of_date = strftime(s.event_timestamp - interval 1 day, '%Y-%m-%d') and b.wiki = s.wiki
  and b.metric = 'user_edits_10min_' || case when s.user_kind in ('ip', 'temporary') then 'unregistered' else 'registered' end and b.hour_of_day = -1
group by s.event_id
having count(*) >= 8 and count(*) > max(b.p999);

-- What wikis write by themselves when a page becomes a redirect, in the languages of the feed.
create macro is_redirect_summary(comment) as regexp_matches(lower(coalesce(comment, '')), 'redirect|weiterleitung|redirige|redirecion|redireccion|redirezione|перенаправ|リダイレクト|重定向|넘겨주기|تحويل|تغییرمسیر|הפניה|przekierowan|doorverw|đổi hướng|เปลี่ยนทาง|alih');

create table edit_points as
select
  s.event_id,
  case when is_blanking and v.revert_event_id is null then 35 else 0 end as ev_blanking,
  case when length_old >= 500 and removed_share >= 0.5 and not is_blanking and v.revert_event_id is null then 20 else 0 end as ev_removed_share,
  case when z.event_id is not null then 10 else 0 end as ev_size_outlier,
  case when user_kind in ('temporary', 'ip') then 15 else 0 end as ev_unregistered,
  case when n.event_id is not null then 10 else 0 end as ev_new_account,
  case when comment_kind = 'text' then 0 when user_kind in ('temporary', 'ip') then 10 else 5 end as ev_no_summary,
  case when event_type = 'new' and s.namespace = 0 and length_new < 150 and not is_redirect_summary(comment)
    then 15 else 0 end as ev_tiny_new_page,
  case f.level when 1 then 10 when 2 then 20 when 3 then 35 else 0 end as ev_filter_hit,
  least(30, 10 * coalesce(rv.n, 0))::int as ev_recent_reverted,
  least(20, 10 * coalesce(w.n, 0))::int as ev_talk_warned,
  case when c.event_id is not null then 10 else 0 end as ev_page_contested,
  case when bu.event_id is not null then 10 else 0 end as ev_burst,
  case when m.event_id is not null then 10 else 0 end as ev_multi_wiki,
  case when exists (select 1 from risky_terms t where list_contains(string_split(s.blacklist_ids, ','), t.id)) then 15 else 0 end as ev_blacklist,
  case when is_patrolled then -30 else 0 end as ev_patrolled,
  case when s.is_revert then -40 else 0 end as ev_revert_role,
  case when is_minor and bytes_changed <= 20 and user_kind = 'registered' then -5 else 0 end as ev_small_minor,
  case when is_trusted or k.event_id is not null then -100 else 0 end as ev_trusted
from scored s
left join reverts v on v.revert_event_id = s.event_id
left join s_size z on z.event_id = s.event_id
left join s_burst bu on bu.event_id = s.event_id
left join s_new n on n.event_id = s.event_id
left join s_filter f on f.event_id = s.event_id
left join s_reverted rv on rv.event_id = s.event_id
left join s_warned w on w.event_id = s.event_id
left join s_contested c on c.event_id = s.event_id
left join s_wikis m on m.event_id = s.event_id
left join s_reverter k on k.event_id = s.event_id;

create table edit_scores as
with summed as (
  select *,
    cast(greatest(0, least(100, ev_blanking + ev_removed_share + ev_size_outlier + ev_unregistered + ev_new_account + ev_no_summary
      + ev_tiny_new_page + ev_filter_hit + ev_recent_reverted + ev_talk_warned + ev_page_contested + ev_burst + ev_multi_wiki
      + ev_blacklist + ev_patrolled + ev_revert_role + ev_small_minor + ev_trusted)) as double) as edit_score
  from edit_points
)
select
  p.*, 'v2' as model_version, s.wiki, s.domain, s.in_scope, s.title, s.namespace, s.revision_new, s.user_normalized, s.user_kind,
  s.event_timestamp, s.event_date, s.is_large_deletion,
  case when edit_score >= 70 then 'HIGH' when edit_score >= 40 then 'MEDIUM' else 'LOW' end as edit_level,
  case when s.event_timestamp <= newest - interval 48 hour then s.is_reverted end as reverted_within_48h,
  case when s.event_timestamp <= newest - interval 48 hour then s.event_timestamp + interval 48 hour end as label_at,
  '1.0.0' as schema_version
from summed p join scored s using (event_id), (select max(event_timestamp) as newest from facts);

-- The one baseline that needs scores: a day's share of edits at level HIGH.
create table high_shares as
select event_date::date as day, wiki, avg((edit_score >= 70)::int) as value from edit_scores group by all
union all
select event_date::date, '*', avg((edit_score >= 70)::int) from edit_scores group by all;

insert into wiki_baselines by name
with pooled as (
  select b.as_of, s.* from baseline_days b join high_shares s on s.day > b.as_of - 28 and s.day <= b.as_of
),
usual as (
  select as_of, wiki, count(*) as sample_count, quantile_cont(value, 0.5) as median, quantile_cont(value, 0.95) as p95,
    quantile_cont(value, 0.99) as p99, quantile_cont(value, 0.999) as p999
  from pooled group by all having count(distinct day) >= 7
)
select strftime(u.as_of, '%Y-%m-%d') as as_of_date, u.wiki, 'high_score_share' as metric, -1 as hour_of_day, u.sample_count, u.median,
  quantile_cont(abs(p.value - u.median), 0.5) as mad, u.p95, u.p99, u.p999, '1.0.0' as schema_version
from usual u join pooled p using (as_of, wiki)
group by all;
