-- The 50 users with the most edits in the last hour, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.top_contributors_hourly AS
SELECT
  row_number() OVER (ORDER BY sum(edit_count) DESC, sum(edit_count_all) DESC, user_name) AS rank,
  user_name,
  sum(edit_count) AS edit_count,
  sum(edit_count_all) AS edit_count_all,
  sum(bytes_changed) AS bytes_changed,
  max(user_kind) AS user_kind,
  bool_or(is_bot) AS is_bot
FROM ${database_prefix}_live.user_edit_counts
WHERE window_start > (SELECT max(window_start) - INTERVAL '1' HOUR FROM ${database_prefix}_live.user_edit_counts)
GROUP BY user_name
ORDER BY rank
LIMIT 50
