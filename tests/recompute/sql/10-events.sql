-- One row per event: of several deliveries the first on Kafka. Typed from the raw text alone.
create table delivered as
select
  l.json, r.kafka_partition, r.kafka_offset,
  make_timestamp(r.kafka_ms * 1000) as kafka_timestamp,
  make_timestamp(r.ingested_ms * 1000) as producer_ingested_at,
  make_timestamp(r.processed_ms * 1000) as bronze_processed_at
from raw_lines l join records r on l.rowid = r.rowid;

create table typed as
select
  json ->> '$.meta.id' as event_id,
  json ->> '$.type' as event_type,
  json ->> '$.meta.domain' as domain,
  cast(json ->> '$.meta.dt' as timestamp) as event_timestamp,
  json ->> '$.wiki' as wiki,
  json ->> '$.server_name' as server_name,
  json ->> '$.title' as title,
  cast(json ->> '$.namespace' as int) as namespace,
  json ->> '$.user' as raw_user,
  json ->> '$.comment' as comment,
  cast(json ->> '$.bot' as boolean) as bot,
  cast(json ->> '$.minor' as boolean) as is_minor,
  cast(json ->> '$.patrolled' as boolean) as is_patrolled,
  cast(json ->> '$.id' as bigint) as rc_id,
  cast(json ->> '$.length.old' as int) as length_old,
  cast(json ->> '$.length.new' as int) as length_new,
  cast(json ->> '$.revision.old' as bigint) as revision_old,
  cast(json ->> '$.revision.new' as bigint) as revision_new,
  make_timestamp(cast(json ->> '$.timestamp' as bigint) * 1000000) as rc_timestamp,
  json ->> '$.meta.request_id' as request_id,
  cast(json ->> '$.log_id' as bigint) as log_id,
  json ->> '$.log_type' as log_type,
  json ->> '$.log_action' as log_action,
  cast(json -> '$.log_params' as varchar) as log_params,
  json ->> '$.log_params.filter' as log_filter,
  json ->> '$.log_params.actions' as log_filter_actions,
  json ->> '$.meta.topic' as source_topic,
  kafka_partition, kafka_offset, kafka_timestamp, producer_ingested_at, bronze_processed_at
from delivered
qualify row_number() over (partition by json ->> '$.meta.id' order by kafka_timestamp, kafka_partition, kafka_offset) = 1;

drop table delivered;

create table named as
select
  *,
  event_type in ('edit', 'new') as is_edit,
  case
    when event_type = 'new' and length_old is null then length_new
    else length_new - length_old
  end as length_delta,
  case
    when regexp_matches(server_name, '^[^.]+\.(wikipedia|wiktionary|wikinews|wikibooks|wikiquote|wikisource|wikiversity|wikivoyage)\.org$')
      and split_part(server_name, '.', 1) <> 'www' then split_part(server_name, '.', 1)
    else 'mul'
  end as language,
  case
    when server_name like '%.wikimedia.org' then
      case when split_part(server_name, '.', 1) in ('commons', 'meta', 'species', 'incubator') then split_part(server_name, '.', 1) else 'wikimedia' end
    else split_part(server_name, '.', 2)
  end as project,
  trim(replace(regexp_replace(nfc_normalize(raw_user), '\p{Cc}', '', 'g'), '_', ' ')) as plain_user
from typed;
drop table typed;
