-- silver.reverts: an edit that undoes another, by its summary, by its bytes, or by the length it restores.
create table page_edits as
select *, row_number() over (partition by wiki, title order by revision_new, event_id) as place
from cleaned_events
where is_edit and revision_new is not null and title is not null and coalesce(revision_new > revision_old, true);

-- How many captured revisions back the page had the length that this edit leaves: 1 is the edit before it.
create table restored as
select b.event_id, min(b.place - r.place) as back
from page_edits b
join page_edits r on r.wiki = b.wiki and r.title = b.title and r.place between b.place - {{silver.revert_revisions_back}} and b.place - 1
where r.length_new = b.length_new
  and r.event_timestamp >= b.event_timestamp - interval {{silver.revert_window_days}} day
group by b.event_id
having min(b.place - r.place) >= 2;

create table reverts as
with judged as (
  select
    b.*,
    x.event_id is not null as is_byte_inverse,
    s.back is not null as is_restored,
    s.back,
    case when b.reverted_revision_hint < b.revision_new then b.reverted_revision_hint else b.revision_old end as reverted_revision
  from page_edits b
  left join page_edits x on x.wiki = b.wiki and x.title = b.title and x.revision_new = b.revision_old
    and x.user_normalized is distinct from b.user_normalized and b.length_delta = -x.length_delta and b.length_delta <> 0
    and x.event_timestamp >= b.event_timestamp - interval {{silver.revert_window_days}} day
  left join restored s on s.event_id = b.event_id
  where b.revert_method is not null or x.event_id is not null or s.back is not null
)
select
  b.event_id as revert_event_id, b.wiki, b.title, b.namespace,
  b.user_normalized as reverting_user, b.user_kind as reverting_user_kind,
  b.revision_new as reverting_revision, b.reverted_revision,
  a.event_id as reverted_event_id,
  coalesce(a.user_normalized, b.reverted_user_hint) as reverted_user,
  a.user_kind as reverted_user_kind,
  coalesce(b.revert_method, case when is_byte_inverse then 'byte_inverse' else 'restored_length' end) as method,
  case
    when b.revert_method is not null and is_byte_inverse then 0.99
    when b.revert_method is not null and b.reverted_revision_hint is not null then 0.97
    when is_byte_inverse then 0.95
    when b.revert_method is not null then 0.90
    else 0.80
  end as confidence,
  coalesce(b.user_normalized = coalesce(a.user_normalized, b.reverted_user_hint), false) as is_self_revert,
  -- A byte inverse undoes the one edit whose bytes it gives back.
  cast(coalesce(b.back - 1, case when is_byte_inverse then 1 end) as int) as undone_revisions,
  (epoch_ms(b.event_timestamp) - epoch_ms(a.event_timestamp)) // 1000 as seconds_to_revert,
  a.event_timestamp as reverted_at,
  b.event_timestamp, b.event_date, b.schema_version, b.domain
from judged b
left join page_edits a on a.wiki = b.wiki and a.title = b.title and a.revision_new = b.reverted_revision
  and a.event_timestamp >= b.event_timestamp - interval {{silver.revert_window_days}} day;

-- What "reverted" means everywhere: undone by somebody else within two days.
create table reverted as
select reverted_event_id as event_id, min(seconds_to_revert) as seconds
from reverts
where not is_self_revert and reverted_event_id is not null and seconds_to_revert <= {{gold.reverted_within_s}}
group by 1;

create table facts as
select e.*, r.event_id is not null as is_reverted, v.revert_event_id is not null as is_revert
from cleaned_events e
left join reverted r on r.event_id = e.event_id
left join reverts v on v.revert_event_id = e.event_id and not v.is_self_revert;
