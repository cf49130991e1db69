-- silver.cleaned_events: one row per event of the bronze increment, merged by event_id.
-- Reads   bronze_increment (rows appended since the consumed snapshot), dim_domain, region_by_language; the lists of
--         schemas/rules stand in the text as ${rules.…}, expressions over the columns of one row.
-- Writes  new events, and events whose winning record arrived after a losing one. Nothing else is touched.
-- Winner  smallest (kafka_timestamp, kafka_partition, kafka_offset); the topic only breaks an impossible tie.

-- @view judged cached
with winners as (
  select *
  from (
    select *, row_number() over (
      partition by event_id
      order by kafka_timestamp, kafka_partition, kafka_offset, kafka_topic
    ) as copy
    from bronze_increment
  )
  where copy = 1
),
named as (
  select
    w.*,
    coalesce(w.event_type in ('edit', 'new'), false) as is_edit,
    coalesce(w.namespace > 0 and w.namespace % 2 = 1, false) as on_talk,
    timestampdiff(SECOND, w.event_timestamp, w.bronze_processed_at) as lag_s,
    split(lower(coalesce(w.server_name, w.domain)), '[.]') as labels,
    -- MediaWiki stores names in NFC already; only text of unusual letters pays for the call.
    nullif(trim(regexp_replace(replace(
      case
        when w.user rlike '[^\\x00-\\x7F]' then reflect('com.ibm.icu.text.Normalizer', 'compose', w.user, false)
        else w.user
      end,
      '_', ' '), '\\p{Cc}', '')), '') as clean_user
  from winners w
),
typed as (
  select
    n.*,
    case
      when clean_user is null then 'hidden'
      when clean_user rlike '^~2[0-9]{3}-' then 'temporary'
      when clean_user rlike '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$' then 'ip'
      when clean_user like '%:%' and clean_user rlike
        '(?i)^(([0-9a-f]{1,4}:){7}([0-9a-f]{1,4}|:)|([0-9a-f]{1,4}:){6}(:[0-9a-f]{1,4}|:)|([0-9a-f]{1,4}:){5}((:[0-9a-f]{1,4}){1,2}|:)|([0-9a-f]{1,4}:){4}((:[0-9a-f]{1,4}){1,3}|:)|([0-9a-f]{1,4}:){3}((:[0-9a-f]{1,4}){1,4}|:)|([0-9a-f]{1,4}:){2}((:[0-9a-f]{1,4}){1,5}|:)|[0-9a-f]{1,4}:((:[0-9a-f]{1,4}){1,6}|:)|:((:[0-9a-f]{1,4}){1,7}|:))$'
        then 'ip'
      else 'registered'
    end as user_kind,
    case
      when size(labels) = 3 and labels[0] <> 'www' and labels[1] in (
        'wikipedia', 'wiktionary', 'wikinews', 'wikibooks', 'wikiquote',
        'wikisource', 'wikiversity', 'wikivoyage'
      ) then labels[0]
      else 'mul'
    end as language,
    case
      when size(labels) < 2 then 'other'
      when labels[size(labels) - 2] = 'wikimedia' then
        if(labels[0] in ('commons', 'meta', 'species', 'incubator'), labels[0], 'wikimedia')
      else labels[size(labels) - 2]
    end as project
  from named n
),
noted as (
  select
    t.*,
    t.is_edit and coalesce(
      t.length_old >= ${silver.blanking_min_length_old} and t.length_new <= ${silver.blanking_share_left} * t.length_old,
      false
    ) as is_blanking,
    ${rules.is_known_bot} as is_known_bot,
    ${rules.is_trusted} as is_trusted,
    case when t.event_type = 'edit' then ${rules.revert_pattern} end as revert_pattern,
    t.is_edit and t.namespace = 3 and ${rules.is_warning} as has_warning,
    ${rules.watch_id} as watch_id,
    -- Full-width letters and the like must not hide a term.
    case when t.title rlike '[^\\x00-\\x7F]' then reflect('com.ibm.icu.text.Normalizer', 'compose', t.title, true) else t.title end as nfkc_title,
    case when t.comment rlike '[^\\x00-\\x7F]' then reflect('com.ibm.icu.text.Normalizer', 'compose', t.comment, true) else t.comment end as nfkc_comment,
    case when t.user rlike '[^\\x00-\\x7F]' then reflect('com.ibm.icu.text.Normalizer', 'compose', t.user, true) else t.user end as nfkc_user
  from typed t
)
select
  t.*,
  ${rules.revert_method} as revert_method,
  cast(${rules.reverted_revision} as bigint) as reverted_revision_hint,
  nullif(trim(replace(${rules.reverted_user}, '_', ' ')), '') as reverted_user,
  ${rules.blacklist_ids} as blacklist_ids,
  coalesce(d.region, l.region, 'other') as region,
  coalesce(d.in_scope, false) as in_scope,
  case
    when t.event_type is null or t.domain is null or t.wiki is null or t.event_timestamp is null then 'RS-1'
    when t.source_kind = 'live' and (
      t.event_timestamp < timestamp_ntz${silver.min_event_at}
      or t.event_timestamp > t.bronze_processed_at + interval ${silver.max_ahead_minutes} minutes
    ) then 'RS-2'
    -- An edit without its old length has no delta that anyone could check.
    when t.is_edit and (
      t.revision_new is null or t.length_new is null or t.title is null
      or (t.event_type = 'edit' and t.length_old is null)
    ) or t.length_old < 0 or t.length_new < 0 then 'RS-3'
    when t.source_kind = 'live' and t.lag_s > ${silver.max_age_days} * 86400 then 'RS-4'
    when t.source_kind = 'live' and ${silver.stale_policy} = 'quarantine' and t.lag_s > ${silver.stale_after_s} then 'RS-4'
  end as refused_by
