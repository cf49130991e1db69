-- Events of each minute by namespace, of every type.
-- The last 24 h, counted back from the newest minute.
CREATE OR REPLACE VIEW ${database_prefix}_live.namespace_distribution AS
SELECT
  window_start,
  namespace,
  event_count
FROM ${database_prefix}_live.namespace_counts_1min
WHERE window_start > (SELECT max(window_start) - INTERVAL '24' HOUR FROM ${database_prefix}_live.namespace_counts_1min)
