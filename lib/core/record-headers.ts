/**
 * Header names of a `raw-events` record (data model §3). Values are UTF-8 text. What the event itself says stands here only
 * when a consumer would filter by it: a mapping hands over each byte as a number of up to four characters, and nine headers
 * on every record were 42 % of Lambda's 6 MB.
 */
export const recordHeaders = {
  wiki: "wiki",
  eventType: "event_type",
  /** Milliseconds since the epoch, decimal. */
  ingestedAt: "ingested_at",
  /** `live` or `replay`. */
  sourceKind: "source_kind",
  /**
   * JSON object: source topic → newest id timestamp (ms) up to which everything was acknowledged or dropped. This one and
   * those after it stand on the last record of each batch alone.
   */
  cursor: "cursor",
  shimEpoch: "shim_epoch",
  schemaVersion: "schema_version",
} as const;
