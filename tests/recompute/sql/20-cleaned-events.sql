-- silver.cleaned_events, by the definitions of its columns. ip_literals, comment_pattern and term_hits are made beforehand.
create macro is_address_text(name) as regexp_matches(name, '^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$');

create table cleaned_events as
with classified as (
  select
    n.*,
    case when ip.name is not null and plain_user like '%:%' then upper(plain_user) else plain_user end as user_normalized,
    case
      when plain_user is null then 'hidden'
      when regexp_matches(plain_user, '^~2[0-9]{3}-') then 'temporary'
      when ip.name is not null then 'ip'
      else 'registered'
    end as user_kind,
    coalesce(d.region, r.region, 'other') as region,
    coalesce(d.in_scope, false) as in_scope,
    coalesce(length_old >= {{silver.blanking_min_length_old}} and length_new <= {{silver.blanking_share_left}} * length_old, false) as is_blanking
  from named n
  left join ip_literals ip on ip.name = n.plain_user
  left join domains d on d.domain = n.domain
  left join regions r on r.language = n.language
)
select
  c.event_id, event_type, domain, strftime(event_timestamp, '%Y-%m-%d') as event_date, '1.0.0' as schema_version,
  region, c.language, user_normalized,
  coalesce(bot, false) as is_bot,
  user_kind in ('ip', 'temporary') as is_anonymous,
  length_delta,
  coalesce(length_delta < {{silver.large_deletion_below}}, false) as is_large_deletion,
  coalesce(length_delta > {{silver.large_addition_above}}, false) as is_large_addition,
  event_timestamp,
  user_kind,
  user_kind = 'temporary' as is_temporary,
  exists (from trusted t where t.name = user_normalized and t.role = 'bot' and (len(t.wikis) = 0 or list_contains(t.wikis, wiki))) as is_known_bot,
  exists (from trusted t where t.name = user_normalized and (len(t.wikis) = 0 or list_contains(t.wikis, wiki))) as is_trusted,
  rc_id, wiki, server_name, title, namespace, c.comment, is_minor, is_patrolled, revision_old, revision_new, rc_timestamp, request_id,
  log_id, log_type, log_action, log_params, source_topic, 'replay' as source_kind, 'raw-events' as kafka_topic,
  kafka_partition, kafka_offset, kafka_timestamp, producer_ingested_at, bronze_processed_at, length_old, length_new,
  project,
  abs(length_delta) as bytes_changed,
  coalesce(event_type = 'new', false) as is_new_page,
  coalesce(namespace > 0 and namespace % 2 = 1, false) as is_talk,
  event_type in ('edit', 'new', 'log') and not coalesce(namespace > 0 and namespace % 2 = 1, false) as is_signal,
  in_scope,
  case when not is_edit then null
    when abs(length_delta) < {{silver.severity_moderate_from}} then 'minor'
    when abs(length_delta) < {{silver.severity_major_from}} then 'moderate'
    when abs(length_delta) >= {{silver.severity_major_from}} then 'major' end as edit_severity,
  case when length_old > 0 and length_delta < 0 then -length_delta / cast(length_old as double) end as removed_share,
  is_blanking,
  case when coalesce(trim(c.comment), '') = '' then 'empty'
    when regexp_matches(trim(c.comment), '^/\*([^*]|\*+[^*/])*\*+/$') then 'section_only' else 'text' end as comment_kind,
  p.method as revert_method,
  p.revision as reverted_revision_hint,
  -- Whoever is named is written as users are, so that both can be compared.
  case when is_address_text(p.named_user) then upper(trim(replace(nfc_normalize(p.named_user), '_', ' ')))
    else trim(replace(nfc_normalize(p.named_user), '_', ' ')) end as reverted_user_hint,
  coalesce(is_edit and namespace = 3 and w.comment is not null and not is_blanking, false) as is_talk_warning,
  case when coalesce(is_edit and namespace = 3 and w.comment is not null and not is_blanking, false)
    then trim(split_part(regexp_replace(title, '^[^:]*:', ''), '/', 1)) end as warned_user,
  case when log_type = 'abusefilter' then log_filter end as filter_id,
  case when log_type = 'abusefilter' then log_filter_actions end as filter_actions,
  case when log_type = 'abusefilter' then case
    when regexp_matches(log_filter_actions, '(throttle|disallow|block|degroup|rangeblock|blockautopromote)') then 3
    when regexp_matches(log_filter_actions, 'warn') then 2 else 1 end end as filter_level,
  watched.id is not null as is_watched,
  watched.id as watch_id,
  h.ids as blacklist_ids,
  (epoch_ms(bronze_processed_at) - epoch_ms(event_timestamp)) // 1000 as processing_lag_s,
  (epoch_ms(bronze_processed_at) - epoch_ms(event_timestamp)) // 1000 > {{silver.stale_after_s}} as is_stale,
  case when source_topic like 'eqiad.%' then 'eqiad' when source_topic like 'codfw.%' then 'codfw' end as source_dc,
  is_edit
from classified c
left join comment_reverts p on c.is_edit and p.language = c.language and p.comment = c.comment
left join comment_warnings w on w.language = c.language and w.comment = c.comment
left join watched on watched.event_id = c.event_id
left join term_hits h on h.event_id = c.event_id;
