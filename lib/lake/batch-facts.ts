import { z } from "zod";
import { batchIdPattern } from "../core/batch.ts";
import { contentError } from "./errors.ts";
import { decodeJson } from "./object-store.ts";

/** Table names that may stand in SQL and keys. */
export const tableNamePattern = /^[a-z][a-z0-9_]{0,63}$/;
const date = /^\d{4}-\d{2}-\d{2}$/;
const count = z.int().nonnegative();

/**
 * What a committer must know of a staged batch without reading it. Written once into the object's footer and copied
 * into each marker. Everything in it that enters SQL is a number or passes one of these patterns.
 */
export const batchFactsSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(batchIdPattern),
  /** Empty for rows that do not come from Kafka. */
  topic: z.string(),
  /** First and last offset in each partition. */
  ranges: z.array(z.strictObject({ partition: count, first: count, last: count })),
  /** UTC dates of broker time of the records. */
  brokerDates: z.array(z.string().regex(date)),
  /** Oldest and newest broker time, ms. */
  brokerFromMs: z.int(),
  brokerToMs: z.int(),
  /** Per target table: rows staged for it, and the table partitions they go to (`2026-11-21/13`, `2026-11-21`, `2026-11`). */
  tables: z.record(
    z.string().regex(tableNamePattern),
    z.strictObject({ rows: count, partitions: z.array(z.string().regex(/^[0-9][0-9/-]{3,12}$/)) }),
  ),
  stagedAtMs: z.int(),
});
export type BatchFacts = z.infer<typeof batchFactsSchema>;

/** Throws LakeError (not retriable) on anything that this version did not write. */
export function parseFacts(key: string, body: Uint8Array): BatchFacts {
  const parsed = batchFactsSchema.safeParse(decodeJson(body));
  if (!parsed.success) throw contentError(key, parsed.error);
  return parsed.data;
}
