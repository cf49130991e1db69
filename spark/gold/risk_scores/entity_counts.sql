-- What is counted of the edits of a user or a page on a day, with what speaks against the highest of them.
count(*) as total_edits,
count_if(is_large_deletion) as large_deletions,
size(collect_set(domain)) as domains_edited,
size(collect_set(hour_start)) as active_hours,
count_if(is_anonymous) as anonymous_edits,
count_if(is_undone) as reverted_edits,
max(edit_score) as max_edit_score,
max_by(kinds, struct(edit_score, event_timestamp, event_id)) as kinds,
