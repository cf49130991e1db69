-- How far from usual (m, of the day before), by median and MAD; few edits are never an anomaly.
(b.edit_count - m.median) / greatest(${gold.mad_scale} * m.mad, 1D) as anomaly_score,
coalesce(
  (b.edit_count - m.median) / greatest(${gold.mad_scale} * m.mad, 1D) >= ${gold.anomaly_z}
  and b.edit_count >= ${gold.anomaly_min_edits}, false
) as is_anomaly,
