-- Users of each minute by how many edits they made in it.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.user_engagement AS
SELECT
  window_start,
  count(*) AS users,
  count_if(edit_count_all = 1) AS users_1,
  count_if(edit_count_all BETWEEN 2 AND 4) AS users_2_4,
  count_if(edit_count_all BETWEEN 5 AND 9) AS users_5_9,
  count_if(edit_count_all BETWEEN 10 AND 49) AS users_10_49,
  count_if(edit_count_all >= 50) AS users_50_plus
FROM ${database_prefix}_live.user_edit_counts
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.user_edit_counts)
GROUP BY window_start
