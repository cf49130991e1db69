-- What every ten-minute table needs: each event with its window.
create table windowed as
select *, time_bucket(interval 10 minute, event_timestamp) as window_start
from facts;

-- Edits per user of a window, for each wiki and for all; hidden users are nobody.
create table window_users as
select window_start, scope, user_normalized, count(*) as n
from (
  select window_start, wiki as scope, user_normalized from windowed where is_edit and user_normalized is not null
  union all
  select window_start, '*', user_normalized from windowed where is_edit and user_normalized is not null
)
group by all;

create table diversity as
select
  window_start, scope, count(*) as unique_users,
  case when count(*) = 1 then 0.0 else -sum(share * ln(share)) / ln(count(*)) end as user_diversity
from (select *, n / sum(n) over (partition by window_start, scope) as share from window_users)
group by all;

-- Counts of every wiki and of all.
create table scoped as
select *, wiki as scope from windowed
union all
select *, '*' as scope from windowed;

create table global_counts as
select c.*, coalesce(d.unique_users, 0) as unique_users, d.user_diversity,
  revert_count / nullif(cast(edit_count as double), 0) as revert_rate
from (
  select
    window_start, scope,
    count(*) filter (is_edit) as edit_count,
    count(*) filter (is_edit and is_bot) as bot_edits,
    count(*) filter (is_edit and not is_bot) as human_edits,
    count(*) filter (is_edit and not is_bot and is_anonymous) as anonymous_edits,
    count(*) filter (is_edit and not is_bot and user_kind = 'registered') as registered_edits,
    coalesce(sum(greatest(length_delta, 0)) filter (is_edit), 0) as bytes_added,
    coalesce(sum(greatest(-length_delta, 0)) filter (is_edit), 0) as bytes_removed,
    count(*) filter (is_edit and is_large_deletion) as large_deletions,
    count(*) filter (is_revert) as revert_count,
    count(*) filter (is_reverted) as reverted_edits,
    count(*) filter (log_type = 'abusefilter') as abuse_filter_hits,
    count(*) as total_events,
    count(distinct wiki || ':' || title) filter (is_edit) as unique_pages,
    count(*) filter (event_type = 'new') as new_pages,
    count(*) filter (log_type = 'block') as blocks,
    count(*) filter (log_type = 'delete') as page_deletions,
    count(*) filter (log_type = 'protect') as protections,
    count(*) filter (log_type = 'newusers') as new_accounts,
    quantile_cont(processing_lag_s, 0.5) as lag_p50_s,
    quantile_cont(processing_lag_s, 0.95) as lag_p95_s
  from scoped
  group by all
) c
left join diversity d using (window_start, scope);
drop table scoped;
