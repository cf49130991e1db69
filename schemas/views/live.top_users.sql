-- The 50 users with the most edits, for each lookback of 1, 5, 15, 60 and 1440 minutes from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.top_users AS
WITH looked_back AS (
  SELECT
    lookback_minutes,
    user_name,
    max(user_kind) AS user_kind,
    bool_or(is_bot) AS is_bot,
    sum(edit_count_all) AS edit_count,
    sum(edit_count) AS edit_count_namespaces,
    sum(bytes_changed) AS bytes_changed
  FROM ${database_prefix}_live.user_edit_counts t
  CROSS JOIN (VALUES 1, 5, 15, 60, 1440) AS l (lookback_minutes)
  CROSS JOIN (SELECT max(window_start) AS newest_start FROM ${database_prefix}_live.user_edit_counts) n
  WHERE t.window_start > n.newest_start - INTERVAL '24' HOUR
    AND date_diff('minute', t.window_start, n.newest_start) < l.lookback_minutes
  GROUP BY lookback_minutes, user_name
),
ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY lookback_minutes ORDER BY edit_count DESC, bytes_changed DESC, user_name) AS rank
  FROM looked_back
)
SELECT *
FROM ranked
WHERE rank <= 50