from noted t
left join dim_domain d on d.domain = t.domain
left join region_by_language l on l.language = t.language

-- @quarantine
select
  refused_by as rule_id,
  case refused_by
    when 'RS-1' then 'event_type, domain, wiki or event_timestamp is missing'
    when 'RS-2' then 'event time is implausible'
    when 'RS-3' then 'an edit lacks revision, length or title, or a length is negative'
    else 'later than the layer accepts'
  end as reason,
  event_id as row_key,
  event_timestamp,
  to_json(struct(
    event_id, event_type, domain, wiki, server_name, title, namespace, user, comment, is_bot, is_minor, is_patrolled,
    length_old, length_new, length_delta, revision_old, revision_new, rc_id, rc_timestamp, log_id, log_type, log_action,
    log_params, event_timestamp, producer_ingested_at, bronze_processed_at, source_kind, source_topic,
    kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, batch_id
  )) as payload
from judged
where refused_by is not null

-- An hour on each side of every hour that got rows: a resent event may carry its time in another precision.
-- @literals
select
  -- @use range_condition
  --   column: t.event_timestamp
  --   name: target_ranges
  , dates,
  -- @use range_condition
  --   column: b.event_timestamp
  --   name: branch_ranges
from (
  select
    dates,
    -- @use merged_ranges
    --   ranges: transform(hours, x -> named_struct('from_at', x - interval 1 hour, 'until', x + interval 2 hours))
    --   gap: interval 0 hours
  from (
    select
      sort_array(collect_set(event_date)) as dates,
      sort_array(collect_set(
        event_timestamp - make_dt_interval(0, 0, minute(event_timestamp), extract(second from event_timestamp))
      )) as hours
    from judged
    where refused_by is null
  )
)

-- @merge
merge into ${target} t
using (
  select
    event_id,
    event_type,
    domain,
    event_date,
    schema_version,
    region,
    language,
    case when user_kind = 'ip' then upper(clean_user) else clean_user end as user_normalized,
    coalesce(is_bot, false) as is_bot,
    user_kind in ('ip', 'temporary') as is_anonymous,
    length_delta,
    coalesce(length_delta < ${silver.large_deletion_below}, false) as is_large_deletion,
    coalesce(length_delta > ${silver.large_addition_above}, false) as is_large_addition,
    event_timestamp,
    ${run_at} as silver_processed_at,
    user_kind,
    user_kind = 'temporary' as is_temporary,
    is_known_bot,
    is_trusted,
    rc_id,
    wiki,
    server_name,
    title,
    namespace,
    comment,
    is_minor,
    is_patrolled,
    revision_old,
    revision_new,
    rc_timestamp,
    request_id,
    log_id,
    log_type,
    log_action,
    log_params,
    source_topic,
    source_kind,
    kafka_topic,
    kafka_partition,
    kafka_offset,
    kafka_timestamp,
    producer_ingested_at,
    bronze_processed_at,
    length_old,
    length_new,
    project,
    abs(length_delta) as bytes_changed,
    event_type = 'new' as is_new_page,
    on_talk as is_talk,
    event_type in ('edit', 'new', 'log') and not on_talk as is_signal,
    in_scope,
    case
      when not is_edit then null
      when abs(length_delta) < ${silver.severity_moderate_from} then 'minor'
      when abs(length_delta) < ${silver.severity_major_from} then 'moderate'
      else 'major'
    end as edit_severity,
    case when length_old > 0 and length_delta < 0 then -length_delta / cast(length_old as double) end as removed_share,
    is_blanking,
    case
      when coalesce(trim(comment), '') = '' then 'empty'
      when trim(comment) rlike '^/[*]((?![*]/).)*[*]/$' then 'section_only'
      else 'text'
    end as comment_kind,
    revert_method,
    reverted_revision_hint,
    case when reverted_user like '%:%' and reverted_user rlike '^[0-9A-Fa-f:.]+$' then upper(reverted_user) else reverted_user end
      as reverted_user_hint,
    coalesce(has_warning and not is_blanking, false) as is_talk_warning,
    -- `User talk:Somebody/Archive` is still Somebody's.
    case
      when has_warning and not is_blanking then nullif(trim(replace(regexp_extract(title, '^[^:]*:([^/]*)', 1), '_', ' ')), '')
    end as warned_user,
    case when log_type = 'abusefilter' then get_json_object(log_params, '$.filter') end as filter_id,
    case when log_type = 'abusefilter' then get_json_object(log_params, '$.actions') end as filter_actions,
    case
      when coalesce(log_type <> 'abusefilter', true) then null
      when get_json_object(log_params, '$.actions') rlike
        '(^|,) *(throttle|disallow|block|blockautopromote|rangeblock|degroup) *(,|$)' then 3
      when get_json_object(log_params, '$.actions') rlike '(^|,) *warn *(,|$)' then 2
      else 1
    end as filter_level,
    watch_id is not null as is_watched,
    watch_id,
    blacklist_ids,
    lag_s as processing_lag_s,
    lag_s > ${silver.stale_after_s} as is_stale,
    case
      when source_topic like 'eqiad.%' then 'eqiad'
      when source_topic like 'codfw.%' then 'codfw'
    end as source_dc
  from judged
  where refused_by is null
) s
on t.event_id = s.event_id
  and t.event_date in (${dates})
  and ${target_ranges}
when matched and (
  s.kafka_timestamp < t.kafka_timestamp
  or (s.kafka_timestamp = t.kafka_timestamp and s.kafka_partition < t.kafka_partition)
  or (s.kafka_timestamp = t.kafka_timestamp and s.kafka_partition = t.kafka_partition and s.kafka_offset < t.kafka_offset)
) then update set *
when not matched then insert *
