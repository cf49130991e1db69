-- silver.account_events: creations, warnings and filter hits, told of the account they happened to.
create table account_events as
select
  event_id,
  case when log_type = 'newusers' then 'created' when log_type = 'abusefilter' then 'filter_hit' else 'warned' end as kind,
  wiki,
  case
    when log_type = 'newusers' then trim(replace(regexp_replace(title, '^[^:]*:', ''), '_', ' '))
    when log_type = 'abusefilter' then user_normalized
    else warned_user
  end as user_normalized,
  case when log_type = 'abusefilter' then filter_level end as filter_level,
  event_timestamp, event_date, '1.0.0' as schema_version
from cleaned_events
where (event_type = 'log' and log_type = 'newusers' and log_action is distinct from 'autocreate')
  or (event_type = 'log' and log_type = 'abusefilter')
  or is_talk_warning;
