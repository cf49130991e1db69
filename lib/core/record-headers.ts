/** Header names of a `raw-events` record (data model §3). Values are UTF-8 text. */
export const recordHeaders = {
  eventId: "event_id",
  wiki: "wiki",
  serverName: "server_name",
  eventType: "event_type",
  /** Milliseconds since the epoch, decimal. */
  ingestedAt: "ingested_at",
  /** JSON object: source topic → newest id timestamp (ms) up to which everything was acknowledged or dropped. */
  cursor: "cursor",
  /** `live` or `replay`. */
  sourceKind: "source_kind",
  shimEpoch: "shim_epoch",
  schemaVersion: "schema_version",
} as const;
