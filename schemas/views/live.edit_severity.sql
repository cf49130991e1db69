-- Edits and new pages of each minute by bytes changed, and how many their authors call minor.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.edit_severity AS
SELECT
  window_start,
  sum(severity_minor) AS severity_minor,
  sum(severity_moderate) AS severity_moderate,
  sum(severity_major) AS severity_major,
  sum(minor_flagged) AS minor_flagged
FROM ${database_prefix}_live.traffic_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.traffic_1min)
GROUP BY window_start
