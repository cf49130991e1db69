-- What did gold say before its last change?
-- The versions that can still be read. Read one with: SELECT … FROM gold.hourly_stats FOR VERSION AS OF <snapshot_id>
--
-- snapshot_id: version of the table
-- committed_at: when it was published
-- operation: append, overwrite, replace
-- total_rows: rows it holds
-- run_id: run of the job that published it
SELECT
  snapshot_id,
  committed_at,
  operation,
  element_at(summary, 'total-records') AS total_rows,
  element_at(summary, 'wikilake.run-id') AS run_id
FROM gold."hourly_stats$snapshots"
ORDER BY committed_at DESC
LIMIT 50
