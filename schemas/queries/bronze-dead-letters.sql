-- What was refused, and why?
-- By reason, with the newest example; the bytes are in raw_base64 of bronze.dead_letter.
--
-- reason: from the closed list of reasons
-- stage: who refused it
-- records: refused records
-- open_records: of these nobody has dealt with
-- newest_at: when the last one was refused, UTC
-- example: beginning of the newest one's text
SELECT
  reason,
  stage,
  count(*) AS records,
  count_if(disposition = 'open') AS open_records,
  max(received_at) AS newest_at,
  substr(max_by(from_utf8(from_base64(raw_base64)), received_at), 1, 120) AS example
FROM bronze.dead_letter
GROUP BY reason, stage
ORDER BY records DESC
