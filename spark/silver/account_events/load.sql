-- silver.account_events: accounts created, accounts warned and filter hits, taken out of the events once.
-- Reads   ${input} rows processed after the consumed mark, nothing else of it.
-- Writes  only rows that differ; an event whose winning copy says something else now is changed or deleted in the same MERGE.

-- @view touched cached
select
  event_id, kind, wiki, event_timestamp, event_date, filter_level,
  if(kind is not null, account, null) as account
from (
  select
    event_id, wiki, event_timestamp, event_date, filter_level,
    case
      -- An account of long standing is made on each further wiki it visits (autocreate): that is no new one.
      when log_type = 'newusers' then if(log_action = 'autocreate', null, 'created')
      when is_talk_warning then 'warned'
      when filter_level is not null then 'filter_hit'
    end as kind,
    case
      when filter_level is not null then user_normalized
      when log_type <> 'newusers' or log_type is null then warned_user
      -- An account made by another is named in the title, after the namespace.
      when log_action = 'create' then user_normalized
      else nullif(trim(replace(regexp_extract(title, '^[^:]*:(.*)$', 1), '_', ' ')), '')
    end as account
  from ${input}
  where silver_processed_at > ${mark}
)

-- @literals
select
  coalesce(sort_array(collect_set(event_date)), array()) as dates,
  coalesce(min(event_timestamp), timestamp_ntz'1970-01-01') as first_at,
  coalesce(max(event_timestamp), timestamp_ntz'1970-01-01') as last_at,
  cast(count(*) as int) as touched_windows
from touched

-- @view fresh
select
  event_id,
  kind,
  wiki,
  account as user_normalized,
  filter_level,
  event_timestamp,
  event_date,
  ${run_at} as silver_processed_at,
  '1.0.0' as schema_version
from touched
where account is not null

-- @view existing
select t.*
from ${target} t
left semi join touched n on n.event_id = t.event_id
where t.event_date in (${dates})
  and t.event_timestamp between ${first_at} and ${last_at}

-- @changes existing

-- @merge_changes
t.event_date in (${dates}) and t.event_timestamp between ${first_at} and ${last_at}
