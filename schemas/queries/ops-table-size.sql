-- How large is the lake's main table, by day?
-- Read from metadata, no data file is opened.
--
-- event_date: UTC date
-- records: rows
-- files: data files
-- megabytes: size of the files
SELECT
  partition.event_date,
  sum(record_count) AS records,
  sum(file_count) AS files,
  round(sum(total_size) / 1e6, 1) AS megabytes
FROM silver."cleaned_events$partitions"
GROUP BY partition.event_date
ORDER BY partition.event_date DESC
