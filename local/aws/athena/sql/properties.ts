import type { Reader } from "./reader.ts";
import { malformed } from "./refusal.ts";
import type { Properties } from "./statement.ts";

/** Athena takes only the table properties of its own list on an Iceberg table (querying-iceberg-creating-tables). */
const known = new Set([
  "table_type",
  "format",
  "write_compression",
  "compression_level",
  "optimize_rewrite_data_file_threshold",
  "optimize_rewrite_delete_file_threshold",
  "optimize_rewrite_min_data_file_size_bytes",
  "optimize_rewrite_max_data_file_size_bytes",
  "write_target_data_file_size_bytes",
  "vacuum_min_snapshots_to_keep",
  "vacuum_max_snapshot_age_seconds",
  "vacuum_max_metadata_files_to_keep",
]);

/** What VACUUM uses when the table does not say: five days, as Athena documents. */
export const defaultSnapshotAgeSeconds = 432_000;

/** Metadata files that Athena's VACUUM leaves when the table does not say. */
const defaultMetadataFiles = "100";

/**
 * The Iceberg properties that stand for Athena's `vacuum_max_metadata_files_to_keep`: each commit writes a metadata file with
 * all snapshots in it, gigabytes a day at a commit every ten seconds. Athena removes them in VACUUM, Iceberg at each commit.
 */
export const metadataProperties = (properties: Properties): Properties => ({
  "write.metadata.delete-after-commit.enabled": "true",
  "write.metadata.previous-versions-max": properties["vacuum_max_metadata_files_to_keep"] ?? defaultMetadataFiles,
});

/** `( 'k' = 'v', … )`, the reader standing in front of the parenthesis. Hive takes both kinds of quotes here. */
export function readProperties(reader: Reader): Properties {
  const properties: Record<string, string> = {};
  reader.expect("(");
  do {
    const key = reader.ddlString();
    reader.expect("=");
    properties[key.toLowerCase()] = reader.ddlString();
  } while (reader.take(","));
  reader.expect(")");
  return properties;
}

/** Refuses what Athena refuses: keys off the list, values that are no number where one is due, unknown formats. */
export function checkIcebergProperties(properties: Properties): void {
  for (const [key, value] of Object.entries(properties)) {
    if (!known.has(key)) throw malformed(`Unsupported table property key: ${key}`);
    if (/_(threshold|bytes|seconds|keep|level)$/.test(key) && !/^\d+$/.test(value))
      throw malformed(`Invalid value for table property ${key}: ${value}`);
  }
  const format = properties["format"]?.toLowerCase() ?? "parquet";
  if (!["parquet", "orc", "avro"].includes(format)) throw malformed(`Unsupported table format: ${format}`);
}
