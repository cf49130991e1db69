-- The 50 pages with the most edits, for each lookback of 1, 5, 15, 60 and 1440 minutes from the newest minute.
-- unique_users_peak is the most of any one minute: users of several minutes cannot be added.
CREATE OR REPLACE VIEW ${database_prefix}_live.top_pages AS
WITH looked_back AS (
  SELECT
    lookback_minutes,
    wiki,
    title,
    max(server_name) AS server_name,
    max(namespace) AS namespace,
    sum(edit_count) AS edit_count,
    max(unique_users) AS unique_users_peak,
    sum(bytes_changed) AS bytes_changed,
    sum(net_bytes) AS net_bytes
  FROM ${database_prefix}_live.page_edit_counts t
  CROSS JOIN (VALUES 1, 5, 15, 60, 1440) AS l (lookback_minutes)
  CROSS JOIN (SELECT max(window_start) AS newest_start FROM ${database_prefix}_live.page_edit_counts) n
  WHERE t.window_start > n.newest_start - INTERVAL '24' HOUR
    AND date_diff('minute', t.window_start, n.newest_start) < l.lookback_minutes
  GROUP BY lookback_minutes, wiki, title
),
ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY lookback_minutes ORDER BY edit_count DESC, bytes_changed DESC, wiki, title) AS rank
  FROM looked_back
)
SELECT *
FROM ranked
WHERE rank <= 50
