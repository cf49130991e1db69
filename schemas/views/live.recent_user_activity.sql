-- Edits of each minute and user.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.recent_user_activity AS
SELECT
  window_start,
  window_end,
  user_name,
  edit_count,
  edit_count_all,
  bytes_changed,
  wiki_count,
  user_kind,
  is_bot
FROM ${database_prefix}_live.user_edit_counts
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.user_edit_counts)
