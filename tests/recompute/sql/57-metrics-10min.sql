-- The ten-minute tables: counts, rates, and how far from usual, by the baselines of the day before.
create table global_metrics_10min as
with judged as (
  select c.*, robust_z(c.edit_count, b.median, b.mad) as anomaly_score
  from global_counts c
  left join wiki_baselines b on b.as_of_date = strftime(c.window_start - interval 1 day, '%Y-%m-%d') and b.wiki = c.scope
    and b.metric = 'edits_10min' and b.hour_of_day = hour(c.window_start)
)
select
  j.*,
  window_start + interval 10 minute as window_end, strftime(window_start, '%Y-%m-%d') as stat_date, '1.0.0' as schema_version,
  edit_count / 10.0::double as edits_per_minute,
  reverted_edits / nullif(cast(edit_count as double), 0) as reverted_rate,
  bot_edits / nullif(cast(edit_count as double), 0) as bot_share,
  anonymous_edits / nullif(cast(edit_count as double), 0) as anonymous_share,
  100 * (0.5 * (1 - least(1, coalesce(revert_rate, 0) / 0.2)) + 0.3 * (1 - least(1, coalesce(abs(anomaly_score), 0) / 6))
    + 0.2 * case when lag_p95_s <= 180 then 1 else 0 end)::double as health_indicator,
  coalesce(anomaly_score >= 6 and edit_count >= 5, false) or coalesce(anomaly_score <= -6, false) as is_anomaly
from judged j;

create table user_metrics_10min as
with judged as (
  select u.*, case when not is_bot then robust_z(u.edit_count, b.median, b.mad) end as anomaly_score
  from user_windows u
  left join wiki_baselines b on b.as_of_date = strftime(u.window_start - interval 1 day, '%Y-%m-%d') and b.wiki = u.wiki
    and b.metric = 'user_edits_10min_' || case when u.user_kind = 'registered' then 'registered' else 'unregistered' end
    and b.hour_of_day = hour(u.window_start)
)
select
  u.* exclude (is_known_bot),
  u.window_start + interval 10 minute as window_end, strftime(u.window_start, '%Y-%m-%d') as stat_date, '1.0.0' as schema_version,
  case
    when is_bot then 'bot' when is_known_bot then 'known_bot'
    when r.user_normalized is not null then 'reverter' when n.user_normalized is not null then 'newcomer' else 'human'
  end as role,
  edit_count / 10.0::double as edits_per_minute,
  revert_count / nullif(cast(edit_count as double), 0) as revert_rate,
  reverted_edits / nullif(cast(edit_count as double), 0) as reverted_rate,
  coalesce(w.wikis_edited, 0) as wikis_edited,
  revert_count as reverts_made,
  coalesce(anomaly_score >= 6 and edit_count >= 5, false) as is_anomaly
from judged u
left join user_wikis w using (window_start, user_normalized)
left join reverters r using (window_start, user_normalized)
left join newcomers n using (window_start, user_normalized);

create table entity_metrics_10min as
with judged as (
  select p.*, robust_z(p.edit_count, b.median, b.mad) as anomaly_score
  from page_windows p
  left join wiki_baselines b on b.as_of_date = strftime(p.window_start - interval 1 day, '%Y-%m-%d') and b.wiki = p.wiki
    and b.metric = 'entity_edits_10min' and b.hour_of_day = hour(p.window_start)
)
select
  p.*,
  window_start + interval 10 minute as window_end, strftime(window_start, '%Y-%m-%d') as stat_date, '1.0.0' as schema_version,
  l.label as entity_label,
  edit_count / 10.0::double as edits_per_minute,
  revert_count / nullif(cast(edit_count as double), 0) as revert_rate,
  reverted_edits / nullif(cast(edit_count as double), 0) as reverted_rate,
  d.user_diversity,
  d.top_n / nullif(cast(edit_count as double), 0) as top_user_share,
  w.title is not null as is_edit_war,
  coalesce(anomaly_score >= 6 and edit_count >= 5, false) as is_anomaly
from judged p
left join page_diversity d using (window_start, wiki, title)
left join page_wars w using (window_start, wiki, title)
left join watch_labels l on l.id = p.watch_id;
