-- ${count} bronze rows from row number ${first} on, spread evenly over [${from}, ${from} + ${seconds} s): about the mix of the real feed.
-- Everything follows from the row's number: the same call gives the same rows. Pages and users are drawn with a long tail.
with numbered as (
  select
    id,
    timestamp_ntz'${from}' + make_dt_interval(0, 0, 0, floor((id - ${first}) * ${seconds} * 1.0D / ${count} * 1000) / 1000.0D) as at,
    pmod(xxhash64(id, 1), 1000000) / 1000000.0D as r_wiki,
    pmod(xxhash64(id, 2), 1000000) / 1000000.0D as r_page,
    pmod(xxhash64(id, 3), 1000000) / 1000000.0D as r_user,
    pmod(xxhash64(id, 4), 1000000) / 1000000.0D as r_type,
    pmod(xxhash64(id, 5), 1000000) / 1000000.0D as r_kind,
    pmod(xxhash64(id, 6), 1000000) / 1000000.0D as r_size
  from range(${first}, ${last}, 1, ${tasks})
),
placed as (
  select *,
    case
      when r_wiki < 0.30 then 'www.wikidata.org'
      when r_wiki < 0.45 then 'commons.wikimedia.org'
      when r_wiki < 0.60 then 'en.wikipedia.org'
      when r_wiki < 0.80 then concat(element_at(array('de', 'fr', 'ja', 'es', 'ru', 'zh', 'it', 'pl', 'pt', 'ar'), cast(1 + floor((r_wiki - 0.60) * 50) as int)), '.wikipedia.org')
      else concat('x', cast(floor((r_wiki - 0.80) * 1500) as int), '.wiktionary.org')
    end as domain,
    case
      when r_type < 0.55 then 'edit' when r_type < 0.60 then 'new' when r_type < 0.92 then 'categorize' else 'log'
    end as event_type,
    cast(floor(pow(r_page, 3) * 300000) as int) as page,
    cast(floor(pow(r_user, 4) * 40000) as int) as person
  from numbered
),
typed as (
  select *, event_type in ('edit', 'new') as is_edit, cast(200 + floor(pow(r_size, 4) * 60000) as int) as old_length,
    cast(floor((r_size - 0.4) * 900) as int) as delta
  from placed
)
select
  concat('00000000-0000-4000-8000-', lpad(hex(id), 12, '0')) as event_id,
  'raw-events' as kafka_topic,
  cast(page % 12 as int) as kafka_partition,
  row_number() over (partition by page % 12 order by id) - 1 as kafka_offset,
  at + interval 1 second as kafka_timestamp,
  id as rc_id,
  event_type,
  cast(case when event_type = 'categorize' then 14 when r_kind < 0.75 then 0 when r_kind < 0.85 then 1 when r_kind < 0.9 then 3 else 4 end as int) as namespace,
  domain,
  concat(case when event_type = 'categorize' then 'Category:' when r_kind between 0.85 and 0.9 then 'User talk:' else '' end, 'Page ', page) as title,
  cast(null as string) as title_url,
  case
    when person % 11 = 0 then concat('192.0.', person % 250, '.', person % 199)
    when person % 7 = 0 then concat('~2026-', person, '-1')
    else concat('User ', person)
  end as user,
  case
    when is_edit and r_kind > 0.95 then concat('Undid revision ', 1000000 + id - 1, ' by [[Special:Contributions/User 1|User 1]] ([[User talk:User 1|talk]])')
    when r_kind > 0.6 then '' when r_kind > 0.4 then '/* History */' else concat('edited with reason number ', page)
  end as comment,
  replace(replace(domain, '.org', ''), '.', '') as wiki,
  domain as server_name,
  person % 3 = 0 as is_bot,
  if(event_type = 'edit', old_length, null) as length_old,
  if(is_edit, greatest(if(event_type = 'edit', old_length, 0) + delta, 0), null) as length_new,
  if(is_edit, greatest(if(event_type = 'edit', old_length, 0) + delta, 0) - if(event_type = 'edit', old_length, 0), null) as length_delta,
  if(event_type = 'edit', 1000000 + id - 1000, null) as revision_old,
  if(is_edit, 1000000 + id, null) as revision_new,
  at as event_timestamp,
  at + interval 1 second as producer_ingested_at,
  at + interval 5 seconds as bronze_processed_at,
  date_format(at, 'yyyy-MM-dd') as event_date,
  hour(at) as event_hour,
  '1.0.0' as schema_version,
  'live' as source_kind,
  at as rc_timestamp,
  if(is_edit, r_kind < 0.3, null) as is_minor,
  if(is_edit and r_wiki > 0.6, r_kind < 0.2, null) as is_patrolled,
  cast(null as string) as request_id,
  '/mediawiki/recentchange/1.0.0' as schema_uri,
  if(event_type = 'log', id, null) as log_id,
  if(event_type = 'log', element_at(array('abusefilter', 'newusers', 'upload', 'patrol'), 1 + page % 4), null) as log_type,
  if(event_type = 'log', element_at(array('hit', 'create', 'upload', 'patrol'), 1 + page % 4), null) as log_action,
  if(event_type = 'log', concat('{"filter":"', page % 90, '","actions":"', element_at(array('tag', 'warn', 'disallow', ''), 1 + person % 4), '"}'), null) as log_params,
  'eqiad.mediawiki.recentchange' as source_topic,
  0 as source_partition,
  id as source_offset,
  cast(5000 as bigint) as ingest_lag_ms,
  concat('b', floor(id / 700)) as batch_id,
  to_json(named_struct('meta', named_struct('id', concat('00000000-0000-4000-8000-', lpad(hex(id), 12, '0'))), 'title',
    concat(case when event_type = 'categorize' then 'Category:' when r_kind between 0.85 and 0.9 then 'User talk:' else '' end, 'Page ', page),
    'parsedcomment', repeat('x', 700))) as raw_event
from typed
